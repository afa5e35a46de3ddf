"""The area of what points in a plane dominate."""

from __future__ import annotations

from collections.abc import Iterable


def hypervolume(points: Iterable[tuple[float, float]]) -> float:
    """Return the area of all (u, v) with 0 ≤ u ≤ x and 0 ≤ v ≤ y for a point (x, y), which both shall be large.

    Zitzler & Thiele, Multiobjective evolutionary algorithms (IEEE Trans. Evolutionary Computation, 1999).
    """
    area = height = 0.0
    for x, y in sorted(points, reverse=True):
        if y > height and x > 0.0:
            area += x * (y - height)
            height = y
    return area
