"""Undo and redo. Documents are immutable and share what an edit left alone, so history keeps them whole."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .actions import Action
from .document import Document


@dataclass(frozen=True)
class Undo:
    """The latest step taken back, as it stands in a log of actions."""


@dataclass(frozen=True)
class Redo:
    """The latest undone step taken again."""


class History:
    """The last ``limit`` steps back, and the undone ones forward."""

    def __init__(self, limit: int = 10_000) -> None:
        self._past: deque[tuple[Action, Document]] = deque(maxlen=limit)
        self._future: list[tuple[Action, Document]] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def done(self, action: Action, before: Document) -> None:
        """Remember a step; one that continues the gesture of the latest step becomes part of it."""
        if self._past and not self._future and action.continues(self._past[-1][0]):
            _, before = self._past.pop()
        self._past.append((action, before))
        self._future.clear()

    def undo(self, now: Document) -> Document:
        """The document before the latest step. Raises ``IndexError`` when there is none."""
        action, before = self._past.pop()
        self._future.append((action, now))
        return before

    def redo(self, now: Document) -> Document:
        """The document after the latest undone step. Raises ``IndexError`` when there is none."""
        action, after = self._future.pop()
        self._past.append((action, now))
        return after
