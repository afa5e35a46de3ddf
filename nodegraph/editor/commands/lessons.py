"""Lessons: a panel with steps and hints that listens to the patch, and the palette that opens one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.lessons import LessonError, find_lesson, lessons_in, load_lesson
from nodegraph.lessons.lesson import ENGLISH, Lesson
from nodegraph.lessons.template import working_copy

from ..command import command
from ..desk import Desk
from ..events import PanelEvent
from ..jobs import Job
from ..palettes import Candidate, open_palette
from ..panel import JobPanel
from ..view import Item, PanelVisual
from .files import open_path

if TYPE_CHECKING:
    from nodegraph.lessons import Assessment

FOLDER = "lessons"  # of the user's copies
PREVIEW_PEAK = 0.9
MARKS = {True: "✓", False: "✗"}


class LessonPanel(JobPanel):
    """Panel of a lesson: one step at a time, the target to be heard, and the checks with their hints."""

    key = "lesson"

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.step = 0  # 0 is the introduction
        self.language = ENGLISH
        self.assessment: Assessment | None = None

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        text = self.lesson.text(self.language)
        items: list[Item] = []
        if len(self.lesson.texts) > 1:
            items.append(Item("choice", "language", "Language", (self.language, tuple(sorted(self.lesson.texts)))))
        heading, body = ("", text.introduction) if self.step == 0 else text.steps[self.step - 1]
        last = len(text.steps)
        items += [Item("heading", value=f"{self.step} / {last}  {heading}")] if self.step else []
        items += [Item("text", "body", value=body)]
        items.append(Item("row", "pages", value=(
            Item("button", "back", "Back", enabled=self.step > 0),
            Item("button", "next", "Next", enabled=self.step < last),
        )))  # fmt: skip
        free = self.job is None
        has_target = self.lesson.target is not None
        items.append(Item("row", "actions", value=(
            Item("button", "check", "Check", tip="listens to the patch; its wiring does not matter", enabled=free),
            Item("button", "hear", "Hear target", tip="the sound to be reached", enabled=free and has_target),
            Item("button", "restart", "Start again", tip="opens the start patch in a new file", enabled=free),
        )))  # fmt: skip
        items += self._results()
        return PanelVisual(self.key, text.title, tuple(items), size=(480.0, 0.0))

    def _results(self) -> list[Item]:
        if self.job is not None:
            return [Item("text", "state", value=self.job.title)]
        if self.assessment is None:
            return []
        items = [Item("line"), Item("text", "state", value=self.assessment.summary())]
        if self.assessment.problem:
            return items
        failed = [verdict for verdict in self.assessment.visible() if not verdict.passed]
        items += [Item("text", "hint", value=verdict.hint(self.language)) for verdict in failed[:1]]
        rows = tuple(
            (MARKS[verdict.passed], verdict.check.id, verdict.value_text, verdict.wanted_text)
            for verdict in self.assessment.visible()
        )
        return [*items, Item("table", "results", value=(("", "Check", "Measured", "Asked"), rows))]

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "language":
            self.language = str(event.value)
        elif event.item in ("back", "next"):
            step = self.step + (1 if event.item == "next" else -1)
            self.step = min(max(step, 0), len(self.lesson.file.steps))
        elif event.item == "check":
            self.begin(desk, "Listening to the patch …", self._assess(desk), self._assessed)
        elif event.item == "hear":
            self.begin(desk, "Rendering the target …", self._render_target, self._heard)
        elif event.item == "restart":
            start(desk, self.lesson, again=True)
            return
        self.refresh(desk)

    def _assess(self, desk: Desk) -> Callable[[Job], Assessment]:
        """Return the work of a job that assesses the present document."""
        document = desk.patch.document

        def work(job: Job) -> Assessment:
            from nodegraph.lessons import Assessor

            return Assessor(self.lesson).assess(document)

        return work

    def _assessed(self, desk: Desk, job: Job) -> None:
        assessment: Assessment = job.result
        self.assessment = assessment
        desk.notify(assessment.summary())

    def _render_target(self, job: Job) -> np.ndarray:
        from nodegraph.lessons import Assessor

        audition = Assessor(self.lesson).target(next(iter(self.lesson.stimuli)))
        assert audition is not None
        sound = audition.mono
        return (sound * min(1.0, PREVIEW_PEAK / max(float(np.abs(sound).max()), 1e-9))).astype(np.float32)

    def _heard(self, desk: Desk, job: Job) -> None:
        desk.sound.preview(job.result, self.lesson.file.rate)


def start(desk: Desk, lesson: Lesson, again: bool = False) -> None:
    """Open the user's copy of the start patch, and the panel of a lesson; ``again``: a new copy."""
    try:
        path = working_copy(lesson, desk.home / FOLDER / lesson.id, again)
    except (LessonError, OSError) as error:
        desk.notify(str(error), alarm=True)
        return
    open_path(desk, path, lambda: desk.open_panel(LessonPanel(lesson)))


def all_lessons() -> tuple[list[Lesson], list[str]]:
    """Return the lessons in order, and the problems of those that cannot be read."""
    found, problems = [], []
    for folder in lessons_in():
        try:
            found.append(load_lesson(folder))
        except LessonError as error:
            problems.append(str(error))
    return found, problems


@command("Lessons…", menu="Help", section=1, aliases=("tutorial", "course", "learn", "exercise", "teach"))
def lessons(desk: Desk, payload: object) -> None:
    """Learn synthesis: lessons that listen to the patch and give hints."""
    found, problems = all_lessons()
    for problem in problems:
        desk.notify(problem, alarm=True)
    candidates = []
    for number, lesson in enumerate(found, 1):
        text = lesson.text()
        label = f"{number}  {text.title}"
        candidates.append(
            Candidate(str(lesson.folder), label, f"{lesson.file.minutes:g} min", text.introduction, lesson.id)
        )
    open_palette(desk, "Open lesson", candidates, lambda key, at: start(desk, find_lesson(key)), "No lesson matches.")


@command("Open lesson file…", menu="Help", section=1, aliases=("teacher", "own lesson", "exercise"))
def open_lesson_file(desk: Desk, payload: object) -> None:
    """Open a lesson of one's own by its lesson.toml."""

    def chosen(path: Path) -> None:
        try:
            lesson = load_lesson(path.parent)
        except LessonError as error:
            desk.notify(str(error), alarm=True)
            return
        start(desk, lesson)

    desk.ask_file("lesson file", "Lesson file (lesson.toml)", chosen, ".toml")
