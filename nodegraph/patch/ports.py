"""Port nodes taken out of a net of wires: what went through an inlet or an outlet runs straight on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set

from .document import Wire

MAX_JUNCTION_WIRES = 8  # wires that a junction may become; beyond it the port stays and adds them up once


def remove_port_nodes(
    wires: Iterable[Wire], ports: Set[str], always: Set[str] = frozenset()
) -> tuple[list[Wire], set[str]]:
    """``wires`` less the nodes in ``ports``, and those of them that must stay.

    A port stays where wires cannot say the same: nothing arrives at it (it is a knob), a signal would be late by
    two samples or would arrive twice at one place, or so many wires meet that it is cheaper to add them up once.
    Those in ``always`` go in any case. Every new wire stands where the last part of it stood.
    """
    wires = list(wires)
    wires_by_target: dict[str, list[Wire]] = defaultdict(list)
    wires_by_source: dict[str, int] = defaultdict(int)
    for wire in wires:
        wires_by_target[wire.target].append(wire)
        wires_by_source[wire.source] += 1
    kept = {port for port in ports if port not in always and wires_by_source[port] and not wires_by_target[port]}
    kept |= _in_cycles(ports, wires_by_target) - always
    while True:
        found, in_the_way = _bypass(wires, wires_by_target, wires_by_source, ports, kept)
        in_the_way -= always | kept
        if not in_the_way:
            return found, kept
        kept |= in_the_way


def _bypass(
    wires: list[Wire],
    wires_by_target: dict[str, list[Wire]],
    wires_by_source: dict[str, int],
    ports: Set[str],
    kept: set[str],
) -> tuple[list[Wire], set[str]]:
    """The wires without the ports that are not kept, and the ports that cannot go."""
    in_the_way: set[str] = set()
    sources: dict[str, list[Wire]] = {}

    def incoming_wires(wire: Wire) -> list[Wire]:
        """A wire, or those that it stands for because it begins at a port that goes."""
        port = wire.source
        if port not in ports or port in kept:
            return [wire]
        found = [_joined(before, wire) for before in sources.get(port, [])]
        if any(before.feedback and wire.feedback for before in sources.get(port, [])):
            in_the_way.add(port)
        return found

    for port in _in_order(ports, wires_by_target):
        arriving = [found for wire in wires_by_target[port] for found in incoming_wires(wire)]
        ends = {found.source_ref for found in arriving}
        crowded = (
            min(len(arriving), wires_by_source[port]) > 1 and len(arriving) * wires_by_source[port] > MAX_JUNCTION_WIRES
        )
        if len(ends) < len(arriving) or crowded:
            in_the_way.add(port)
        sources[port] = list({(found.source_ref, found.feedback): found for found in arriving}.values())
    result: dict[tuple[str, str], Wire] = {}
    for wire in wires:
        if wire.target in ports and wire.target not in kept:
            continue
        for found in incoming_wires(wire):
            if (found.source_ref, found.target_ref) in result and wire.source in ports:
                in_the_way.add(wire.source)
            result.setdefault((found.source_ref, found.target_ref), found)
    return list(result.values()), in_the_way


def _joined(first: Wire, second: Wire) -> Wire:
    extra = {**first.extra, **second.extra}
    late = first.feedback or second.feedback
    return Wire(first.source, first.source_port, second.target, second.target_port, late, extra)


def _in_order(ports: Set[str], wires_by_target: dict[str, list[Wire]]) -> list[str]:
    """The ports, each behind those that lead to it; those in circles of ports alone are not in it."""
    before = {port: sum(wire.source in ports for wire in wires_by_target[port]) for port in ports}
    after: dict[str, list[str]] = defaultdict(list)
    for port in ports:
        for wire in wires_by_target[port]:
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


def _in_cycles(ports: Set[str], wires_by_target: dict[str, list[Wire]]) -> set[str]:
    return set(ports) - set(_in_order(ports, wires_by_target))
