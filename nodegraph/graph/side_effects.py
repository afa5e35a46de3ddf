"""Graphs without the nodes that write or show, for renders of which only the sound counts."""

from __future__ import annotations

import networkx as nx

from .model import Graph
from .outputs import audible_nodes


def without_side_effects(graph: Graph) -> Graph:
    """Return a copy of a graph without the helpers that its sound does not depend on: recorders, meters, senders."""
    heard = audible_nodes(graph)
    others = [node.id for node in graph.typed_nodes if node.spec.helpers and node.id not in heard]
    if not others:
        return graph
    pruned: Graph = graph.copy()
    pruned.remove_nodes_from(others)
    pruned.graph["loops"] = [loop for loop in graph.loops if not set(loop) & set(others)]
    nx.freeze(pruned)
    return pruned
