"""Cut, copy, paste and duplicate. The clipboard holds JSON text, so that windows can exchange it."""

from __future__ import annotations

from dataclasses import dataclass

from nodegraph.patch import PatchError
from nodegraph.patch.clipboard import Paste, copy_text, duplicate_action, paste_action

from ..command import command
from ..desk import AREA, Desk, State
from .selection import deletion

STEP = 24.0  # px between successive pastes of the same text


def _selection_text(desk: Desk) -> str:
    chosen = desk.selection
    notes = [id for id in chosen.notes if not id.startswith(AREA)]
    areas = [id.removeprefix(AREA) for id in chosen.notes if id.startswith(AREA)]
    return copy_text(desk.document, [id for id in desk.document.nodes if id in chosen.nodes], notes, areas)


@dataclass
class Pastes(State):
    """Number of pastes of the current clipboard text; each is offset by one more step."""

    count: int = 0


def _has_selection(desk: Desk) -> bool:
    return bool(desk.selection.nodes or desk.selection.notes)


@command("Copy", "ctrl+c", menu="Edit", section=1, possible=_has_selection)
def copy(desk: Desk, payload: object) -> None:
    """Copy the selected blocks and the wires between them."""
    desk.view.set_clipboard(_selection_text(desk))
    desk.drop_state(Pastes)


@command("Cut", "ctrl+x", menu="Edit", section=1, possible=_has_selection)
def cut(desk: Desk, payload: object) -> None:
    """Copy and delete the selection."""
    copy(desk, payload)
    desk.do(*deletion(desk))


@command("Paste", "ctrl+v", menu="Edit", section=1)
def paste(desk: Desk, payload: object) -> None:
    """Paste blocks at the pointer."""
    _paste(desk, outer=False)


@command("Paste with wires", "ctrl+shift+v", menu="Edit", section=1)
def paste_wired(desk: Desk, payload: object) -> None:
    """Paste blocks and reconnect them to the outputs that fed the originals."""
    _paste(desk, outer=True)


def _paste(desk: Desk, outer: bool) -> None:
    text = desk.view.clipboard()
    if not text.strip():
        desk.notify("The clipboard is empty. Copy blocks first.")
        return
    times = desk.state(Pastes).count
    desk.state(Pastes).count += 1
    at = (desk.pointer[0] + STEP * (times % 8), desk.pointer[1] + STEP * (times % 8))
    try:
        found = paste_action(text, desk.document, at, outer)
    except PatchError as error:
        desk.notify(f"Not pasted: {error}", alarm=True)
        return
    _insert_pasted(desk, found)


@command("Duplicate", "ctrl+d", menu="Edit", section=1, possible=lambda desk: bool(desk.selection.nodes))
def duplicate(desk: Desk, payload: object) -> None:
    """Duplicate the selected blocks with their input wires."""
    _insert_pasted(
        desk, duplicate_action(desk.document, [id for id in desk.document.nodes if id in desk.selection.nodes])
    )


def _insert_pasted(desk: Desk, found: Paste) -> None:
    if desk.do(found.action):
        desk.select(found.ids.values())
