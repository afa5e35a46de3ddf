"""The knobs of a typed graph that an edit of parameter values sets."""

from __future__ import annotations

from typing import Any, NamedTuple

from nodegraph.patch.change import VALUES, Change, ValueChange
from nodegraph.patch.document import INLET

from .model import Graph
from .ports import KNOB

FROM_INLETS = (INLET, "voice_in")  # blocks that inlets become


class KnobChange(NamedTuple):
    """New values of a knob: one per lane, or per member of a bank."""

    node: str
    port: str
    values: list[float]


def knob_changes(graph: Graph | None, change: Change) -> list[KnobChange] | None:
    """Return the knobs set by a change if it sets only knobs, or None if the document must be typed again.

    ``graph`` is the typed graph before the change, None if it is not known. A document is typed again if its structure,
    settings, lanes or ports change, or if an input does not accept its value, which reports the problem.
    """
    if graph is None or change.kind != VALUES:
        return None
    knobs: list[KnobChange] = []
    for value in change.values:
        found = _knobs_of(graph, value)
        if found is None:
            return None
        knobs += found
    return knobs


def _knobs_of(graph: Graph, change: ValueChange) -> list[KnobChange] | None:
    name = "/".join((*change.path, change.node))
    is_block = name in graph
    flat_ports = graph.knobs_of(name, change.port)
    if not flat_ports:
        inlet = f"{name}/{change.port}"
        overridden = graph.flat.overridden_inlets.get(inlet)
        accepts = overridden is not None and overridden.knob is not None and overridden.knob.accepts(change.value)
        return [] if accepts and not _is_fed_by_inlet(graph, inlet) else None  # the knob is overridden by a wire
    if is_block and graph.flat.nodes[name].knob is not None and _reshapes_inlet(change):
        return None
    knobs = []
    for id, port in flat_ports:
        node = graph.find(id)
        declared = node.spec.inputs.get(port) if node is not None and not node.problem else None
        if node is None or declared is None or (is_block and _feeds_default_to_inlet(graph, id, port)):
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
    """Return whether a value of an inlet changes more than a knob: its default, or whether its voices differ."""
    return change.value is None or (change.port != KNOB and not change.value)


def _is_fed_by_inlet(graph: Graph, port: str) -> bool:
    """Return whether an outer inlet is wired to a port: an inlet without a value has that of the port."""
    flat = graph.flat
    sources = [source for source, _ in flat.removed_port_sources.get(port, ())]
    return any(id in flat.removed_port_sources or flat.nodes[id].record.type in FROM_INLETS for id in sources)


def _feeds_default_to_inlet(graph: Graph, id: str, port: str) -> bool:
    """Return whether an inlet is wired to this input: an inlet without a value has that of the input."""
    return any(graph.node(wire.source).type in FROM_INLETS for wire in graph.into(id, port))
