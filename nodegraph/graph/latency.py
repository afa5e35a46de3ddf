"""Latency: samples from the inputs of the patch to each node."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Graph
from .oversampling import oversampled_latency


def infer_latency(graph: Graph, order: Iterable[str]) -> None:
    """Infer the path latencies of all nodes."""
    compensate = graph.document.settings.latency_compensation
    for id in order:
        node = graph.node(id)
        if node.cls is None or node.missing_input:
            continue
        node.latency = oversampled_latency(node, graph.rate)
        incoming = [graph.node(wire.source).path_latency for wire in graph.wires_into(id) if not wire.feedback]
        arrival = max(incoming, default=0)
        if compensate and node.output_frames and not node.input_frames:
            # frames of one clock can only be aligned if they are whole hops apart
            arrival += -arrival % node.settings["hop"]
        node.path_latency = node.latency + arrival
