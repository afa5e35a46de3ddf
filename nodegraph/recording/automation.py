"""Recorded moves of parameters as blocks of the patch: what was turned by hand turns itself the next time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nodegraph.patch import Action, AddNode, Connect, Disconnect, Document, Group, PatchError, RemoveNode
from nodegraph.patch.names import free_id

Move = tuple[int, int, float]  # sample, lane (-1: all), value


@dataclass
class Moves:
    """The moves of one parameter: what it was before the first, and each with its sample from the beginning."""

    start: list[float]
    moves: list[Move] = field(default_factory=list)


def collect(
    received: Iterable[tuple[int, str, str, int, float]], begin: int, start: Any
) -> dict[tuple[str, str], Moves]:
    """Sort what an engine received (sample, node, port, lane, value) by parameter, from sample ``begin`` on.

    ``start(node, port)`` says what a parameter was at the beginning, one value a lane.
    """
    found: dict[tuple[str, str], Moves] = {}
    for at, node, port, lane, value in received:
        moves = found.setdefault((node, port), Moves(list(start(node, port))))
        if at >= begin:
            moves.moves.append((at - begin, lane, value))
        elif lane < 0:
            moves.start = [value for _ in moves.start]
        elif lane < len(moves.start):
            moves.start[lane] = value
    return {end: moves for end, moves in found.items() if moves.moves}


def automated(
    document: Document, recorded: dict[tuple[str, str], Moves], rate: float, smooth: Any, transport: str = ""
) -> Group:
    """One action that lets recorded moves play: an ``automation`` block for each parameter, wired to it.

    ``smooth(node, port)`` says whether knob moves glide there, ``transport`` names the block that leads them. A
    parameter that was automated before is so anew; one that is wired to anything else is left alone. Raises PatchError
    where nothing was moved.
    """
    actions: list[Action] = []
    names = set(document.nodes)
    for (node, port), moves in recorded.items():
        if node not in document.nodes:
            continue
        arriving = [wire for wire in document.wires if (wire.target, wire.target_port) == (node, port)]
        old = [wire for wire in arriving if document.nodes[wire.source].type == "automation"]
        if len(arriving) > len(old):
            continue
        for wire in old:
            alone = sum(other.source == wire.source for other in document.wires) == 1
            actions.append(RemoveNode(wire.source) if alone else Disconnect(wire.start, wire.end))
        id = free_id(f"{node}_{port}_moves", names)
        names.add(id)
        points = [[at / rate, value, lane] if lane >= 0 else [at / rate, value] for at, lane, value in moves.moves]
        params: dict[str, Any] = {"points": points, "start": moves.start}
        if not smooth(node, port):
            params["glide"] = 0.0
        actions += [AddNode(id, "automation", params=params), Connect(f"{id}.out", f"{node}.{port}")]
        if transport:
            leads = (("run", "play"), ("jump", "restart"), ("seconds", "position"))
            actions += [Connect(f"{transport}.{out}", f"{id}.{into}") for out, into in leads]
    if not actions:
        raise PatchError("no parameter was moved. Turn a knob while recording.")
    return Group(tuple(actions))
