"""Recorded moves of parameters as blocks of the patch: what was turned by hand turns itself the next time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nodegraph.patch import Action, AddNode, Connect, Disconnect, Document, Group, PatchError, RemoveNode
from nodegraph.patch.names import unused_id

ParameterChange = tuple[int, int, float]  # sample, lane (-1: all), value


@dataclass
class ParameterTrack:
    """The moves of one parameter: what it was before the first, and each with its sample from the beginning."""

    initial: list[float]
    changes: list[ParameterChange] = field(default_factory=list)


def collect(
    received: Iterable[tuple[int, str, str, int, float]], begin: int, start: Any
) -> dict[tuple[str, str], ParameterTrack]:
    """Sort what an engine received (sample, node, port, lane, value) by parameter, from sample ``begin`` on.

    ``start(node, port)`` says what a parameter was at the beginning, one value a lane.
    """
    found: dict[tuple[str, str], ParameterTrack] = {}
    for at, node, port, lane, value in received:
        moves = found.setdefault((node, port), ParameterTrack(list(start(node, port))))
        if at >= begin:
            moves.changes.append((at - begin, lane, value))
        elif lane < 0:
            moves.initial = [value for _ in moves.initial]
        elif lane < len(moves.initial):
            moves.initial[lane] = value
    return {end: changes for end, changes in found.items() if changes.changes}


def add_automation(
    document: Document, recorded: dict[tuple[str, str], ParameterTrack], rate: float, smooth: Any, transport: str = ""
) -> Group:
    """One action that lets recorded moves play: an ``automation`` block for each parameter, wired to it.

    ``smooth(node, port)`` says whether knob moves glide there, ``transport`` names the block that leads them. A
    parameter that was automated before is so anew; one that is wired to anything else is left alone. Raises PatchError
    where nothing was moved.
    """
    actions: list[Action] = []
    names = set(document.nodes)
    for (node, port), changes in recorded.items():
        if node not in document.nodes:
            continue
        arriving = [wire for wire in document.wires if (wire.target, wire.target_port) == (node, port)]
        old = [wire for wire in arriving if document.nodes[wire.source].type == "automation"]
        if len(arriving) > len(old):
            continue
        for wire in old:
            alone = sum(other.source == wire.source for other in document.wires) == 1
            actions.append(RemoveNode(wire.source) if alone else Disconnect(wire.source_ref, wire.target_ref))
        id = unused_id(f"{node}_{port}_moves", names)
        names.add(id)
        points = [[at / rate, value, lane] if lane >= 0 else [at / rate, value] for at, lane, value in changes.changes]
        params: dict[str, Any] = {"points": points, "start": changes.initial}
        if not smooth(node, port):
            params["glide"] = 0.0
        actions += [AddNode(id, "automation", params=params), Connect(f"{id}.out", f"{node}.{port}")]
        if transport:
            leads = (("run", "play"), ("jump", "restart"), ("seconds", "position"))
            actions += [Connect(f"{transport}.{out}", f"{id}.{into}") for out, into in leads]
    if not actions:
        raise PatchError("no parameter was moved. Turn a knob while recording.")
    return Group(tuple(actions))
