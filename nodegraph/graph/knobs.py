"""Which knobs of a typed graph a change of parameters sets, if it changes nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nodegraph.patch.change import ValueChange
from nodegraph.patch.document import INLET

from .model import Graph
from .ports import KNOB

FROM_INLETS = (INLET, "voice_in")  # blocks that inlets become


class KnobChange(NamedTuple):
    """New values of a knob: one per lane, or per member of a bank."""

    node: str
    port: str
    values: list[float]


def knob_changes(graph: Graph, changes: Iterable[ValueChange]) -> list[KnobChange] | None:
    """The knobs that new values of parameters set; None if they change more: settings, lanes, or the ports of voices.

    A value that the input does not accept is no knob either: typing the document again reports it.
    """
    knobs: list[KnobChange] = []
    for change in changes:
        found = _knobs_of(graph, change)
        if found is None:
            return None
        knobs += found
    return knobs


def _knobs_of(graph: Graph, change: ValueChange) -> list[KnobChange] | None:
    name = "/".join((*change.path, change.node))
    is_block = name in graph
    ends = graph.knobs_of(name, change.port)
    if not ends:
        inlet = f"{name}/{change.port}"
        resting = graph.flat.overridden_inlets.get(inlet)
        fits = resting is not None and resting.knob is not None and resting.knob.accepts(change.value)
        return [] if fits and not _comes_from_an_inlet(graph, inlet) else None  # a wire takes the place of this knob
    if is_block and graph.flat.nodes[name].knob is not None and _reshapes_inlet(change):
        return None
    knobs = []
    for id, port in ends:
        node = graph.find(id)
        declared = node.spec.inputs.get(port) if node is not None and not node.problem else None
        if node is None or declared is None or (is_block and _gives_default(graph, id, port)):
            return None
        value: Any = change.value
        if value is None and is_block:
            value = declared.default
        if isinstance(value, bool) or not declared.accepts(value):
            return None
        values = [float(v) for v in value] if isinstance(value, list | tuple) else [float(value)]
        if len(values) != len(node.values.get(port, ())) and not declared.bank:
            return None
        knobs.append(KnobChange(id, port, node.knob_values(port, values)))
    return knobs


def _reshapes_inlet(change: ValueChange) -> bool:
    """Whether a value of an inlet changes more than a knob: its default, or whether it makes voices differ."""
    return change.value is None or (change.port != KNOB and not change.value)


def _comes_from_an_inlet(graph: Graph, port: str) -> bool:
    """Whether an outer inlet is wired to a port: without a value of its own, it has that of the port."""
    flat = graph.flat
    sources = [source for source, _ in flat.removed_port_sources.get(port, ())]
    return any(id in flat.removed_port_sources or flat.nodes[id].record.type in FROM_INLETS for id in sources)


def _gives_default(graph: Graph, id: str, port: str) -> bool:
    """Whether an inlet leads to this input: without a value of its own, it has that of the input."""
    return any(graph.node(wire.source).type in FROM_INLETS for wire in graph.into(id, port))
