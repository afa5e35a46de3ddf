"""Cut, copy, paste and duplicate: a selection as JSON text, which any window takes."""

from __future__ import annotations

from dataclasses import dataclass

from nodegraph.patch import PatchError
from nodegraph.patch.clipboard import Paste, copy_text, duplicate_action, paste_action

from ..command import command
from ..desk import AREA, Desk, State
from .selection import deletion

STEP = 24.0  # px by which a copy stands beside what was copied


def _copied(desk: Desk) -> str:
    chosen = desk.selection
    notes = [id for id in chosen.notes if not id.startswith(AREA)]
    areas = [id.removeprefix(AREA) for id in chosen.notes if id.startswith(AREA)]
    return copy_text(desk.document, [id for id in desk.document.nodes if id in chosen.nodes], notes, areas)


@dataclass
class Pastes(State):
    """How often the same text was pasted: each paste is placed a step further."""

    count: int = 0


def _holds_blocks(desk: Desk) -> bool:
    return bool(desk.selection.nodes or desk.selection.notes)


@command("Copy", "ctrl+c", menu="Edit", section=1, possible=_holds_blocks)
def copy(desk: Desk, payload: object) -> None:
    """Copy the selected blocks, with the wires between them, as text."""
    desk.view.set_clipboard(_copied(desk))
    desk.forget(Pastes)


@command("Cut", "ctrl+x", menu="Edit", section=1, possible=_holds_blocks)
def cut(desk: Desk, payload: object) -> None:
    """Copy the selection and delete it."""
    copy(desk, payload)
    desk.do(*deletion(desk))


@command("Paste", "ctrl+v", menu="Edit", section=1)
def paste(desk: Desk, payload: object) -> None:
    """Paste blocks at the pointer."""
    _paste(desk, outer=False)


@command("Paste with its wires", "ctrl+shift+v", menu="Edit", section=1)
def paste_wired(desk: Desk, payload: object) -> None:
    """Paste blocks and wire them to what the copied ones hang on."""
    _paste(desk, outer=True)


def _paste(desk: Desk, outer: bool) -> None:
    text = desk.view.clipboard()
    if not text.strip():
        desk.notify("The clipboard is empty. Copy some blocks first.")
        return
    times = desk.state(Pastes).count
    desk.state(Pastes).count += 1
    at = (desk.pointer[0] + STEP * (times % 8), desk.pointer[1] + STEP * (times % 8))
    try:
        found = paste_action(text, desk.document, at, outer)
    except PatchError as error:
        desk.notify(f"Nothing was pasted: {error}", alarm=True)
        return
    _insert_pasted(desk, found)


@command("Duplicate", "ctrl+d", menu="Edit", section=1, possible=lambda desk: bool(desk.selection.nodes))
def duplicate(desk: Desk, payload: object) -> None:
    """Copy the selected blocks beside themselves, fed by the same wires."""
    _insert_pasted(
        desk, duplicate_action(desk.document, [id for id in desk.document.nodes if id in desk.selection.nodes])
    )


def _insert_pasted(desk: Desk, found: Paste) -> None:
    if desk.do(found.action):
        desk.select(found.ids.values())
