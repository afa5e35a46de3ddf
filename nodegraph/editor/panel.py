"""General panels: a message, a question, and one with a background job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .desk import Desk, Panel
from .events import PanelEvent
from .jobs import Job
from .view import Item, PanelVisual, Point

TOP = 40.0  # px at scale 1, above panels in the middle


def top_centre(desk: Desk, width: float) -> Point:
    """Return the place of a panel of a width in the middle of the canvas, near its top."""
    scale = desk.preferences.scale
    return max((desk.canvas[0] - width) / 2, 0.0) * scale, TOP * scale


class MessagePanel(Panel):
    """A panel that shows text."""

    def __init__(self, key: str, title: str, items: tuple[Item, ...], width: float = 460.0) -> None:
        self.key, self._title, self._items, self._width = key, title, items, width

    def visual(self, desk: Desk) -> PanelVisual:
        return PanelVisual(self.key, self._title, self._items, size=(self._width, 0.0))


class QuestionPanel(Panel):
    """A modal question with one button per answer."""

    key = "question"

    def __init__(self, title: str, text: str, answers: Mapping[str, object]) -> None:
        self._title, self._text, self._answers = title, text, answers

    def visual(self, desk: Desk) -> PanelVisual:
        buttons = tuple(Item("button", label, label) for label in self._answers)
        items = (Item("text", "text", value=self._text), Item("row", "answers", value=buttons))
        return PanelVisual(self.key, self._title, items, modal=True, closable=False)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        answer = self._answers.get(event.item)
        if event.item in self._answers:
            desk.close_panel(self.key)
            if callable(answer):
                answer()


class JobPanel(Panel):
    """A panel that runs at most one background job, which ends with the panel."""

    job: Job | None = None

    def begin(self, desk: Desk, title: str, work: Callable[[Job], Any], done: Callable[[Desk, Job], None]) -> None:
        """Run ``work(job)`` in the background, then ``done(desk, job)``; errors are shown to the user."""
        if self.job is not None:
            return

        def finished(job: Job) -> None:
            self.job = None
            if job.error and not job.cancelled:
                desk.notify(job.error, alarm=True)
            elif not job.cancelled:
                done(desk, job)
            self.refresh(desk)

        self.job = desk.jobs.start(title, work, finished)

    def closed(self, desk: Desk) -> None:
        if self.job is not None:
            self.job.cancel()
