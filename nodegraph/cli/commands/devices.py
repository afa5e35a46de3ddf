"""``nodegraph devices``: list sound devices and MIDI ports."""

from __future__ import annotations

from typing import Any

from ..options import Json
from ..output import columns, print_json, print_line
from ..silence_stderr import silence_native_stderr


def devices(json: Json = False) -> None:
    """List sound devices and MIDI ports, for the options of `run`."""
    from nodegraph.engine import live

    with silence_native_stderr():
        midi, no_midi = _midi()
        sound = [{"kind": "sound", **device} for device in live.devices()]
    if json:
        print_json([*sound, *midi])
        return
    if sound:
        heads = [("number", "sound device", "system", "in", "out", "Hz")]
        rows = [(d["index"], d["name"], d["api"], d["inputs"], d["outputs"], f"{d['rate']:g}") for d in sound]
        columns([*heads, *rows])
    else:
        print_line("no sound device found. Use `nodegraph render`, or `nodegraph run --null`.")
    print_line()
    if midi:
        columns([("MIDI port", "system", "kind"), *((port["name"], port["system"], port["kind"]) for port in midi)])
    else:
        print_line(no_midi or "no MIDI ports found. `nodegraph run --midi all` opens them when they are plugged in.")


def _midi() -> tuple[list[dict[str, Any]], str]:
    """Return the MIDI ports, and the reason if MIDI is unavailable."""
    from nodegraph.midi import ports

    try:
        found = [("MIDI input", port) for port in ports.inputs()] + [("MIDI output", port) for port in ports.outputs()]
    except ports.MidiError as error:
        return [], str(error)
    return [{"kind": kind, "name": port.name, "system": port.system} for kind, port in found], ""
