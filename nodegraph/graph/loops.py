"""Feedback loops: the strongly connected components of a graph. Each must be closed by marked wires."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from nodegraph.patch.errors import Problem, listed

from .model import Graph
from .ordering import successors, topological_order


def forward_order(graph: Graph) -> list[str]:
    """Return the nodes in topological order of the unmarked wires, without those in and behind unmarked loops.

    This is the order of ``networkx.topological_sort`` in a third of its time; every edit waits for it.
    """
    edges = ((wire.source, wire.target) for wire in graph.wires if not wire.feedback)
    return topological_order(successors(graph, edges))


def find_loops(graph: Graph, problems: list[str]) -> list[list[str]]:
    """Return the feedback components, each in topological order of its unmarked wires.

    Add a sentence to ``problems`` for each node that cannot be in a loop.
    """
    if not any(wire.feedback for wire in graph.wires):
        return []
    position = {id: i for i, id in enumerate(nx.lexicographical_topological_sort(_forward_graph(graph)))}
    loops = []
    for component in nx.strongly_connected_components(graph):
        if not _is_loop(graph, component):
            continue
        for id in component:
            node = graph.node(id)
            ports = [*node.spec.input_ports.values(), *node.spec.output_ports.values()]
            if id in graph.flat.repeats:
                continue
            if node.spec.helpers or any(port.kind != "signal" for port in ports):
                text = (
                    f"{node.title} computes whole blocks and cannot be in the loop "
                    f"{listed(sorted(component))}. Remove it from the loop."
                )
                problems.append(Problem(text, node.path))
        loops.append(sorted(component, key=position.__getitem__))
    return sorted(loops, key=lambda loop: position[loop[0]])


def unmarked_loops(graph: Graph) -> Iterator[str]:
    """Yield a sentence for each loop without a feedback wire."""
    forward = _forward_graph(graph)
    for component in nx.strongly_connected_components(forward):
        if _is_loop(forward, component):
            cycle = [edge[0] for edge in nx.find_cycle(forward.subgraph(component))]
            loop = " → ".join([*cycle, cycle[0]])
            yield f"The wires {loop} form a loop. Mark the one that closes it as a feedback wire."


def _forward_graph(graph: Graph) -> nx.DiGraph:
    """The wires that are not marked as feedback, one edge between two nodes."""
    forward = nx.DiGraph()
    forward.add_nodes_from(graph)
    forward.add_edges_from((wire.source, wire.target) for wire in graph.wires if not wire.feedback)
    return forward


def _is_loop(graph: nx.Graph, component: set[str]) -> bool:
    return len(component) > 1 or graph.has_edge(*component, *component)
