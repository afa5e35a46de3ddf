"""Automation: recorded parameter changes, stored in the patch as blocks that play them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nodegraph.patch import Action, AddNode, Connect, Disconnect, Document, Group, PatchError, RemoveNode
from nodegraph.patch.names import unused_id

ParameterChange = tuple[int, int, float]  # sample, lane (-1: all), value


@dataclass
class ParameterTrack:
    """The changes of one parameter: its initial values, and (sample, lane, value) from the start of recording."""

    initial: list[float]
    changes: list[ParameterChange] = field(default_factory=list)


def collect(
    received: Iterable[tuple[int, str, str, int, float]], begin: int, start: Any
) -> dict[tuple[str, str], ParameterTrack]:
    """Group received messages (sample, node, port, lane, value) by parameter, from sample ``begin``.

    ``start(node, port)`` returns the initial values of a parameter, one for each lane.
    """
    found: dict[tuple[str, str], ParameterTrack] = {}
    for at, node, port, lane, value in received:
        track = found.setdefault((node, port), ParameterTrack(list(start(node, port))))
        if at >= begin:
            track.changes.append((at - begin, lane, value))
        elif lane < 0:
            track.initial = [value for _ in track.initial]
        elif lane < len(track.initial):
            track.initial[lane] = value
    return {parameter: track for parameter, track in found.items() if track.changes}


def add_automation(
    document: Document, recorded: dict[tuple[str, str], ParameterTrack], rate: float, smooth: Any, transport: str = ""
) -> Group:
    """Return the action that adds an ``automation`` block for each recorded parameter and wires it.

    ``smooth(node, port)`` returns whether an input is smoothed; ``transport`` is the id of the block that controls the
    playback, or "". Existing automation of a parameter is replaced; a parameter with any other wire is skipped. Raises
    PatchError if no parameter was recorded.
    """
    actions: list[Action] = []
    names = set(document.nodes)
    for (node, port), track in recorded.items():
        if node not in document.nodes:
            continue
        incoming = [wire for wire in document.wires if (wire.target, wire.target_port) == (node, port)]
        old = [wire for wire in incoming if document.nodes[wire.source].type == "automation"]
        if len(incoming) > len(old):
            continue
        for wire in old:
            only_wire = sum(other.source == wire.source for other in document.wires) == 1
            actions.append(RemoveNode(wire.source) if only_wire else Disconnect(wire.source_ref, wire.target_ref))
        id = unused_id(f"{node}_{port}_moves", names)
        names.add(id)
        points = [[at / rate, value, lane] if lane >= 0 else [at / rate, value] for at, lane, value in track.changes]
        params: dict[str, Any] = {"points": points, "start": track.initial}
        if not smooth(node, port):
            params["glide"] = 0.0
        actions += [AddNode(id, "automation", params=params), Connect(f"{id}.out", f"{node}.{port}")]
        if transport:
            ports = (("run", "play"), ("jump", "restart"), ("seconds", "position"))
            actions += [Connect(f"{transport}.{out}", f"{id}.{into}") for out, into in ports]
    if not actions:
        raise PatchError("no parameter changes were recorded. Move a control while recording.")
    return Group(tuple(actions))
