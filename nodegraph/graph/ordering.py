"""Orders of a directed graph in which every edge runs forward, by plain lists: they are asked for after every edit."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

N = TypeVar("N")
Edges = Mapping[N, Iterable[N]]  # where the edges of each node lead to, each of them once


def successors(nodes: Iterable[N], edges: Iterable[tuple[N, N]]) -> dict[N, list[N]]:
    """Where the edges of each node lead to, each of them once, in the order in which they were given."""
    found: dict[N, dict[N, None]] = {node: {} for node in nodes}
    for source, target in edges:
        found[source][target] = None
    return {node: list(after) for node, after in found.items()}


def topological_order(after: Edges[N]) -> list[N]:
    """Every node behind those that lead to it (Kahn 1962). Nodes in circles, and what lies behind them, are missing."""
    waiting = _arriving(after)
    order = [node for node, count in waiting.items() if not count]
    for node in order:
        for next in after[node]:
            waiting[next] -= 1
            if not waiting[next]:
                order.append(next)
    return order


def first_order(after: Edges[N], key: Callable[[N], Any]) -> list[N]:
    """The same, where of all nodes that could come next the one with the least ``key`` does."""
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
    """How many edges lead to each node."""
    count = dict.fromkeys(after, 0)
    for targets in after.values():
        for target in targets:
            count[target] += 1
    return count
