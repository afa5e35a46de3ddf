"""Loading of lessons, with one line for each mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from nodegraph.files.demos import LESSONS, demo_folder
from nodegraph.files.records import RecordError, read_record, read_text
from nodegraph.measures.registry import measures
from nodegraph.patch.errors import suggest

from .errors import LessonError
from .lesson import ENGLISH, VISIBLE, Check, Lesson, LessonFile, LessonText, Stimulus, parse_text

FILE = "lesson.toml"
SILENCE = {"plain": Stimulus()}


def lessons_in(folder: Path | None = None) -> list[Path]:
    """Return the folders of lessons in a folder, by name; those of the included lessons without one."""
    root = demo_folder() / LESSONS if folder is None else folder
    return sorted(path.parent for path in root.glob(f"*/{FILE}"))


def find_lesson(name: str) -> Lesson:
    """Load a lesson by its folder, its id or the name of its folder. Raises LessonError."""
    path = Path(name)
    if (path / FILE).is_file():
        return load_lesson(path)
    folders = {folder.name: folder for folder in lessons_in()}
    ids = {folder.name.lstrip("0123456789_"): folder for folder in folders.values()}
    found = folders.get(name) or ids.get(name)
    if found is not None:
        return load_lesson(found)
    hint = suggest(name, ids) or f" Choose one of {', '.join(ids)}, or name a folder with a {FILE}."
    raise LessonError(f"lesson '{name}': not found.{hint}")


def load_lesson(folder: Path) -> Lesson:
    """Load the lesson in a folder. Raises LessonError with all problems, one line each."""
    path = folder / FILE
    try:
        file = read_record(path, LessonFile)
    except RecordError as error:
        raise LessonError(str(error)) from None
    problems: list[str] = []
    texts = _texts(folder, file, problems)
    lesson = Lesson(folder, file, texts, dict(file.stimuli) or SILENCE)
    problems += [f"{path}: {' '.join(problem.split())}" for problem in _problems(lesson)]
    if problems:
        raise LessonError(problems[0], problems)
    return lesson


def _texts(folder: Path, file: LessonFile, problems: list[str]) -> dict[str, LessonText]:
    """Return the texts by language; ``text.en.md`` must be among them, and all must have a part for each step."""
    texts: dict[str, LessonText] = {}
    for path in sorted(folder.glob("text.*.md")):
        language = path.name.split(".")[1]
        try:
            texts[language] = parse_text(read_text(path))
        except RecordError as error:
            problems.append(str(error))
            continue
        except ValueError as error:
            problems.append(f"{path}: {error}. Correct the file.")
            continue
        if len(texts[language].steps) != len(file.steps):
            problems.append(
                f"{path}: {len(texts[language].steps)} headings '## …' for {len(file.steps)} steps. Write one for each."
            )
    if not problems and ENGLISH not in texts:
        problems.append(f"{folder / 'text.en.md'}: missing. Write the text of the lesson.")
    return texts


def _problems(lesson: Lesson) -> Iterator[str]:
    file = lesson.file
    ids = [check.id for check in file.checks]
    yield from (
        f"duplicate check '{id}'. Rename one of them." for id in sorted({id for id in ids if ids.count(id) > 1})
    )
    if len(set(file.steps)) < len(file.steps):
        yield "duplicate step. Rename one of them."
    for check in file.checks:
        yield from (f"check '{check.id}': {problem}" for problem in _check_problems(lesson, check))
    for name, stimulus in file.stimuli.items():
        yield from (f"stimulus '{name}': {problem}" for problem in _stimulus_problems(lesson, stimulus))
    for path in (lesson.start, lesson.target):
        if path is not None and not path.is_file():
            yield f"{path.relative_to(lesson.folder)} not found. Save a patch there."
    if lesson.is_hand_out:
        return
    if not lesson.solutions:
        yield "no patch in solutions/. Save at least one there."
    stems = {path.stem for path in lesson.wrong}
    for stem in sorted(stems - set(file.wrong)):
        yield f"wrong/{stem}.json has no entry in [wrong]. Name the check that it must fail."
    for stem in sorted(set(file.wrong) - stems):
        yield f"[wrong] {stem}: wrong/{stem}.json not found. Save it there."
    for stem, declared in file.wrong.items():
        check_id, dot, hint = declared.partition(".")
        hints = next((check.hint_names for check in file.checks if check.id == check_id), ())
        if not hints:
            yield f"[wrong] {stem}: unknown check '{check_id}'.{suggest(check_id, ids) or ' Name a check.'}"
        elif dot and hint not in hints:
            known = " or ".join(f"{check_id}.{name}" for name in hints)
            yield f"[wrong] {stem}: check '{check_id}' has no text '{hint}'. Write it, or name {known}."


def _check_problems(lesson: Lesson, check: Check) -> Iterator[str]:
    measure = measures().get(check.measure)
    if measure is None:
        yield f"unknown measure '{check.measure}'.{suggest(check.measure, measures()) or ' See nodegraph measure.'}"
    elif problem := measure.option_problem(check.options):
        yield problem
    low, high = check.range
    if math.isnan(low) or math.isnan(high) or low > high:
        yield f"range must be [low, high], got [{low:g}, {high:g}]. Correct it."
    if check.stimulus and check.stimulus not in lesson.stimuli:
        yield f"unknown stimulus '{check.stimulus}'.{suggest(check.stimulus, lesson.stimuli) or ' Declare it.'}"
    elif check.end is not None and check.end <= check.start:
        yield f"end must be after start, got {check.end:g}. Correct it."
    elif max(check.start, check.end or 0.0) > (seconds := lesson.stimulus_of(check)[1].seconds):
        yield f"start and end must lie within the stimulus of {seconds:g} s. Correct them."
    if check.step and check.step not in lesson.file.steps:
        yield f"unknown step '{check.step}'.{suggest(check.step, lesson.file.steps) or ' Declare it in steps.'}"


def _stimulus_problems(lesson: Lesson, stimulus: Stimulus) -> Iterator[str]:
    played = stimulus.input
    if played is not None and (played.wave == "file") != bool(played.file):
        yield "input must have wave = 'file' and a file, or neither. Correct it."
    elif played is not None and played.file and not (lesson.folder / played.file).is_file():
        yield f"file '{played.file}' not found. Save it in the folder of the lesson."
    if any(note.at >= stimulus.seconds for note in stimulus.notes):
        yield f"notes must start within its {stimulus.seconds:g} s. Correct them."


def visible_checks(lesson: Lesson) -> tuple[Check, ...]:
    """Return the checks whose result a student sees immediately."""
    return tuple(check for check in lesson.checks if check.visibility == VISIBLE)
