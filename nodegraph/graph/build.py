"""Builds the typed graph of a document: looks up blocks, checks wires, infers lanes, frames and latencies.

Raises :class:`~.model.GraphError`, whose lines are for the user. Unavailable blocks (unknown type, newer version,
missing file) become silent placeholders with a problem. A faulty node or wire hides the problems of later steps, so the
graph is typed again without it (:mod:`.replaced`) until nothing new is found.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from nodegraph.patch import Document
from nodegraph.patch.errors import Problem
from nodegraph.patch.values import rate_problem

from .budgets import SUGGESTIONS, check_formulas
from .flat import FlatPatch
from .flatten import flatten
from .frame_inference import infer_frames
from .lanes import check_voices, infer_banks, infer_lanes
from .latency import infer_latency
from .loops import find_loops, forward_order, unmarked_loops
from .memory import check_memory
from .model import Graph, GraphError
from .outputs import infer_mixes
from .replaced import Replaced
from .settings import typed_node
from .wires import describe_wire, wire_fits

MAX_ROUNDS = 8  # of typing; each finds the problems that those of the previous one hid


def build_graph(
    document: Document,
    rate: float = 44100.0,
    patch_path: Path | None = None,
    allow_outside: bool = False,
    tolerant: bool = False,
) -> Graph:
    """Type a document with its subpatches. Raises GraphError with all problems found; ``tolerant``: see there."""
    return graph_of(flatten(document, patch_path, allow_outside), rate, allow_outside, tolerant)


def graph_of(flat: FlatPatch, rate: float = 44100.0, allow_outside: bool = False, tolerant: bool = False) -> Graph:
    """Type a flat document. Raises GraphError with all problems found.

    ``tolerant``: nodes with a problem become silent placeholders and wires with one are left out, so that all others
    play; ``graph.problems`` has the problems. GraphError is then raised only for what no placeholder can replace.
    """
    replaced = Replaced()
    problems = [*filter(None, [rate_problem(rate)]), *flat.problems]
    is_fatal = any(not isinstance(problem, Problem) for problem in problems)
    if is_fatal:
        raise GraphError(problems)
    for _ in range(MAX_ROUNDS):
        graph, order, found = _typed(flat, rate, allow_outside, replaced, set(problems))
        problems += found
        is_fatal = not replaced.add(graph, found)
        if not found or is_fatal:
            break
    if problems and (is_fatal or found or not tolerant):
        raise GraphError(problems)
    graph.graph["problems"] = tuple(problems)
    graph.graph["broken_wires"] = replaced.wires
    infer_mixes(graph, order)
    infer_banks(graph)
    infer_latency(graph, order)
    for data in graph.edge_data:
        describe_wire(graph, data)
    nx.freeze(graph)
    return graph


def _typed(
    flat: FlatPatch, rate: float, allow_outside: bool, replaced: Replaced, known: set[str]
) -> tuple[Graph, list[str], list[str]]:
    """Return the graph without what is replaced, its order, and its problems that are not ``known``.

    A step with problems ends the typing, because the next ones rely on it.
    """
    problems: list[str] = []
    graph = Graph(document=flat.document, flat=flat, rate=rate, loops=[])
    _add_nodes(graph, allow_outside, problems, replaced)
    _add_wires(graph, problems, replaced)
    for node in graph.typed_nodes:
        node.settings |= {name: bool(graph.into(node.id, wired.port)) for name, wired in node.spec.wired.items()}
    order = forward_order(graph)
    if len(order) < len(graph):
        loops = list(unmarked_loops(graph))
        replaced.break_loops(graph, loops)
        problems += loops
    if not problems:
        graph.graph["loops"] = find_loops(graph, problems)
    if not problems:
        infer_lanes(graph, order, problems)
        check_voices(graph, problems)
        problems = [problem for problem in problems if problem not in known]  # of voices whose wires are left out
    if not problems:
        infer_frames(graph, order, problems)
    if not problems:
        check_memory(graph, problems)
        check_formulas(graph, problems)
    return graph, order, problems


def _add_nodes(graph: Graph, allow_outside: bool, problems: list[str], replaced: Replaced) -> None:
    repeats = graph.flat.repeats  # a problem of several voices is reported once
    unknown = 0
    for id, node in graph.flat.nodes.items():
        found = [] if id in repeats or node.path in replaced.nodes else problems
        typed = typed_node(id, node, allow_outside, found, suggests=unknown < SUGGESTIONS)
        unknown += typed.cls is None
        replaced.silence(typed)
        graph.add_typed_node(typed)
    for id, node in graph.flat.overridden_inlets.items():
        found = [] if id in repeats or node.path in replaced.nodes else problems
        typed_node(id, node, allow_outside, found)


def _add_wires(graph: Graph, problems: list[str], replaced: Replaced) -> None:
    repeats = graph.flat.repeats
    for index, wire in enumerate(graph.flat.wires):
        if index in replaced.wires:
            continue
        found: list[str] = []
        if wire_fits(wire, graph, found):
            graph.add_wire(wire, index)
        elif found:
            replaced.wires[index] = found[0]
            problems += [] if wire.source in repeats or wire.target in repeats else found
