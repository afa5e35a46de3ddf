"""What the graph knows of the patch that is shown: ports, lanes, sizes of frames, and what is wrong with it.

A document with mistakes in it has no graph; the editor shows it all the same, with what was known before.
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
    """A typed document. ``placeholder_reasons`` says why nodes fail, by path; ``problems`` why there is no new
    graph.
    """

    graph: Graph | None = None
    problems: tuple[str, ...] = ()
    placeholder_reasons: dict[Place, str] = field(default_factory=dict)

    @staticmethod
    def of(graph: Graph) -> TypedDocument:
        """A document without mistakes."""
        missing = {n.path: f"nothing is wired to '{n.missing_input}'." for n in graph.typed_nodes if n.missing_input}
        return TypedDocument(graph, (), missing | _placeholders(graph))

    def lanes(self, node: str, port: str, output: bool) -> int:
        """Lanes at a port (1 where nothing is known)."""
        node, port = self.flat_output(node, port) if output else (node, port)
        found = self.graph.find(node) if self.graph else None
        if found is None:
            return 1
        return (found.output_lanes if output else found.input_lanes).get(port, 1)

    def flat_output(self, node: str, port: str) -> tuple[str, str]:
        """Node and port of the graph where an output of the document is read: of a subpatch the block inside it."""
        found = self.graph.output_of(node, port) if self.graph else None
        return found or (node, port)

    def frame(self, node: str, port: str, output: bool) -> FrameType | None:
        """What the frames at a port are like, as far as it is known."""
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
    """Type a whole patch; where that fails, with the graph from ``previous``."""
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
    """Why nodes are silent placeholders, by path."""
    return {node.path: node.problem for node in graph.typed_nodes if node.problem}


def problems_for(found: dict[Place, T], path: Place) -> list[T]:
    """What ``found`` says of the node at a path and of everything inside it."""
    return [told for place, told in found.items() if place[: len(path)] == path]
