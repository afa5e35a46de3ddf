"""Keyboard navigation between blocks and pins, and keyboard moves of the selection."""

from __future__ import annotations

from nodegraph.patch import Disconnect

from ..canvas.camera import node_box, show_point
from ..command import command
from ..desk import Desk
from ..view import Pin
from .layout import FAR, NUDGE, nudge
from .wires import wire_by_key


def _order(desk: Desk) -> list[str]:
    """Return the node ids in reading order: by column, then top to bottom."""
    return sorted(
        desk.document.nodes, key=lambda id: (round(desk.position_of(id)[0] / 100.0), desk.position_of(id)[1], id)
    )


def _go(desk: Desk, step: int) -> None:
    order = _order(desk)
    if not order:
        return
    chosen = [id for id in order if id in desk.selection.nodes]
    at = (order.index(chosen[-1 if step > 0 else 0]) + step) % len(order) if chosen else (0 if step > 0 else -1)
    desk.select([order[at]])
    if order[at] in desk.visuals:
        show_point(desk, node_box(desk, order[at]))


@command("Next block", "tab", menu="View")
def next_block(desk: Desk, payload: object) -> None:
    """Select the next block, column by column."""
    _go(desk, 1)


@command("Previous block", "shift+tab", menu="View")
def previous_block(desk: Desk, payload: object) -> None:
    """Select the previous block, column by column."""
    _go(desk, -1)


def pins_of(desk: Desk, id: str) -> list[Pin]:
    """Return the pins and value rows of a node, in the order of its rows."""
    spec = desk.spec(id)
    outputs = [Pin(id, name, True) for name in spec.output_ports]
    ports = spec.input_ports
    frames = [Pin(id, name, False) for name in ports if name not in spec.inputs]
    knobs = [Pin(id, name, False) for name in spec.inputs]
    settings = [Pin(id, name, False) for name in spec.shown_settings(desk.document.nodes[id].params)]
    return outputs + frames + knobs + settings


def _walk(desk: Desk, step: int) -> None:
    focus = desk.selection.focus
    if focus is None:
        if len(desk.selection.nodes) != 1:
            return
        pins = pins_of(desk, next(iter(desk.selection.nodes)))
        at = 0 if step > 0 else len(pins) - 1
    else:
        pins = pins_of(desk, focus.node)
        at = (pins.index(focus) + step) % len(pins) if focus in pins else 0
    if pins:
        desk.select([pins[at].node], (), (), pins[at])


@command("Next pin", "j", menu="View", possible=lambda desk: len(desk.selection.nodes) == 1)
def next_pin(desk: Desk, payload: object) -> None:
    """Focus the next pin or value of the selected block."""
    _walk(desk, 1)


@command("Previous pin", "k", menu="View", possible=lambda desk: len(desk.selection.nodes) == 1)
def previous_pin(desk: Desk, payload: object) -> None:
    """Focus the previous pin or value of the selected block."""
    _walk(desk, -1)


@command("Follow wire", "l", menu="View", possible=lambda desk: desk.selection.focus is not None)
def follow_wire(desk: Desk, payload: object) -> None:
    """Focus the other end of the wire at the focused pin."""
    focus = desk.selection.focus
    if focus is None:
        return
    if focus.output:
        ends = [Pin(w.target, w.target_port, False) for w in desk.document.wires if w.source_ref == focus.end]
    else:
        ends = [Pin(w.source, w.source_port, True) for w in desk.document.wires if w.target_ref == focus.end]
    if ends:
        desk.select([ends[0].node], (), (), ends[0])
        if ends[0].node in desk.visuals:
            show_point(desk, node_box(desk, ends[0].node))


@command("Select wires", "x", menu="View", possible=lambda desk: desk.selection.focus is not None)
def select_wire(desk: Desk, payload: object) -> None:
    """Select the wires at the focused pin."""
    focus = desk.selection.focus
    if focus is not None:
        keys = [(wire.source_ref, wire.target_ref) for wire in desk.document.wires]
        desk.select((), [key for key in keys if key[0 if focus.output else 1] == focus.end])


@command("Start wire")
def wire_from_pin(desk: Desk, payload: object) -> None:
    """Start a wire at this pin."""
    if isinstance(payload, Pin) and payload.node in desk.document.nodes:
        desk.select([payload.node], (), (), payload)
        wire_by_key(desk, None)


@command("Disconnect pin")
def unplug_pin(desk: Desk, payload: object) -> None:
    """Delete all wires at this pin."""
    if isinstance(payload, Pin):
        found = [w for w in desk.document.wires if (w.source_ref if payload.output else w.target_ref) == payload.end]
        desk.do(*(Disconnect(w.source_ref, w.target_ref) for w in found))


@command("Move left", "left")
def move_left(desk: Desk, payload: object) -> None:
    """Move the selection left."""
    nudge(desk, -NUDGE, 0.0)


@command("Move right", "right")
def move_right(desk: Desk, payload: object) -> None:
    """Move the selection right."""
    nudge(desk, NUDGE, 0.0)


@command("Move up", "up")
def move_up(desk: Desk, payload: object) -> None:
    """Move the selection up."""
    nudge(desk, 0.0, -NUDGE)


@command("Move down", "down")
def move_down(desk: Desk, payload: object) -> None:
    """Move the selection down."""
    nudge(desk, 0.0, NUDGE)


@command("Move far left", "shift+left")
def move_far_left(desk: Desk, payload: object) -> None:
    """Move the selection left in large steps."""
    nudge(desk, -FAR, 0.0)


@command("Move far right", "shift+right")
def move_far_right(desk: Desk, payload: object) -> None:
    """Move the selection right in large steps."""
    nudge(desk, FAR, 0.0)


@command("Move far up", "shift+up")
def move_far_up(desk: Desk, payload: object) -> None:
    """Move the selection up in large steps."""
    nudge(desk, 0.0, -FAR)


@command("Move far down", "shift+down")
def move_far_down(desk: Desk, payload: object) -> None:
    """Move the selection down in large steps."""
    nudge(desk, 0.0, FAR)
