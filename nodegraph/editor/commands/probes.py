"""Probes: small windows with the readout of a wire."""

from __future__ import annotations

from ..command import command, on
from ..desk import Desk
from ..events import ProbeClosed
from ..targets import wire_of


@command("Probe", "p", menu="View", possible=lambda desk: len(desk.selection.wires) == 1 or _over_wire(desk))
def pin_probe(desk: Desk, payload: object) -> None:
    """Open or close a probe on the wire: level, waveform, spectrum, lanes, rate, latency."""
    key = wire_of(desk, payload)
    if key is None and _over_wire(desk):
        key = desk.hovered
    if key is None or not any((w.source_ref, w.target_ref) == key for w in desk.document.wires):
        return
    name = "/".join((*desk.subpatch_path, f"{key[0]} → {key[1]}"))
    if name in desk.probes:
        close_probe(desk, name)
        return
    desk.probes[name] = (desk.subpatch_path, key)
    desk.view.show_probe(name, key, f"{key[0]} → {key[1]}")


def _over_wire(desk: Desk) -> bool:
    return isinstance(desk.hovered, tuple)


@command("Close all probes", menu="View", possible=lambda desk: bool(desk.probes))
def close_probes(desk: Desk, payload: object) -> None:
    """Close all probes."""
    for name in list(desk.probes):
        close_probe(desk, name)


def close_probe(desk: Desk, name: str) -> None:
    """Close a probe."""
    if desk.probes.pop(name, None) is not None:
        desk.view.hide_probe(name)


@on(ProbeClosed)
def closed(desk: Desk, event: ProbeClosed) -> None:
    """Remove a probe whose window the user closed."""
    desk.probes.pop(event.key, None)
