"""The nodes of a patch and its subpatches, as drawn, with their nodes in the typed graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nodegraph.graph import Graph, GraphNode
from nodegraph.graph.ports import PatchLocation, nested_document
from nodegraph.patch import Document, NodeRecord, PatchError
from nodegraph.patch.document import SUBPATCH


def levels_of(graph: Graph) -> dict[str, Document]:
    """Return the document under "", and that of each readable subpatch under its address."""
    return dict(_levels(graph.document, graph.flat.home, ""))


def _levels(document: Document, home: PatchLocation, path: str) -> Iterator[tuple[str, Document]]:
    yield path, document
    for id, record in document.nodes.items():
        if record.type == SUBPATCH:
            try:
                nested, nested_home = nested_document(record, home)
            except PatchError:
                continue
            yield from _levels(nested, nested_home, _join(path, id))


def nodes_of(
    graph: Graph, levels: Mapping[str, Document], path: str = ""
) -> Iterator[tuple[str, NodeRecord, GraphNode | None]]:
    """Yield every node: address, record and graph node. The contents of a subpatch follow it."""
    for id, record in levels[path].nodes.items():
        name = _join(path, id)
        yield name, record, graph.find(name)
        if name in levels:
            yield from nodes_of(graph, levels, name)


def _join(path: str, id: str) -> str:
    return f"{path}/{id}" if path else id
