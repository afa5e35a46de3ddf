"""The typed document of the open patch: ports, lanes, frame types and problems.

A document with problems has no graph; the editor then uses the previous graph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """A typed document. ``placeholder_reasons`` are problems of nodes by path, ``problems`` those of the document."""

    graph: Graph | None = None
    problems: tuple[str, ...] = ()
    placeholder_reasons: dict[Place, str] = field(default_factory=dict)

    @staticmethod
    def of(graph: Graph) -> TypedDocument:
        """Return the typed document of a graph, without document problems."""
        missing = {n.path: f"'{n.missing_input}' is not connected." for n in graph.typed_nodes if n.missing_input}
        return TypedDocument(graph, (), missing | _placeholders(graph))

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
    """Type a document; if that fails, keep the graph of ``previous``."""
    try:
        graph = build_graph(document, rate, path, allow_outside)
    except GraphError as error:
        known = previous.graph if previous else None
        reasons = _placeholders(known) if known else {}
        for problem in error.problems:
            if isinstance(problem, Problem) and problem.path:
                reasons.setdefault(problem.path, problem)
        return TypedDocument(known, tuple(error.problems), reasons)
    return TypedDocument.of(graph)


def _placeholders(graph: Graph) -> dict[Place, str]:
    """Return the problems of placeholders, by path."""
    return {node.path: node.problem for node in graph.typed_nodes if node.problem}


def problems_for(found: dict[Place, T], path: Place) -> list[T]:
    """Return the values of ``found`` for the node at a path and for all nodes inside it."""
    return [problem for place, problem in found.items() if place[: len(path)] == path]
