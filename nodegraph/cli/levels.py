"""A patch as it was drawn: its nodes and those in its subpatches, with what the graph knows about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nodegraph.graph import Graph, GraphNode
from nodegraph.graph.ports import PatchLocation, nested_document
from nodegraph.patch import Document, NodeRecord, PatchError
from nodegraph.patch.document import SUBPATCH


def levels_of(graph: Graph) -> dict[str, Document]:
    """The patch under "", and the contents of each subpatch under its address, as far as the graph could read them."""
    return dict(_levels(graph.document, graph.flat.home, ""))


def _levels(document: Document, home: PatchLocation, path: str) -> Iterator[tuple[str, Document]]:
    yield path, document
    for id, record in document.nodes.items():
        if record.type == SUBPATCH:
            try:
                inner, inside = nested_document(record, home)
            except PatchError:
                continue
            yield from _levels(inner, inside, _join(path, id))


def nodes_of(
    graph: Graph, levels: Mapping[str, Document], path: str = ""
) -> Iterator[tuple[str, NodeRecord, GraphNode | None]]:
    """Every node with its address, its record and its node of the graph, each subpatch followed by its contents."""
    for id, record in levels[path].nodes.items():
        name = _join(path, id)
        yield name, record, graph.find(name)
        if name in levels:
            yield from nodes_of(graph, levels, name)


def _join(path: str, id: str) -> str:
    return f"{path}/{id}" if path else id
