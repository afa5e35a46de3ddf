"""Wire commands: drawing with the mouse or by keys, disconnecting, feedback."""

from __future__ import annotations

from nodegraph.graph.rules import ports_fit
from nodegraph.patch import Disconnect, SetFeedback

from ..command import command, on
from ..desk import Desk
from ..events import Pointer, WireCut, WireDrag
from ..targets import wire_of
from ..view import Pin
from ..wire_gesture import WireGesture
from ..wiring import WireProposal, fitting_pins, propose_wire
from . import palette


def try_wire(desk: Desk, first: Pin, second: Pin) -> WireProposal:
    """Return the proposal for a wire between two pins; cached from the drag to the drop."""
    gesture, pins = desk.state(WireGesture), (desk.subpatch_path, first, second)
    if gesture.drawn is None or gesture.document is not desk.patch.document or gesture.pins != pins:
        gesture.document, gesture.pins, gesture.drawn = (
            desk.patch.document,
            pins,
            propose_wire(desk.wiring, first, second),
        )
    return gesture.drawn


@on(WireDrag)
def on_wire_dragged(desk: Desk, event: WireDrag) -> None:
    """Show a hint with the effect of a wire while it is drawn; apply it on drop."""
    desk.pointer, gesture = event.at, desk.state(WireGesture)
    if not event.dropped:
        if gesture.marked != event.start:
            gesture.marked = event.start
            desk.view.mark_pins(fitting_pins(desk.wiring, event.start))
        if event.over is None or event.over == event.start:
            desk.view.show_hint("")
        else:
            drawn = try_wire(desk, event.start, event.over)
            desk.view.show_hint(drawn.words, drawn.is_refused)
        return
    pulled, after = gesture.pulled, gesture.after
    gesture.marked = gesture.pulled = gesture.after = None
    desk.view.mark_pins(None)
    desk.view.show_hint("")
    if event.over == event.start:
        return
    if event.over is None:
        if pulled is None:
            palette.offer_for_wire(desk, event.start, event.at)
        return
    drawn = try_wire(desk, event.start, event.over)
    if drawn.is_refused:
        desk.notify(drawn.words, alarm=True)
        return
    if pulled is not None and desk.patch.document is after:
        desk.patch.undo()  # disconnecting and reconnecting a wire is one undo step
        desk.do(Disconnect(*pulled), *drawn.actions)
        return
    desk.do(*drawn.actions)


@on(WireCut)
def cut_wire(desk: Desk, event: WireCut) -> None:
    """Remove a wire that was dragged off its input."""
    if any((wire.source_ref, wire.target_ref) == event.key for wire in desk.document.wires) and desk.do(
        Disconnect(*event.key)
    ):
        gesture = desk.state(WireGesture)
        gesture.pulled, gesture.after = event.key, desk.patch.document


@on(Pointer)
def on_pointer_moved(desk: Desk, event: Pointer) -> None:
    """Show the readout of the wire under the pointer."""
    desk.pointer = event.at
    if event.over == desk.hovered:
        return
    was, desk.hovered = desk.hovered, event.over
    if isinstance(event.over, tuple):
        desk.view.show_hover(event.over)
    elif isinstance(was, tuple):
        desk.view.show_hover(None)


@command("Delete wire")
def delete_wire(desk: Desk, payload: object) -> None:
    """Delete the wire."""
    key = wire_of(desk, payload)
    if key is not None:
        desk.do(Disconnect(*key))


@command("Feedback wire")
def toggle_feedback(desk: Desk, payload: object) -> None:
    """Toggle feedback: a feedback wire carries the previous sample."""
    key = wire_of(desk, payload)
    wire = next((w for w in desk.document.wires if (w.source_ref, w.target_ref) == key), None)
    if wire is not None:
        desk.do(SetFeedback(wire.source_ref, wire.target_ref, not wire.feedback))


@command("Disconnect", "ctrl+u", menu="Edit", section=4, possible=lambda desk: bool(desk.selection.nodes))
def unplug(desk: Desk, payload: object) -> None:
    """Delete all wires of the selected blocks."""
    chosen = desk.selection.nodes
    desk.do(*(Disconnect(w.source_ref, w.target_ref) for w in desk.document.wires if {w.source, w.target} & chosen))


@command("Wire in order", "shift+w", menu="Edit", section=4, possible=lambda desk: len(desk.selection.nodes) > 1)
def wire_in_order(desk: Desk, payload: object) -> None:
    """Connect the selected blocks from left to right, each to the next."""
    order = sorted(desk.selection.nodes, key=lambda id: (desk.position_of(id)[0], desk.position_of(id)[1]))
    for first, second in zip(order, order[1:]):
        both = matching_pins(desk, first, second)
        if both is None:
            desk.notify(f"{first} has no output that fits an input of {second}. Select other blocks.", alarm=True)
            return
        drawn = try_wire(desk, *both)
        if drawn.is_refused:
            desk.notify(drawn.words, alarm=True)
            return
        desk.do(*drawn.actions)


def matching_pins(desk: Desk, first: str, second: str) -> tuple[Pin, Pin] | None:
    """Return the first output of ``first`` and free input of ``second`` that fit, or None."""
    inputs = desk.spec(second).input_ports
    taken = {wire.target_ref for wire in desk.document.wires}
    for start, output in desk.spec(first).output_ports.items():
        fitting = [name for name, port in inputs.items() if ports_fit(output, port)]
        free = [name for name in fitting if f"{second}.{name}" not in taken] or fitting
        if free:
            return Pin(first, start, True), Pin(second, free[0], False)
    return None


@command("Draw wire", "w", menu="Edit", section=4, possible=lambda desk: len(desk.selection.nodes) <= 1)
def wire_by_key(desk: Desk, payload: object) -> None:
    """Start a wire at the focused pin, or end it there; without a focused pin, choose pins by name."""
    focus = desk.selection.focus
    gesture = desk.state(WireGesture)
    first_pin, gesture.start = gesture.start, None
    if focus is None:
        palette.pick_pin(desk)
        return
    if first_pin is None or first_pin.node not in desk.document.nodes:
        gesture.start = focus
        desk.view.mark_pins(fitting_pins(desk.wiring, focus))
        desk.view.show_hint(f"Wire from {focus.end}: focus the other pin and press W. Esc cancels.")
        return
    desk.view.mark_pins(None)
    desk.view.show_hint("")
    drawn = try_wire(desk, first_pin, focus)
    if drawn.is_refused:
        desk.notify(drawn.words, alarm=True)
    else:
        desk.do(*drawn.actions)
