"""Port nodes taken out of a net of wires: what went through an inlet or an outlet runs straight on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set

from .document import Wire

WIDEST_JUNCTION = 8  # wires that a junction may become; beyond it the port stays and adds them up once


def pass_through(wires: Iterable[Wire], ports: Set[str], always: Set[str] = frozenset()) -> tuple[list[Wire], set[str]]:
    """``wires`` less the nodes in ``ports``, and those of them that must stay.

    A port stays where wires cannot say the same: nothing arrives at it (it is a knob), a signal would be late by
    two samples or would arrive twice at one place, or so many wires meet that it is cheaper to add them up once.
    Those in ``always`` go in any case. Every new wire stands where the last part of it stood.
    """
    wires = list(wires)
    into: dict[str, list[Wire]] = defaultdict(list)
    leaving: dict[str, int] = defaultdict(int)
    for wire in wires:
        into[wire.target].append(wire)
        leaving[wire.source] += 1
    kept = {port for port in ports if port not in always and leaving[port] and not into[port]}
    kept |= _in_circles(ports, into) - always
    while True:
        found, in_the_way = _straight(wires, into, leaving, ports, kept)
        in_the_way -= always | kept
        if not in_the_way:
            return found, kept
        kept |= in_the_way


def _straight(
    wires: list[Wire], into: dict[str, list[Wire]], leaving: dict[str, int], ports: Set[str], kept: set[str]
) -> tuple[list[Wire], set[str]]:
    """The wires without the ports that are not kept, and the ports that cannot go."""
    in_the_way: set[str] = set()
    sources: dict[str, list[Wire]] = {}

    def reaching(wire: Wire) -> list[Wire]:
        """A wire, or those that it stands for because it begins at a port that goes."""
        port = wire.source
        if port not in ports or port in kept:
            return [wire]
        found = [_joined(before, wire) for before in sources.get(port, [])]
        if any(before.feedback and wire.feedback for before in sources.get(port, [])):
            in_the_way.add(port)
        return found

    for port in _in_order(ports, into):
        arriving = [found for wire in into[port] for found in reaching(wire)]
        ends = {found.start for found in arriving}
        crowded = min(len(arriving), leaving[port]) > 1 and len(arriving) * leaving[port] > WIDEST_JUNCTION
        if len(ends) < len(arriving) or crowded:
            in_the_way.add(port)
        sources[port] = list({(found.start, found.feedback): found for found in arriving}.values())
    result: dict[tuple[str, str], Wire] = {}
    for wire in wires:
        if wire.target in ports and wire.target not in kept:
            continue
        for found in reaching(wire):
            if (found.start, found.end) in result and wire.source in ports:
                in_the_way.add(wire.source)
            result.setdefault((found.start, found.end), found)
    return list(result.values()), in_the_way


def _joined(first: Wire, second: Wire) -> Wire:
    extra = {**first.extra, **second.extra}
    late = first.feedback or second.feedback
    return Wire(first.source, first.source_port, second.target, second.target_port, late, extra)


def _in_order(ports: Set[str], into: dict[str, list[Wire]]) -> list[str]:
    """The ports, each behind those that lead to it; those in circles of ports alone are not in it."""
    before = {port: sum(wire.source in ports for wire in into[port]) for port in ports}
    after: dict[str, list[str]] = defaultdict(list)
    for port in ports:
        for wire in into[port]:
            if wire.source in ports:
                after[wire.source].append(port)
    ready = deque(sorted(port for port, count in before.items() if not count))
    order = []
    while ready:
        port = ready.popleft()
        order.append(port)
        for next in after[port]:
            before[next] -= 1
            if not before[next]:
                ready.append(next)
    return order


def _in_circles(ports: Set[str], into: dict[str, list[Wire]]) -> set[str]:
    return set(ports) - set(_in_order(ports, into))
