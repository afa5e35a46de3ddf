"""What the graph knows of the patch that is shown: ports, lanes, sizes of frames, and what is wrong with it.

A document with mistakes in it has no graph; the editor shows it all the same, with what was known before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nodegraph.frame_types import FrameType
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.graph.ports import Home, spec_of
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Typed:
    """A typed document. ``reasons`` says why nodes fail, by path; ``problems`` why there is no new graph."""

    graph: Graph | None = None
    problems: tuple[str, ...] = ()
    reasons: dict[Place, str] = field(default_factory=dict)

    def lanes(self, node: str, port: str, output: bool) -> int:
        """Lanes at a port (1 where nothing is known)."""
        node, port = self.end(node, port) if output else (node, port)
        found = self.graph.find(node) if self.graph else None
        if found is None:
            return 1
        return (found.output_lanes if output else found.input_lanes).get(port, 1)

    def end(self, node: str, port: str) -> tuple[str, str]:
        """Node and port of the graph where an output of the document is read: of a subpatch the block inside it."""
        found = self.graph.output_of(node, port) if self.graph else None
        return found or (node, port)

    def frame(self, node: str, port: str, output: bool) -> FrameType | None:
        """What the frames at a port are like, as far as it is known."""
        node, port = self.end(node, port) if output else (node, port)
        found = self.graph.find(node) if self.graph else None
        if found is None:
            return None
        return (found.frame_types if output else found.frame_inputs).get(port)


def type_document(
    document: Document, rate: float, path: Path | None, allow_outside: bool = False, before: Typed | None = None
) -> Typed:
    """Type a whole patch; where that fails, with the graph from ``before``."""
    try:
        graph = build_graph(document, rate, path, allow_outside)
    except GraphError as error:
        known = before.graph if before else None
        reasons = _placeholders(known) if known else {}
        for problem in error.problems:
            if isinstance(problem, Problem) and problem.path:
                reasons.setdefault(problem.path, problem)
        return Typed(known, tuple(error.problems), reasons)
    waiting = {n.path: f"nothing is wired to '{n.missing_input}'." for n in graph.typed_nodes if n.missing_input}
    return Typed(graph, (), waiting | _placeholders(graph))


def _placeholders(graph: Graph) -> dict[Place, str]:
    """Why nodes are silent placeholders, by path."""
    return {node.path: node.problem for node in graph.typed_nodes if node.problem}


def told_of(found: dict[Place, T], path: Place) -> list[T]:
    """What ``found`` says of the node at a path and of everything inside it."""
    return [told for place, told in found.items() if place[: len(path)] == path]


def only_values(before: Document, after: Document, path: Path | None, allow_outside: bool = False) -> bool:
    """Whether two versions of the patch at ``path`` differ in no more than the numbers that inputs are set to."""
    if before.wires is not after.wires or before.settings != after.settings or before.seed != after.seed:
        return False
    if before.nodes is after.nodes:
        return True
    if before.nodes.keys() != after.nodes.keys():
        return False
    pairs = ((old, after.nodes[id]) for id, old in before.nodes.items())
    return all(old is new or _only_numbers(old, new, path, allow_outside) for old, new in pairs)


def _only_numbers(old: NodeRecord, new: NodeRecord, path: Path | None, allow_outside: bool) -> bool:
    if old.type != new.type or old.version != new.version:
        return False
    inputs = spec_of(new, Home(path, allow_outside)).inputs
    for name in {*old.params, *new.params}:
        was, now = old.params.get(name), new.params.get(name)
        if was == now:
            continue
        port = inputs.get(name)
        if port is None or not all(value is None or _is_one_number(port, value) for value in (was, now)):
            return False
    return True


def _is_one_number(port: In, value: object) -> bool:
    return isinstance(value, int | float) and port.accepts(value)
