"""Copies of a typed graph side by side in one graph, each with output channels of its own.

Similar nodes of the copies become the lanes of one row of the plan, so that they cost less than separate renders.
"""

from __future__ import annotations

from dataclasses import replace

import networkx as nx

from nodegraph.graph import Graph
from nodegraph.graph.wires import describe_wire


def copy_id(node: str, number: int) -> str:
    """Return the id of a node in the copy with this number."""
    return f"{node}#{number}"


def copies_of(graph: Graph, count: int, channels: int) -> Graph:
    """Return ``count`` copies of a graph; copy k plays to the ``channels`` output channels from ``k channels`` on."""
    found = Graph(document=graph.document, flat=graph.flat, rate=graph.rate, loops=[])
    edges = graph.edge_data
    for number in range(count):
        place = (number * channels, channels)
        for node in graph.typed_nodes:
            found.add_typed_node(replace(node, id=copy_id(node.id, number), channels=place))
        for index, data in enumerate(edges):
            wire = data["wire"]
            source, target = copy_id(wire.source, number), copy_id(wire.target, number)
            found.add_wire(replace(wire, source=source, target=target), number * len(edges) + index)
        found.graph["loops"] += [[copy_id(id, number) for id in loop] for loop in graph.loops]
    for data in found.edge_data:
        describe_wire(found, data)
    nx.freeze(found)
    return found
