"""Undo and redo. Documents are immutable and share unedited parts, so the history stores complete documents."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .actions import Action
from .change import Change


@dataclass(frozen=True)
class Undo:
    """An undo of the latest step, as logged."""


@dataclass(frozen=True)
class Redo:
    """A redo of the latest undone step, as logged."""


class History:
    """The last ``limit`` undo steps, and the steps that can be redone."""

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
        """Record a step, merged into the latest one if it continues the same gesture."""
        if self._past and not self._future and action.merges_with(self._past[-1][0]):
            _, earlier = self._past.pop()
            change = earlier.then(change)
        self._past.append((action, change))
        self._future.clear()

    def undo(self) -> Change:
        """Undo the latest step and return the change. Raises ``IndexError`` if there is none."""
        action, change = self._past.pop()
        self._future.append((action, change))
        return change.reversed()

    def redo(self) -> Change:
        """Redo the latest undone step and return the change. Raises ``IndexError`` if there is none."""
        action, change = self._future.pop()
        self._past.append((action, change))
        return change
