"""Builds the typed graph of a document: looks up blocks, checks wires, infers lanes, frames and latencies.

Raises :class:`~.model.GraphError`, whose lines are for the user. Unavailable blocks (unknown type, newer version,
missing file) become silent placeholders with a problem.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from nodegraph.patch import Document

from .budgets import SUGGESTIONS, check_formulas
from .flat import FlatPatch
from .flatten import flatten
from .frame_inference import infer_frames
from .lanes import check_voices, infer_banks, infer_lanes
from .latency import infer_latency
from .loops import find_loops, forward_order, unmarked_loops
from .memory import check_memory
from .model import Graph, GraphError
from .settings import typed_node
from .wires import describe_wire, wire_fits


def build_graph(
    document: Document, rate: float = 44100.0, patch_path: Path | None = None, allow_outside: bool = False
) -> Graph:
    """Type a document with its subpatches. Raises GraphError with all problems found."""
    return graph_of(flatten(document, patch_path, allow_outside), rate, allow_outside)


def graph_of(flat: FlatPatch, rate: float = 44100.0, allow_outside: bool = False) -> Graph:
    """Type a flat document. Raises GraphError with all problems found."""
    problems = list(flat.problems)
    graph = Graph(document=flat.document, flat=flat, rate=rate, loops=[])
    _add_nodes(graph, allow_outside, problems)
    _add_wires(graph, problems)
    order = forward_order(graph)
    if len(order) < len(graph):
        problems += unmarked_loops(graph)
    if not problems:
        graph.graph["loops"] = find_loops(graph, problems)
    if not problems:
        infer_lanes(graph, order, problems)
        check_voices(graph, problems)
    if not problems:
        infer_frames(graph, order, problems)
    if not problems:
        check_memory(graph, problems)
        check_formulas(graph, problems)
    if problems:
        raise GraphError(problems)
    infer_banks(graph)
    infer_latency(graph, order)
    for data in graph.edge_data:
        describe_wire(graph, data)
    nx.freeze(graph)
    return graph


def _add_nodes(graph: Graph, allow_outside: bool, problems: list[str]) -> None:
    repeats = graph.flat.repeats  # a problem of several voices is reported once
    unknown = 0
    for id, node in graph.flat.nodes.items():
        found = [] if id in repeats else problems
        typed = typed_node(id, node, allow_outside, found, suggests=unknown < SUGGESTIONS)
        unknown += typed.cls is None
        graph.add_typed_node(typed)
    for id, node in graph.flat.overridden_inlets.items():
        typed_node(id, node, allow_outside, [] if id in repeats else problems)


def _add_wires(graph: Graph, problems: list[str]) -> None:
    repeats = graph.flat.repeats
    for index, wire in enumerate(graph.flat.wires):
        found = [] if wire.source in repeats or wire.target in repeats else problems
        if wire_fits(wire, graph, found):
            graph.add_wire(wire, index)
