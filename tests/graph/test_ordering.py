"""Topological orders agree with networkx."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.graph.ordering import first_order, successors, topological_order

NUMBERS = st.integers(0, 9)
FORWARD = st.lists(st.tuples(NUMBERS, NUMBERS).filter(lambda edge: edge[0] != edge[1]).map(sorted).map(tuple))


@given(st.permutations(range(10)), FORWARD)
def test_topological_order_is_that_of_networkx(names, edges):
    edges = [(names[a], names[b]) for a, b in edges]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(10))
    graph.add_edges_from(edges)
    after = successors(range(10), edges)
    assert topological_order(after) == list(nx.topological_sort(graph))
    assert first_order(after, lambda node: -node) == list(nx.lexicographical_topological_sort(graph, lambda n: -n))


@given(st.lists(st.tuples(NUMBERS, NUMBERS)))
def test_nodes_in_loops_and_after_them_are_omitted(edges):
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(10))
    circles = [c for c in nx.strongly_connected_components(graph) if len(c) > 1 or graph.has_edge(*(2 * tuple(c)))]
    missing = {node for circle in circles for at in circle for node in [at, *nx.descendants(graph, at)]}
    after = successors(range(10), edges)
    assert set(topological_order(after)) == set(first_order(after, int)) == set(range(10)) - missing
