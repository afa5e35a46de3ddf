"""Recording of a wire to a sound file, without a change to the patch."""

from __future__ import annotations

from pathlib import Path

from ..command import command, in_status
from ..desk import Desk
from ..sound.protocol import SoundState
from ..targets import wire_of
from ..view import Pin
from .sound import sound_name


def _output(desk: Desk, payload: object) -> str | None:
    """Return the output of the given or selected wire or pin, else of the wire under the pointer, else None."""
    pin = payload if isinstance(payload, Pin) else desk.selection.focus
    if payload is None or isinstance(payload, Pin):
        if pin is not None and pin.output and pin.node in desk.document.nodes:
            return pin.end
        payload = desk.hovered if isinstance(desk.hovered, tuple) and not desk.selection.wires else None
    key = wire_of(desk, payload)
    return key[0] if key is not None and any(wire.source_ref == key[0] for wire in desk.document.wires) else None


@command("Record wire…", "ctrl+alt+r", menu="Sound", section=1, possible=lambda desk: bool(_output(desk, None)))
def record_wire(desk: Desk, payload: object) -> None:
    """Record the wire to a sound file, one channel per lane; run again to stop."""
    start = _output(desk, payload)
    if start is None:
        return
    end = desk.flat_id(start)
    if end in desk.refresh_sound_state().wires:
        desk.sound.record_wire(end, None)
        desk.refresh_sound_state()
        return
    node, _, port = start.partition(".")
    found = desk.spec(node).output_ports.get(port)
    if found is None or found.kind != "signal":
        desk.notify(f"{start} carries no signal and cannot be recorded. Record a signal wire.", alarm=True)
        return

    def begin(path: Path) -> None:
        desk.sound.record_wire(end, path if path.suffix else path.with_suffix(".wav"), desk.preferences.depth)
        desk.refresh_sound_state()

    name = sound_name(desk, start.replace(".", "-") + "-")
    desk.ask_file("record_wire", f"Record {start} to (.wav, .flac)", begin, ".wav", save=True, name=name)


@in_status("wires")
def wires_status(desk: Desk, state: SoundState) -> str:
    """Return the wires that are being recorded."""
    return "recording " + ", ".join(state.wires.values()) if state.wires else ""
