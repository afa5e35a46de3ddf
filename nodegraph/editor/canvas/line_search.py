"""Ways of any number of bends between two points, through the free channels between boxes.

A way alternates between free horizontal and vertical lines that cross. Lines are reached in rounds, one bend each, so
that no way has fewer bends; of the lines that lead to the same one, the shortest way is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..view import Point

MAX_BENDS = 12
Corners = list[Point]


@dataclass(frozen=True)
class Lines:
    """Parallel lines: ``at`` is constant on each, ``low`` and ``high`` are the ends in the other direction."""

    at: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def crossings(self, others: Lines) -> np.ndarray:
        """Return which of the lines cross which of the perpendicular ``others``: (lines, others)."""
        here = (self.low[:, None] < others.at) & (others.at < self.high[:, None])
        return here & (others.low < self.at[:, None]) & (self.at[:, None] < others.high)


def free_lines(boxes: np.ndarray, axis: int, places: np.ndarray, gap: float, ends: tuple[float, float]) -> Lines:
    """Return the parts of lines that keep ``gap`` to all boxes, between two ``ends``.

    ``axis`` 0: vertical lines at the x coordinates ``places``; 1: horizontal ones. ``boxes``: left, top, right, bottom.
    """
    boxes = boxes[np.argsort(boxes[:, 1 - axis])]
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for at in places:
        across = boxes[(boxes[:, axis] - gap < at) & (boxes[:, axis + 2] + gap > at)]
        high = np.minimum(np.append(across[:, 1 - axis], np.inf), ends[1])
        low = np.maximum(np.maximum.accumulate(np.append(-np.inf, across[:, 3 - axis])), ends[0])
        free = low < high
        found.append((np.full(np.count_nonzero(free), at), low[free], high[free]))
    return Lines(*(np.concatenate([part[i] for part in found] or [np.zeros(0)]) for i in range(3)))


def find_ways(first: Lines, last: Lines, start: Point, end: Point, across: Lines, upright: Lines) -> list[Corners]:
    """Return ways from ``start`` along the horizontal line ``first`` to ``end`` along ``last``, shortest first.

    ``across`` are the free horizontal lines, ``upright`` the vertical ones. All ways have the smallest number of bends;
    the list is empty if there is none.
    """
    rows = Lines(*(np.concatenate([getattr(first, name), getattr(across, name)]) for name in ("at", "low", "high")))
    crossings = rows.crossings(upright)
    ends = last.crossings(upright)[0]
    lines, reached = (rows, upright), (_Reached(len(rows.at)), _Reached(len(upright.at)))
    reached[0].length[0], reached[0].entry[0] = 0.0, start[0]
    frontier, side = np.array([0]), 0
    for _ in range(MAX_BENDS):
        here, there = reached[side], reached[1 - side]
        fresh = np.flatnonzero(np.isinf(there.length))
        meets = (crossings if side == 0 else crossings.T)[np.ix_(frontier, fresh)]
        travel = abs(lines[1 - side].at[fresh] - here.entry[frontier, None]) + here.length[frontier, None]
        cost = np.where(meets, travel, np.inf)
        best = cost.argmin(axis=0) if len(frontier) and len(fresh) else np.zeros(0, int)
        length = cost[best, np.arange(len(fresh))]
        found = np.isfinite(length)
        frontier, parents = fresh[found], frontier[best[found]]
        there.length[frontier], there.parent[frontier] = length[found], parents
        there.entry[frontier] = lines[side].at[parents]
        side = 1 - side
        if not len(frontier):
            return []
        if side == 1 and ends[frontier].any():
            arrived = frontier[ends[frontier]]
            rest = abs(end[1] - there.entry[arrived]) + abs(end[0] - upright.at[arrived])
            order = arrived[np.argsort(there.length[arrived] + rest, kind="stable")]
            return [_corners(int(line), start, end, lines, reached) for line in order]
    return []


class _Reached:
    """For each line the length of the shortest way to it, where the way enters it, and the line before it."""

    def __init__(self, count: int) -> None:
        self.length = np.full(count, np.inf)
        self.entry = np.zeros(count)
        self.parent = np.zeros(count, int)


def _corners(line: int, start: Point, end: Point, lines: tuple[Lines, Lines], reached: tuple[_Reached, ...]) -> Corners:
    """Return the corners of the way that arrives along a vertical line."""
    corners, side = [end, (float(lines[1].at[line]), end[1])], 1
    while line or side:
        parent = int(reached[side].parent[line])
        x, y = (line, parent) if side else (parent, line)
        corners.append((float(lines[1].at[x]), float(lines[0].at[y])))
        line, side = parent, 1 - side
    return [*corners, start][::-1]
