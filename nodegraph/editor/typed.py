"""The typed document of the open patch: ports, lanes, frame types and problems.

A faulty document is typed with placeholders. An edit that adds a problem is not played: the previous graph plays on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from nodegraph.frame_types import FrameType
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.patch import Document
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class TypedDocument:
    """A typed document. ``placeholder_reasons`` are problems of nodes by path, ``problems`` those of the document.

    ``graph`` is that of the document, which may have placeholders, or the previous one: then ``plays`` is false.
    """

    graph: Graph | None = None
    problems: tuple[str, ...] = ()
    placeholder_reasons: dict[Place, str] = field(default_factory=dict)
    plays: bool = False

    @staticmethod
    def of(graph: Graph) -> TypedDocument:
        """Return the typed document of a graph."""
        missing = {n.path: f"'{n.missing_input}' is not connected." for n in graph.typed_nodes if n.missing_input}
        reasons = missing | _placeholders(graph)
        return TypedDocument(graph, graph.problems, _with_problems(reasons, graph.problems), True)

    @cached_property
    def silent(self) -> frozenset[Place]:
        """The paths of the nodes that are silent; a node with a faulty wire is not."""
        if self.graph is None or not self.plays:
            return frozenset(self.placeholder_reasons)
        return frozenset(node.path for node in self.graph.typed_nodes if node.problem or node.missing_input)

    @cached_property
    def broken_wires(self) -> frozenset[tuple[Place, str, Place, str]]:
        """The wires that are left out, as path and port of both ends; those into subpatches have none."""
        if self.graph is None or not self.plays:
            return frozenset()
        flat = self.graph.flat
        wires = [flat.wires[index] for index in self.graph.broken_wires]
        return frozenset(
            (flat.nodes[wire.source].path, wire.source_port, flat.nodes[wire.target].path, wire.target_port)
            for wire in wires
            if wire.source in flat.nodes and wire.target in flat.nodes
        )

    def lanes(self, node: str, port: str, output: bool) -> int:
        """Return the lanes of a port (1 if unknown)."""
        node, port = self.flat_output(node, port) if output else (node, port)
        found = self.graph.find(node) if self.graph else None
        if found is None:
            return 1
        return (found.output_lanes if output else found.input_lanes).get(port, 1)

    def flat_output(self, node: str, port: str) -> tuple[str, str]:
        """Return the flat (node, port) that carries an output; for a subpatch this is a node inside it."""
        found = self.graph.output_of(node, port) if self.graph else None
        return found or (node, port)

    def frame(self, node: str, port: str, output: bool) -> FrameType | None:
        """Return the frame type of a port, or None if unknown."""
        node, port = self.flat_output(node, port) if output else (node, port)
        found = self.graph.find(node) if self.graph else None
        if found is None:
            return None
        return (found.output_frames if output else found.input_frames).get(port)


def type_document(
    document: Document,
    rate: float,
    path: Path | None,
    allow_outside: bool = False,
    previous: TypedDocument | None = None,
) -> TypedDocument:
    """Type a document; if that fails, or adds a problem to those that play, keep the graph of ``previous``."""
    known = previous.graph if previous else None
    try:
        graph = build_graph(document, rate, path, allow_outside, tolerant=True)
    except GraphError as error:
        problems = tuple(error.problems)
    else:
        if known is None or len(graph.problems) <= len(known.problems):
            return TypedDocument.of(graph)
        problems = graph.problems
    return TypedDocument(known, problems, _with_problems(_placeholders(known) if known else {}, problems))


def _with_problems(reasons: dict[Place, str], problems: Iterable[str]) -> dict[Place, str]:
    """Return reasons by path with the problems of other nodes."""
    return {problem.path: problem for problem in problems if isinstance(problem, Problem) and problem.path} | reasons


def _placeholders(graph: Graph) -> dict[Place, str]:
    """Return the problems of placeholders, by path."""
    return {node.path: node.problem for node in graph.typed_nodes if node.problem}


def problems_for(found: dict[Place, T], path: Place) -> list[T]:
    """Return the values of ``found`` for the node at a path and for all nodes inside it."""
    return [problem for place, problem in found.items() if place[: len(path)] == path]
