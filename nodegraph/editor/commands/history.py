"""Undo and redo."""

from __future__ import annotations

from ..command import command
from ..desk import Desk


@command("Undo", "ctrl+z", menu="Edit", section=0, possible=lambda desk: desk.patch.can_undo)
def undo(desk: Desk, payload: object) -> None:
    """Take the latest step back; a drag is one step."""
    if desk.patch.can_undo:
        desk.run_edit(desk.patch.undo)


@command("Redo", "ctrl+shift+z", "ctrl+y", menu="Edit", section=0, possible=lambda desk: desk.patch.can_redo)
def redo(desk: Desk, payload: object) -> None:
    """Take the latest undone step again."""
    if desk.patch.can_redo:
        desk.run_edit(desk.patch.redo)
