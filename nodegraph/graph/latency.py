"""Latency: samples from the inputs of the patch to each node, and what delays the wires that would be early."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Graph


def infer_latency(graph: Graph, order: Iterable[str]) -> None:
    """Add up the latencies along all paths, and compensate those that are shorter where the document asks for it."""
    compensate = graph.document.settings.latency_compensation
    for id in order:
        node = graph.node(id)
        if node.cls is None or node.missing_input:
            continue
        node.latency = int(node.cls.latency(node.settings, graph.rate)) if node.cls.latency else 0
        incoming = [graph.node(wire.source).path_latency for wire in graph.wires_into(id) if not wire.feedback]
        arrival = max(incoming, default=0)
        if compensate and node.output_frames and not node.input_frames:
            # Frames of one clock must be whole hops apart to meet again.
            arrival += -arrival % node.settings["hop"]
        node.path_latency = node.latency + arrival
    for data in graph.edge_data:
        wire = data["wire"]
        target, arrival = graph.node(wire.target), graph.node(wire.source).path_latency
        late = target.path_latency - target.latency - arrival
        data["latency"] = arrival
        data["compensation"] = max(late, 0) if compensate and not wire.feedback else 0
