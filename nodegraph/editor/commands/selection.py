"""Selection by click, box and key, and deletion."""

from __future__ import annotations

from dataclasses import replace

from nodegraph.node import In, Out
from nodegraph.patch import Action, Connect, Disconnect, RemoveArea, RemoveNode, RemoveNote

from ..canvas import camera as canvas
from ..canvas.arrangement import note_visuals
from ..command import command, on
from ..desk import AREA, Desk, Selection
from ..events import BoxSelect, Click, NodeAt, NoteAt
from ..view import Pin
from ..wire_gesture import WireGesture
from ..wiring import port_for
from . import context_menus, controls, notes, palette, subpatches, values


@on(Click)
def on_click(desk: Desk, event: Click) -> None:
    """Select on click, edit on double-click, open the context menu on right-click."""
    desk.pointer, desk.hovered = event.at, event.over
    if event.button == "right":
        if not _is_selected(desk, event.over):
            _choose(desk, event, add=False)
        context_menus.menu_for(desk, event.over, event.at)
        return
    if event.button != "left":
        return
    if event.double:
        _double(desk, event)
        return
    _choose(desk, event, add=event.shift or event.ctrl)


def _double(desk: Desk, event: Click) -> None:
    over = event.over
    if over is None:
        palette.add_block(desk, event.at)
    elif isinstance(over, NoteAt):
        notes.edit_note(desk, over.id)
    elif isinstance(over, NodeAt) and over.port:
        values.type_value(desk, (over.id, over.port))
    elif isinstance(over, NodeAt):
        record = desk.record(over.id)
        if record is not None and record.type == "subpatch":
            subpatches.open_subpatch(desk, over.id)
        else:
            notes.rename(desk, over.id)


def _is_selected(desk: Desk, over: object) -> bool:
    chosen = desk.selection
    return (
        (isinstance(over, NodeAt) and over.id in chosen.nodes)
        or (isinstance(over, NoteAt) and over.id in chosen.notes)
        or (isinstance(over, tuple) and over in chosen.wires)
    )


def _choose(desk: Desk, event: Click, add: bool) -> None:
    over, old = event.over, desk.selection
    nodes = {over.id} if isinstance(over, NodeAt) else {over.node} if isinstance(over, Pin) else set()
    notes_ = {over.id} if isinstance(over, NoteAt) else set()
    wires = {over} if isinstance(over, tuple) else set()
    if not add:
        desk.select(nodes, wires, notes_, over if isinstance(over, Pin) else None)
    else:  # selected items are deselected
        desk.selection = Selection(old.nodes ^ nodes, old.wires ^ wires, old.notes ^ notes_)


@on(BoxSelect)
def on_box_select(desk: Desk, event: BoxSelect) -> None:
    """Select the nodes and comments that the rectangle touches, and the areas inside it."""
    (x0, y0), (x1, y1) = event.first, event.second
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    nodes = {id for id, other in canvas.boxes(desk).items() if canvas.overlap(box, other)}
    found = set()
    for id, note in canvas.note_boxes(desk).items():
        touched = canvas.inside_box(note, box) if id.startswith(AREA) else canvas.overlap(box, note)
        if touched:
            found.add(id)
    old = desk.selection if event.add else Selection()
    desk.selection = Selection(old.nodes | nodes, old.wires, old.notes | found)


@command("Select all", "ctrl+a", menu="Edit", section=3)
def select_all(desk: Desk, payload: object) -> None:
    """Select all blocks and comments."""
    desk.select(desk.document.nodes, (), note_visuals(desk.document))


@command("Invert selection", "ctrl+shift+a", menu="Edit", section=3)
def invert_selection(desk: Desk, payload: object) -> None:
    """Select the blocks that are not selected."""
    desk.select(set(desk.document.nodes) - desk.selection.nodes)


@command(
    "Select connected",
    "ctrl+shift+l",
    menu="Edit",
    section=3,
    possible=lambda desk: bool(desk.selection.nodes),
)
def select_connected(desk: Desk, payload: object) -> None:
    """Add directly connected blocks to the selection."""
    chosen = desk.selection.nodes
    near = {w.target for w in desk.document.wires if w.source in chosen}
    near |= {w.source for w in desk.document.wires if w.target in chosen}
    desk.select(chosen | near)


@command("Delete", "delete", "backspace", menu="Edit", section=2, possible=lambda desk: bool(desk.selection))
def delete(desk: Desk, payload: object) -> None:
    """Delete the selected blocks, wires, comments and areas."""
    desk.do(*deletion(desk))


@command(
    "Delete and reconnect", "ctrl+delete", menu="Edit", section=2, possible=lambda desk: bool(desk.selection.nodes)
)
def delete_and_heal(desk: Desk, payload: object) -> None:
    """Delete the selected blocks and connect their sources to their targets."""
    actions: list[Action] = []
    removed = desk.selection.nodes
    existing = {(wire.source_ref, wire.target_ref) for wire in desk.document.wires}
    for id in sorted(removed):
        way_in, way_out = port_for(desk.spec(id), Out(), False), port_for(desk.spec(id), In(), True)
        before = [
            w for w in desk.document.wires if w.target_ref == f"{id}.{way_in}" and w.source not in desk.selection.nodes
        ]
        after = [
            w for w in desk.document.wires if w.source_ref == f"{id}.{way_out}" and w.target not in desk.selection.nodes
        ]
        for first in before:
            for second in after:
                if (first.source_ref, second.target_ref) not in existing:
                    existing.add((first.source_ref, second.target_ref))
                    actions.append(Connect(first.source_ref, second.target_ref, first.feedback or second.feedback))
    desk.do(*deletion(desk), *actions)


def deletion(desk: Desk) -> list[Action]:
    """Return the actions that delete the selection."""
    document, chosen = desk.document, desk.selection
    actions: list[Action] = [
        Disconnect(wire.source_ref, wire.target_ref)
        for wire in document.wires
        if (wire.source_ref, wire.target_ref) in chosen.wires and not {wire.source, wire.target} & chosen.nodes
    ]
    actions += [RemoveNode(id) for id in document.nodes if id in chosen.nodes]
    actions += [RemoveNote(id) for id in document.notes if id in chosen.notes]
    for key in sorted(chosen.notes):
        if key.startswith(AREA):
            actions.append(RemoveArea(key.removeprefix(AREA)))
    return actions


@command("Cancel", "escape")
def escape(desk: Desk, payload: object) -> None:
    """Cancel a gesture, close the palette, clear the selection or close the last panel."""
    controls.cancel_learn(desk)
    desk.view.show_hint("")
    desk.view.mark_pins(None)
    desk.state(WireGesture).start = None
    if desk.palette is not None:
        desk.close_palette()
    elif desk.selection.focus is not None:
        desk.selection = replace(desk.selection, focus=None)
    elif desk.selection:
        desk.select()
    elif desk.panels:
        desk.close_panel(list(desk.panels)[-1])
