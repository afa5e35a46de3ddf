"""What the graph knows of the patch that is shown: ports, lanes, sizes of frames, and what is wrong with it.

A document with mistakes in it has no graph; the editor shows it all the same, with what was known before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nodegraph.frame_types import FrameType
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.graph.ports import spec_of
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord

T = TypeVar("T")


@dataclass(frozen=True)
class Typed:
    """A typed document. ``reasons`` says why a node fails, ``problems`` why there is no new graph."""

    graph: Graph | None = None
    problems: tuple[str, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)

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
        reasons = dict(known.placeholders) if known else {}
        for problem in error.problems:
            for id in nodes_named(problem):
                if id.partition("/")[0] in document.nodes:
                    reasons.setdefault(id, problem)
        return Typed(known, tuple(error.problems), reasons)
    waiting = {n.id: f"nothing is wired to '{n.missing_input}'." for n in graph.typed_nodes if n.missing_input}
    return Typed(graph, (), waiting | dict(graph.placeholders))


def told_of(found: dict[str, T], flat: str) -> list[T]:
    """What is told of a node of the graph: of itself, its copies in several voices, and what is inside it."""
    own = found.get(flat)
    if own is not None and len(found) == 1:
        return [own]
    begins = (f"{flat}/", f"{flat}#")
    return [told for id, told in found.items() if id == flat or id.startswith(begins)]


def nodes_named(problem: str) -> list[str]:
    """Ids of the nodes that a sentence of the graph names first: ``sine 'osc1': …``."""
    return re.findall(r"^\w+ '([^']+)'", problem)


def only_values(before: Document, after: Document) -> bool:
    """Do the two differ in nothing that types depend on, but in plain numbers of inputs at most?"""
    if before.wires is not after.wires or before.settings != after.settings or before.seed != after.seed:
        return False
    if before.nodes is after.nodes:
        return True
    if before.nodes.keys() != after.nodes.keys():
        return False
    return all(old is (new := after.nodes[id]) or _only_numbers(old, new) for id, old in before.nodes.items())


def _only_numbers(old: NodeRecord, new: NodeRecord) -> bool:
    if old.type != new.type or old.version != new.version:
        return False
    inputs = spec_of(new).inputs
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
