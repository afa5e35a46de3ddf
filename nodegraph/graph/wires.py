"""Checks of wires: both ports must exist and carry the same."""

from __future__ import annotations

from typing import Any

from nodegraph.patch import Wire

from .model import Graph, GraphNode
from .rules import WireEnd, wire_problems


def wire_fits(wire: Wire, graph: Graph, problems: list[str]) -> bool:
    """Return whether a wire is usable; add a sentence to ``problems`` if it does not fit."""
    source, target = graph.find(wire.source), graph.find(wire.target)
    for id, node in ((wire.source, source), (wire.target, target)):
        if node is None:
            problems.append(f"{name_of(wire)}: unknown node '{id}'.")
    if source is None or target is None:
        return False
    if wire.source_port in source.spec.outputs and wire.target_port in target.spec.inputs:  # fast path for signals
        return not (source.problem or target.problem)
    found = wire_problems(_end(source, wire.source_port), _end(target, wire.target_port), wire.feedback)
    problems += found
    return not (found or source.problem or target.problem)


def _end(node: GraphNode, port: str) -> WireEnd:
    return WireEnd(node.id, node.type, port, node.spec if node.cls else None, node.path)


def describe_wire(graph: Graph, data: dict[str, Any]) -> None:
    """Add kind, lanes and latency of a wire to the attributes of its edge; see :class:`~.model.Graph`."""
    wire: Wire = data["wire"]
    source, target = graph.node(wire.source), graph.node(wire.target)
    frames = source.output_frames.get(wire.source_port)
    data["kind"] = frames.kind if frames else source.spec.output_ports[wire.source_port].kind
    data["lanes"] = source.output_lanes.get(wire.source_port, 1)
    data["latency"] = source.path_latency
    early = target.path_latency - target.latency - source.path_latency
    compensate = early > 0 and not wire.feedback and graph.document.settings.latency_compensation
    data["compensation"] = early if compensate else 0


def name_of(wire: Wire) -> str:
    """Return the name of a wire in messages."""
    return f"The wire {wire.source}.{wire.source_port} → {wire.target}.{wire.target_port}"
