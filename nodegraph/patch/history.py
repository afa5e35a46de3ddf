"""Undo and redo. Recent steps hold complete documents; earlier ones only what they changed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .actions import Action
from .change import Change, Kind, ValueChange
from .difference import Difference, difference_of
from .document import Document

COMPLETE_STEPS = 64  # a document of 2,000 nodes takes 50 kB, a difference 1 kB


@dataclass(frozen=True)
class Undo:
    """An undo of the latest step, as logged."""


@dataclass(frozen=True)
class Redo:
    """A redo of the latest undone step, as logged."""


@dataclass(frozen=True, slots=True)
class _CompactChange:
    """A change without its documents. ``before`` is the document before it if that was the saved one."""

    kind: Kind
    values: tuple[ValueChange, ...]
    difference: Difference
    before: Document | None

    def complete(self, after: Document) -> Change:
        """Return the change that led to a document."""
        before = self.before if self.before is not None else self.difference.before(after)
        return Change(before, after, self.kind, self.values)


Step = tuple[Action, Change | _CompactChange]


class History:
    """The last ``limit`` undo steps, and the steps that can be redone."""

    def __init__(self, limit: int = 10_000) -> None:
        self._past: deque[Step] = deque(maxlen=limit)
        self._future: list[tuple[Action, Change]] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def record(self, action: Action, change: Change, saved: Document | None = None) -> None:
        """Record a step, merged into the latest one if it continues the same gesture.

        If ``saved`` is the document before a step, an undo of the step returns that object.
        """
        if self._past and not self._future and action.merges_with(self._past[-1][0]):
            change = _complete(self._past.pop()[1], change.before).then(change)
        self._past.append((action, change))
        self._future.clear()
        if len(self._past) > COMPLETE_STEPS:
            place = len(self._past) - COMPLETE_STEPS - 1
            self._past[place] = _compact(self._past[place], saved)

    def undo(self, current: Document) -> Change:
        """Undo the latest step, which led to ``current``. Raises ``IndexError`` if there is none."""
        action, step = self._past.pop()
        change = _complete(step, current)
        self._future.append((action, change))
        return change.reversed()

    def redo(self) -> Change:
        """Redo the latest undone step and return the change. Raises ``IndexError`` if there is none."""
        action, change = self._future.pop()
        self._past.append((action, change))
        return change


def _complete(change: Change | _CompactChange, after: Document) -> Change:
    return change if isinstance(change, Change) else change.complete(after)


def _compact(step: Step, saved: Document | None) -> Step:
    action, change = step
    if isinstance(change, _CompactChange):
        return step
    kept = change.before if change.before is saved else None
    return action, _CompactChange(change.kind, change.values, difference_of(change.before, change.after), kept)
