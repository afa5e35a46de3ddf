"""Removal of port nodes: wires through an inlet or outlet become direct wires."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set

from .document import Wire

MAX_JUNCTION_WIRES = 8  # direct wires in place of one port; with more, it is cheaper to sum once at the port


def remove_port_nodes(
    wires: Iterable[Wire], ports: Set[str], always: Set[str] = frozenset()
) -> tuple[list[Wire], set[str]]:
    """Return ``wires`` without the nodes in ``ports``, and the ports that cannot be removed.

    A port is not removed if it has no source (it is a knob), if a signal would be delayed by two samples or reach an
    input twice, or if so many wires meet that it is cheaper to sum them once. Ports in ``always`` are always removed.
    A new wire has the position of its last segment in the order of wires.
    """
    wires = list(wires)
    wires_by_target: dict[str, list[Wire]] = defaultdict(list)
    wires_by_source: dict[str, int] = defaultdict(int)
    for wire in wires:
        wires_by_target[wire.target].append(wire)
        wires_by_source[wire.source] += 1
    remaining = {port for port in ports if port not in always and wires_by_source[port] and not wires_by_target[port]}
    remaining |= _in_cycles(ports, wires_by_target) - always
    while True:
        found, blocking = _bypass(wires, wires_by_target, wires_by_source, ports, remaining)
        blocking -= always | remaining
        if not blocking:
            return found, remaining
        remaining |= blocking


def _bypass(
    wires: list[Wire],
    wires_by_target: dict[str, list[Wire]],
    wires_by_source: dict[str, int],
    ports: Set[str],
    remaining: set[str],
) -> tuple[list[Wire], set[str]]:
    """Return the wires without the ports that are not in ``remaining``, and the ports that cannot be removed."""
    blocking: set[str] = set()
    sources: dict[str, list[Wire]] = {}

    def incoming_wires(wire: Wire) -> list[Wire]:
        """Return the wire, or if it begins at a removed port, the direct wires that replace it."""
        port = wire.source
        if port not in ports or port in remaining:
            return [wire]
        found = [_joined(before, wire) for before in sources.get(port, [])]
        if any(before.feedback and wire.feedback for before in sources.get(port, [])):
            blocking.add(port)
        return found

    for port in _in_order(ports, wires_by_target):
        incoming = [found for wire in wires_by_target[port] for found in incoming_wires(wire)]
        ends = {found.source_ref for found in incoming}
        is_crowded = (
            min(len(incoming), wires_by_source[port]) > 1 and len(incoming) * wires_by_source[port] > MAX_JUNCTION_WIRES
        )
        if len(ends) < len(incoming) or is_crowded:
            blocking.add(port)
        sources[port] = list({(found.source_ref, found.feedback): found for found in incoming}.values())
    result: dict[tuple[str, str], Wire] = {}
    for wire in wires:
        if wire.target in ports and wire.target not in remaining:
            continue
        for found in incoming_wires(wire):
            if (found.source_ref, found.target_ref) in result and wire.source in ports:
                blocking.add(wire.source)
            result.setdefault((found.source_ref, found.target_ref), found)
    return list(result.values()), blocking


def _joined(first: Wire, second: Wire) -> Wire:
    extra = {**first.extra, **second.extra}
    late = first.feedback or second.feedback
    return Wire(first.source, first.source_port, second.target, second.target_port, late, extra)


def _in_order(ports: Set[str], wires_by_target: dict[str, list[Wire]]) -> list[str]:
    """Return the ports in topological order, without those in cycles of ports."""
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
