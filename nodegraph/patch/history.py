"""Undo and redo. Documents are immutable and share what an edit left alone, so the history holds whole documents."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .actions import Action
from .change import Change


@dataclass(frozen=True)
class Undo:
    """The latest step taken back, as it stands in a log of actions."""


@dataclass(frozen=True)
class Redo:
    """The latest undone step taken again."""


class History:
    """The last ``limit`` steps back, and the undone ones forward."""

    def __init__(self, limit: int = 10_000) -> None:
        self._past: deque[tuple[Action, Change]] = deque(maxlen=limit)
        self._future: list[tuple[Action, Change]] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def record(self, action: Action, change: Change) -> None:
        """Record a step; a step that continues the gesture of the latest one becomes part of it."""
        if self._past and not self._future and action.merges_with(self._past[-1][0]):
            _, earlier = self._past.pop()
            change = earlier.then(change)
        self._past.append((action, change))
        self._future.clear()

    def undo(self) -> Change:
        """Take the latest step back. Raises ``IndexError`` when there is none."""
        action, change = self._past.pop()
        self._future.append((action, change))
        return change.reversed()

    def redo(self) -> Change:
        """Take the latest undone step again. Raises ``IndexError`` when there is none."""
        action, change = self._future.pop()
        self._past.append((action, change))
        return change
