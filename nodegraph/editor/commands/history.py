"""Undo and redo."""

from __future__ import annotations

from ..command import command
from ..desk import Desk


@command("Undo", "ctrl+z", menu="Edit", section=0, possible=lambda desk: desk.patch.can_undo)
def undo(desk: Desk, payload: object) -> None:
    """Undo the last step."""
    if desk.patch.can_undo:
        desk.run_edit(desk.patch.undo)


@command("Redo", "ctrl+shift+z", "ctrl+y", menu="Edit", section=0, possible=lambda desk: desk.patch.can_redo)
def redo(desk: Desk, payload: object) -> None:
    """Redo the last undone step."""
    if desk.patch.can_redo:
        desk.run_edit(desk.patch.redo)
