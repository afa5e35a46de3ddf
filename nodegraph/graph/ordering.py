"""Topological orders by plain lists, which are faster than networkx; they are computed after every edit."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

N = TypeVar("N")
Edges = Mapping[N, Iterable[N]]  # targets of each node, without duplicates


def successors(nodes: Iterable[N], edges: Iterable[tuple[N, N]]) -> dict[N, list[N]]:
    """Return the targets of each node, without duplicates, in the given order."""
    found: dict[N, dict[N, None]] = {node: {} for node in nodes}
    for source, target in edges:
        found[source][target] = None
    return {node: list(after) for node, after in found.items()}


def topological_order(after: Edges[N]) -> list[N]:
    """Return a topological order (Kahn 1962), without nodes in loops and those that depend on them."""
    waiting = _arriving(after)
    order = [node for node, count in waiting.items() if not count]
    for node in order:
        for next in after[node]:
            waiting[next] -= 1
            if not waiting[next]:
                order.append(next)
    return order


def first_order(after: Edges[N], key: Callable[[N], Any]) -> list[N]:
    """Return the topological order that takes the ready node with the smallest ``key`` first."""
    waiting = _arriving(after)
    place = {node: i for i, node in enumerate(after)}
    ready = [(key(node), place[node], node) for node, count in waiting.items() if not count]
    heapq.heapify(ready)
    order = []
    while ready:
        node = heapq.heappop(ready)[2]
        order.append(node)
        for next in after[node]:
            waiting[next] -= 1
            if not waiting[next]:
                heapq.heappush(ready, (key(next), place[next], next))
    return order


def _arriving(after: Edges[N]) -> dict[N, int]:
    """Return the number of edges into each node."""
    count = dict.fromkeys(after, 0)
    for targets in after.values():
        for target in targets:
            count[target] += 1
    return count
