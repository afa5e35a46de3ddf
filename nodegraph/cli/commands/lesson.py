"""``nodegraph lesson``: list, read, check, test and write lessons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.files.wording import argument

from ..options import Json, Trust
from ..output import columns, plural, print_json, print_line, print_warning, printable

if TYPE_CHECKING:
    from nodegraph.lessons import Assessment, Lesson

NEW = "new"


def lesson(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", show_default=False, help="Id or folder of a lesson. None: list. new: write."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", show_default=False, help="With new: the folder to write.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", "-c", metavar="PATCH", help="Assess this patch by its sound.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--start", metavar="FOLDER", help="Copy the patch to start from to a new folder.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Test the lesson by its solutions and wrong patches.")] = False,
    mutants: Annotated[
        int, typer.Option("--mutants", metavar="N", min=0, help="Test it by N rewirings and N mistakes.")
    ] = 0,
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Language, such as de.")] = "en",
    trust: Trust = None,
    json: Json = False,
) -> int:
    """List the lessons, read one, and check a patch by its sound.

    Without options it prints the text of a lesson. --check measures the sound of a patch, not its wiring, and prints a
    hint for the first check that failed; the exit status is 1 if one did. `nodegraph lesson new FOLDER` writes a
    lesson of two checks to be changed; docs/LESSONS.md describes its files.
    """
    if name is None:
        return _list(language, json)
    if name == NEW:
        return _write_new(folder, json)
    from nodegraph.lessons import find_lesson

    found = find_lesson(name)
    if start is not None:
        return _copy_start(found, start, json)
    if test:
        return _test(found, json)
    if mutants:
        return _mutants(found, mutants, json)
    if check is not None:
        return _check(found, check, language, json)
    return _show(found, name, language, json)


def _list(language: str, json: bool) -> int:
    from nodegraph.lessons import lessons_in, load_lesson

    found = [load_lesson(folder) for folder in lessons_in()]
    if json:
        print_json([_data(one, language) for one in found])
        return 0
    columns(
        (number, one.id, one.text(language).title, f"{one.file.minutes:g} min") for number, one in enumerate(found, 1)
    )
    return 0


def _show(lesson: Lesson, name: str, language: str, json: bool) -> int:
    from nodegraph.lessons.reports import lesson_markdown

    if json:
        print_json(_data(lesson, language) | {"text": lesson_markdown(lesson, language)})
        return 0
    for line in lesson_markdown(lesson, language).splitlines():
        print_line(printable(line))
    print_line()
    print_line(f"Start: nodegraph edit {argument(lesson.start)}")
    print_line(f"Check: nodegraph lesson {argument(name)} --check MY.json")
    return 0


def _check(lesson: Lesson, path: Path, language: str, json: bool) -> int:
    from nodegraph.lessons import Assessor

    assessment = Assessor(lesson).assess_file(path)
    failed = bool(assessment.problem) or any(not verdict.passed for verdict in assessment.visible())
    if json:
        print_json(_assessment_data(assessment, path, language))
        return int(failed)
    if not assessment.problem:
        _print_verdicts(assessment, language)
    print_line(printable(assessment.summary()))
    return int(failed)


def _print_verdicts(assessment: Assessment, language: str) -> None:
    columns(
        ("passed" if verdict.passed else "FAILED", verdict.check.id, verdict.value_text, f"asked {verdict.wanted_text}")
        for verdict in assessment.visible()
    )
    first = next((verdict for verdict in assessment.visible() if not verdict.passed), None)
    if first is not None:
        print_line(printable(f"{first.check.id}: {first.hint(language)}"))


def _assessment_data(assessment: Assessment, path: Path, language: str) -> dict[str, object]:
    checks = [
        {
            "id": verdict.check.id,
            "passed": verdict.passed,
            "value": verdict.value,
            "problem": verdict.problem,
            "points": verdict.points,
            "hint": verdict.hint(language),
        }
        for verdict in assessment.visible()
    ]
    return {"lesson": assessment.lesson.id, "patch": str(path), "problem": assessment.problem, "checks": checks}


def _test(lesson: Lesson, json: bool) -> int:
    from nodegraph.lessons.testing import lesson_problems

    problems = lesson_problems(lesson)
    if json:
        print_json({"lesson": lesson.id, "problems": problems})
    else:
        for problem in problems:
            print_line(printable(problem))
        count = f"{plural(len(lesson.solutions), 'solution')} and {len(lesson.wrong)} in wrong/"
        print_line(f"{lesson.id}: {count}, {'ok' if not problems else f'{len(problems)} with another result'}")
    return int(bool(problems))


def _mutants(lesson: Lesson, count: int, json: bool) -> int:
    from nodegraph.lessons import Assessor
    from nodegraph.lessons.mutants import broken_results, kept_results
    from nodegraph.lessons.testing import covers_problems

    for line in covers_problems(lesson):
        print_warning(printable(line))
    if not any(check.covers for check in lesson.file.checks):
        print_warning('no check covers a block, so no mistake is tried. Add covers = ["ID.INPUT"] to checks.')
    assessor = Assessor(lesson)
    kept, broken = kept_results(assessor, count), broken_results(assessor, count)
    rejected = [one.mutant.description for one in kept if not one.assessment.accepted]
    accepted = [one.mutant.description for one in broken if one.assessment.accepted]
    missed = [one for one in broken if one.first_failed and not one.right_hint]
    others = [f"{one.mutant.description}: {one.first_failed}" for one in missed]
    if json:
        counts = {"lesson": lesson.id, "rewirings": len(kept), "mistakes": len(broken)}
        print_json(counts | {"rejected_rewirings": rejected, "accepted_mistakes": accepted, "other_hints": others})
        return 0
    for label, lines in (("rejected", rejected), ("accepted", accepted), ("other hint", others)):
        for line in lines:
            print_line(printable(f"{label}: {line}"))
    print_line(
        f"{lesson.id}: {len(kept) - len(rejected)} of {len(kept)} rewirings accepted, "
        f"{len(broken) - len(accepted)} of {len(broken)} mistakes rejected, "
        f"{len(broken) - len(accepted) - len(others)} with a hint that covers them"
    )
    return 0


def _copy_start(lesson: Lesson, folder: Path, json: bool) -> int:
    from nodegraph.lessons.template import copy_start

    path = copy_start(lesson, folder)
    print_json({"patch": str(path)}) if json else print_line(f"Saved {path}. Open it: nodegraph edit {argument(path)}")
    return 0


def _write_new(folder: Path | None, json: bool) -> int:
    from nodegraph.lessons.template import write_template

    if folder is None:
        raise typer.BadParameter("name the folder to write, such as `nodegraph lesson new mine`", param_hint="FOLDER")
    files = write_template(folder)
    if json:
        print_json({"folder": str(folder), "files": [str(path) for path in files]})
        return 0
    for path in files:
        print_line(str(path))
    print_line(f"Change them, then test the lesson: nodegraph lesson {argument(folder)} --test")
    return 0


def _data(lesson: Lesson, language: str) -> dict[str, object]:
    from nodegraph.lessons.lesson import text_in
    from nodegraph.lessons.loading import visible_checks

    return {
        "id": lesson.id,
        "version": lesson.file.version,
        "title": lesson.text(language).title,
        "minutes": lesson.file.minutes,
        "folder": str(lesson.folder),
        "languages": sorted(lesson.texts),
        "objectives": [text_in(objective, language) for objective in lesson.file.objectives],
        "checks": [check.id for check in visible_checks(lesson)],
    }
