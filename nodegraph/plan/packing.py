"""Packing: similar nodes that do not depend on each other become the lanes of one row.

A unit is a single node or a feedback loop. Units of the same shape at the same depth of the graph cannot depend
on each other, so a bank of 200 oscillators becomes one row of 200 lanes, which SIMD computes. Groups smaller than
``SMALLEST`` are not packed: gathering their inputs costs more than it saves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from nodegraph.graph import Graph, GraphNode
from nodegraph.graph.ordering import first_order, successors
from nodegraph.kernel import kernel_of

SMALLEST = 8

Unit = tuple[str, ...]
Group = list[Unit]


def groups_in_order(graph: Graph, pack: bool = True) -> list[Group]:
    """Return groups of units in topological order, ignoring feedback wires."""
    looped: dict[Unit, None] = dict.fromkeys(tuple(loop) for loop in graph.loops)
    unit_of: dict[str, Unit] = {id: loop for loop in looped for id in loop}
    for node in graph.typed_nodes:
        if _runs(node):
            unit_of.setdefault(node.id, (node.id,))
    runs: list[tuple[Unit, Unit]] = []
    for wire in graph.wires:
        source, target = unit_of.get(wire.source), unit_of.get(wire.target)
        if source and target and source != target:
            runs.append((source, target))
    after = successors(dict.fromkeys(unit_of.values()), runs)
    position = {unit: i for i, unit in enumerate(after)}
    order = first_order(after, position.__getitem__)
    depth = dict.fromkeys(order, 1)
    for unit in order:
        for next in after[unit]:
            depth[next] = max(depth[next], depth[unit] + 1)

    together: dict[Hashable, Group] = defaultdict(list)
    for unit in order:
        shape = _shape(graph, unit, unit in looped) if pack else None
        together[(depth[unit], shape) if shape is not None else unit].append(unit)
    group_of: dict[Unit, int] = {}
    groups: list[Group] = []
    for members in together.values():
        for part in [members] if len(members) >= SMALLEST else [[unit] for unit in members]:
            group_of.update(dict.fromkeys(part, len(groups)))
            groups.append(part)

    grouped = successors(range(len(groups)), ((group_of[a], group_of[b]) for a in after for b in after[a]))
    first = {i: min(position[unit] for unit in group) for i, group in enumerate(groups)}
    sequence = [groups[i] for i in first_order(grouped, first.__getitem__)]
    return _aligned(graph, sequence)


def _runs(node: GraphNode) -> bool:
    return node.cls is not None and not node.problem and node.cls.device != "output"


def _shape(graph: Graph, unit: Unit, looped: bool) -> Hashable:
    """Return a key that is equal for units that can share rows, or None; loops must be wired in the same way."""
    inside = {id: i for i, id in enumerate(unit)}
    parts: list[Hashable] = []
    for id in unit:
        node = graph.node(id)
        assert node.cls is not None
        if node.cls.block is not None or node.cls.frame is not None or node.cls.lanes is not None:
            return None
        if node.oversampling > 1:  # its filters have memory of their own
            return None
        kernel = kernel_of(node.cls, node.settings)  # kernels with the same code are one object
        numbers = tuple([repr(node.settings[name]) for name in node.spec.options])
        parts.append((kernel, numbers, node.lanes, node.latency))
        for name in node.spec.inputs if looped else ():  # wires from outside the loop are gathered from any source
            wires = graph.into(id, name)
            own = tuple((inside[w.source], w.source_port, w.feedback) for w in wires if w.source in inside)
            parts.append((name, own, len(wires) - len(own) if len(unit) > 1 else 0))
    return tuple(parts)


def _aligned(graph: Graph, sequence: list[Group]) -> list[Group]:
    """Sort the members of each group like their sources, so that packed rows read each other without a copy."""
    place: dict[str, tuple[int, int]] = {}
    for g, group in enumerate(sequence):
        if len(group) > 1:
            group.sort(key=lambda unit: _source_place(graph, unit, place))
        for k, unit in enumerate(group):
            place.update(dict.fromkeys(unit, (g, k)))
    return sequence


def _source_place(graph: Graph, unit: Unit, place: dict[str, tuple[int, int]]) -> tuple[int, int]:
    for id in unit:
        for name in graph.node(id).spec.inputs:
            for wire in graph.into(id, name):
                if wire.source in place:
                    return place[wire.source]
    return (-1, 0)
