"""Probes: nodes added to the typed graph to read outputs.

They are not in the document. The plan compiler treats them as nodes with one wire.
"""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from nodegraph.blocks.registry import node_types
from nodegraph.patch import Wire

from .frame_inference import frame_settings
from .model import Graph, GraphNode
from .wires import describe_wire

PREFIX = "probe of "
SIGNAL = ("signal_probe", "audio")
BY_KIND = {
    "magnitude": ("frame_probe", "values"),
    "latent": ("frame_probe", "values"),
    "phase": ("phase_probe", "values"),
    "spectrum": ("spectrum_probe", "values"),
}


def probe_id(port_ref: str) -> str:
    """Return the id of the probe on an output ("osc1.out")."""
    return PREFIX + port_ref


def with_probes(graph: Graph, outputs: Iterable[str]) -> Graph:
    """Return a copy of the graph with a probe on each of these outputs that carries a signal or frames."""
    probes = []
    for output in sorted(outputs):  # the order of a set differs between processes
        id, _, port = output.rpartition(".")
        id, port = graph.output_of(id, port) or (id, port)
        source = graph.find(id)
        probe = _probe(source, port, output) if source else None
        if probe is not None:
            probes.append((probe[0], Wire(id, port, probe[0].id, probe[1])))
    if not probes:
        return graph
    probed: Graph = graph.copy()
    for index, (node, wire) in enumerate(probes, len(graph.flat.wires)):
        probed.add_typed_node(node)
        probed.add_wire(wire, index)
        describe_wire(probed, probed.edges[wire.source, node.id, index])
    nx.freeze(probed)
    return probed


def _probe(source: GraphNode, port: str, port_ref: str) -> tuple[GraphNode, str] | None:
    """Return the probe of an output and its input port, or None if the output cannot be probed."""
    if source.problem or source.missing_input:
        return None
    frames = source.output_frames.get(port)
    if frames is None and port not in source.spec.outputs:
        return None
    type, name = BY_KIND.get(frames.kind, SIGNAL) if frames else SIGNAL
    cls = node_types()[type]
    lanes = source.output_lanes.get(port, 1)
    settings = {option: spec.default for option, spec in cls.spec.options.items()}
    node = GraphNode(
        probe_id(port_ref),
        type,
        cls,
        settings,
        input_lanes={name: lanes},
        lanes=lanes,
        path_latency=source.path_latency,
    )
    if frames:
        node.input_frames = {name: frames}
        node.settings |= frame_settings(frames)
    else:
        node.values = {name: [float(cls.spec.inputs[name].default)]}
    return node, name
