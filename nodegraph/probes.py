"""Probes: nodes put on outputs of a typed graph for whoever wants to see what they carry.

They stand in no document. The plan takes them for what they are, nodes with one wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .graph import Graph, GraphNode
from .patch import Wire
from .registry import node_types

PREFIX = "probe of "
SIGNAL = ("signal_probe", "audio")
BY_KIND = {
    "magnitude": ("frame_probe", "values"),
    "latent": ("frame_probe", "values"),
    "phase": ("phase_probe", "values"),
    "spectrum": ("spectrum_probe", "values"),
}


def name_of(end: str) -> str:
    """The id of the probe on an output ("osc1.out")."""
    return PREFIX + end


def with_probes(graph: Graph, ends: Iterable[str]) -> Graph:
    """The graph with a probe on each of these outputs; ends that carry nothing, or events, are passed over."""
    nodes, wires = dict(graph.nodes), list(graph.wires)
    for end in sorted(ends):  # sets have another order in another process
        id, _, port = end.rpartition(".")
        id, port = graph.output_of(id, port) or (id, port)
        source = graph.nodes.get(id)
        probe = _probe(source, port, end) if source else None
        if probe is not None:
            nodes[probe[0].id] = probe[0]
            wires.append(Wire(id, port, probe[0].id, probe[1]))
    return replace(graph, nodes=nodes, wires=wires) if len(nodes) > len(graph.nodes) else graph


def _probe(source: GraphNode, port: str, end: str) -> tuple[GraphNode, str] | None:
    """A node that sees an output, and the input by which it does."""
    if source.problem or source.waiting:
        return None
    frames = source.frame_types.get(port)
    if frames is None and port not in source.spec.outputs:
        return None
    type, name = BY_KIND.get(frames.kind, SIGNAL) if frames else SIGNAL
    cls = node_types()[type]
    lanes = source.output_lanes.get(port, 1)
    settings = {option: spec.default for option, spec in cls.spec.options.items()}
    node = GraphNode(name_of(end), type, cls, settings, input_lanes={name: lanes}, lanes=lanes, delay=source.delay)
    if frames:
        node.frame_inputs = {name: frames}
        node.settings |= {"bins": frames.bins, "size": frames.size, "hop": frames.hop, "reference": frames.reference}
    else:
        node.values = {name: [float(cls.spec.inputs[name].default)]}
    return node, name
