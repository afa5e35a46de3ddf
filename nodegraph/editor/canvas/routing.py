"""Ways of wires around blocks and comments: a wire whose direct curve is blocked runs through the free channels.

The curve of a wire is kept if it meets no obstacle. Otherwise the wire leaves its output to the right, runs down or up
in one channel, along a row, and down or up in a second channel to its input: the shortest such way without an obstacle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..view import Point
from . import geometry as geo
from .line_search import Lines, find_ways, free_lines

STUB = 12.0  # shortest horizontal part at a pin
LANE = 6.0  # between parallel wires
CLEARANCE = 8.0  # between a wire and an obstacle
GAP = 3.0  # smallest one, if there is no more room
LANES = 3  # parallel wires tried beside each obstacle
CHANNELS = 6  # channels tried at each end
SHARED = 120.0  # length that a way costs in addition for each part beside another wire
BEND = 10.0  # radius of corners
SPACING = 24.0  # between the points of a way
NEAR = 500.0  # distance from the ends of a wire at which a way with more bends is looked for
Used = tuple[float, float, float, Point]  # coordinate of a part of a wire, its ends, and the start of the wire
T = np.linspace(0.0, 1.0, 97)[:, None]
BERNSTEIN = np.hstack([(1 - T) ** 3, 3 * (1 - T) ** 2 * T, 3 * (1 - T) * T**2, T**3])  # (points, control points)


@dataclass(frozen=True)
class Route:
    """The points of a wire. ``direct``: its curve; else lines with rounded corners. ``free``: it meets no obstacle."""

    points: list[Point]
    direct: bool = True
    free: bool = True
    corners: tuple[Point, ...] = ()

    @cached_property
    def box(self) -> geo.Box:
        """The bounding box of the points."""
        xs, ys = zip(*self.points)
        return min(xs), min(ys), max(xs), max(ys)


class Obstacles:
    """Boxes that wires do not cross, as rows: left, top, right, bottom."""

    def __init__(self, boxes: Sequence[geo.Box]) -> None:
        self.boxes = np.asarray(boxes, float).reshape(-1, 4)

    def hit_by(self, curves: np.ndarray) -> np.ndarray:
        """Return which of the curves, control points (curves, 4, 2), run through an obstacle."""
        points = BERNSTEIN @ curves
        low, high, boxes = points.min(1), points.max(1), self.boxes
        near = (low[:, None, :] < boxes[None, :, 2:]) & (high[:, None, :] > boxes[None, :, :2])
        curve, box = np.nonzero(near.all(2))
        at, (left, top, right, bottom) = points[curve], boxes[box].T[..., None]
        inside = (at[..., 0] > left + 0.5) & (at[..., 0] < right - 0.5) & (at[..., 1] > top) & (at[..., 1] < bottom)
        return np.bincount(curve, inside.any(1), len(curves)) > 0

    def crossed(self, corners: Sequence[Point]) -> bool:
        """Return whether horizontal and vertical lines through these points meet an obstacle."""
        left, top, right, bottom = self.boxes.T
        return any(
            bool(np.any((left < max(ax, bx)) & (right > min(ax, bx)) & (top < max(ay, by)) & (bottom > min(ay, by))))
            for (ax, ay), (bx, by) in zip(corners, corners[1:])
        )

    def reach(self, at: float, start: float, axis: int) -> tuple[float, float]:
        """Return the free range around ``start`` on the line where the coordinate ``axis`` is ``at``."""
        boxes, gap = self.boxes, GAP if axis == 0 else 0.0
        across = boxes[(boxes[:, axis] - gap < at) & (boxes[:, axis + 2] + gap > at)]
        low, high = across[:, 1 - axis], across[:, 3 - axis]
        before, after = high[high <= start + 1e-6], low[low >= start - 1e-6]
        if np.any((low < start - 1e-6) & (high > start + 1e-6)):
            return start, start
        return float(before.max(initial=-np.inf)), float(after.min(initial=np.inf))


class Router:
    """Finds routes, away from those found before. A wire without a free way crosses blocks, but not the ``texts``."""

    def __init__(self, obstacles: Obstacles, texts: Obstacles | None = None) -> None:
        self.obstacles = obstacles
        self._over_blocks = Router(texts) if texts is not None else None
        self._used: tuple[list[Used], list[Used]] = ([], [])  # vertical, horizontal

    def keep(self, route: Route) -> None:
        """Keep further wires away from a route."""
        for (ax, ay), (bx, by) in zip(route.corners, route.corners[1:]):
            if abs(ay - by) < 0.5:
                self._used[1].append((ay, min(ax, bx), max(ax, bx), route.corners[0]))
            else:
                self._used[0].append((ax, min(ay, by), max(ay, by), route.corners[0]))

    def route(self, start: Point, end: Point) -> Route:
        """Return the shortest free route, else one over blocks, else the curve; these two are marked as not free."""
        found = self._corners(start, end) or self._around(start, end)
        if found is not None:
            route = Route(rounded(found), False, True, tuple(found))
            self.keep(route)
            return route
        crossing = self._over_blocks.route(start, end) if self._over_blocks else Route(geo.points(start, end))
        return replace(crossing, free=False)

    def _corners(self, start: Point, end: Point) -> list[Point] | None:
        obstacles = self.obstacles
        rows = self._rows(start[1], end[1])
        boxes = obstacles.boxes
        in_row = (boxes[:, 1] - GAP < rows[:, None]) & (boxes[:, 3] + GAP > rows[:, None])
        best: list[Point] | None = None
        shortest = math.inf
        for a in self._channels(start, 1):
            low_a, high_a = obstacles.reach(a, start[1], 0)
            for b in self._channels(end, -1):
                low_b, high_b = obstacles.reach(b, end[1], 0)
                if a == b:
                    if low_a <= end[1] <= high_a:
                        corners = [start, (a, start[1]), (a, end[1]), end]
                        length = self._cost(corners)
                        if length < shortest:
                            best, shortest = corners, length
                    continue
                fits = (rows >= max(low_a, low_b)) & (rows <= min(high_a, high_b))
                lengths = abs(rows - start[1]) + abs(rows - end[1]) + abs(b - a) + abs(a - start[0]) + abs(end[0] - b)
                fits &= lengths < shortest
                if not fits.any():
                    continue
                chosen = np.flatnonzero(fits)
                free = ~(in_row[chosen] & (boxes[:, 0] < max(a, b)) & (boxes[:, 2] > min(a, b))).any(1)
                chosen = chosen[free]
                for k in chosen[np.argsort(lengths[chosen])][: 2 * LANES]:
                    row = float(rows[k])
                    corners = [start, (a, start[1]), (a, row), (b, row), (b, end[1]), end]
                    if lengths[k] >= shortest:
                        break
                    length = self._cost(corners)
                    if length < shortest:
                        best, shortest = corners, length
        return best

    def _around(self, start: Point, end: Point) -> list[Point] | None:
        """Return a way through any free channels near the ends, with as few bends as possible, or None."""
        first, last = self._pin_line(start, 1), self._pin_line(end, -1)
        if first.high[0] - first.low[0] < GAP or last.high[0] - last.low[0] < GAP:
            return None  # a block lies on the pin
        left, right = min(start[0], end[0]) - NEAR, max(start[0], end[0]) + NEAR
        top, bottom = min(start[1], end[1]) - NEAR, max(start[1], end[1]) + NEAR
        boxes = self.obstacles.boxes
        boxes = boxes[(boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)]
        middles = [(line.low[0] + line.high[0]) / 2 for line in (first, last) if line.high[0] - line.low[0] < 4 * STUB]
        upright = free_lines(
            boxes, 0, _places(boxes, 0, [start[0] + STUB, end[0] - STUB, *middles]), GAP, (top, bottom)
        )
        across = free_lines(boxes, 1, _places(boxes, 1, []), GAP, (left, right))
        ways = find_ways(first, last, start, end, across, upright)
        return min(ways[: 2 * LANES], key=self._cost, default=None)

    def _pin_line(self, end: Point, way: int) -> Lines:
        """Return the horizontal line from a pin to the next obstacle, without the part nearest to the pin."""
        low, high = self.obstacles.reach(end[1], end[0], 1)
        room = abs((high if way > 0 else low) - end[0])
        stub = way * (min(STUB, room / 2) - 0.1)
        ends = (end[0] + stub, high) if way > 0 else (low, end[0] + stub)
        return Lines(*(np.array([value]) for value in (end[1], *ends)))

    def _rows(self, first: float, second: float) -> np.ndarray:
        """Return the heights at which a wire may run: those of its ends, and those beside obstacles."""
        steps = CLEARANCE + LANE * np.arange(LANES)
        edges = self.obstacles.boxes
        beside = [(edges[:, 1, None] - steps).ravel(), (edges[:, 3, None] + steps).ravel()]
        return np.unique(np.round(np.concatenate([[first, second], *beside]), 1))

    def _channels(self, end: Point, way: int) -> list[float]:
        """Return the channels that a horizontal line from a pin reaches, nearest first."""
        low, high = self.obstacles.reach(end[1], end[0], 1)
        room = (high if way > 0 else low) - end[0]
        edges = self.obstacles.boxes[:, 0 if way > 0 else 2]
        steps = way * LANE * np.arange(LANES)
        near = end[0] + way * STUB + steps
        beside = (edges[:, None] - way * CLEARANCE - steps).ravel()
        middle = [end[0] + room / 2] if abs(room) < 4 * STUB else []  # of a narrow channel
        found = np.unique(np.round(np.concatenate([near, beside, middle]), 1))
        ahead = (found - end[0]) * way
        found = found[(ahead >= min(STUB, abs(room) / 2)) & (ahead <= abs(room))]
        return [float(x) for x in found[np.argsort(abs(found - end[0]))][: CHANNELS + LANES]]

    def _cost(self, corners: Sequence[Point]) -> float:
        """Return the length of a way, with additions for bends and for parts beside the wires of other pins."""
        cost = 0.0
        for (ax, ay), (bx, by) in zip(corners, corners[1:]):
            axis = 1 if abs(ay - by) < 0.5 else 0
            at, low, high = (ay, min(ax, bx), max(ax, bx)) if axis else (ax, min(ay, by), max(ay, by))
            cost += high - low + (LANE if high > low else 0.0)
            for other, first, last, start in self._used[axis]:
                if abs(other - at) < LANE - 1 and first < high and low < last and start != corners[0]:
                    cost += SHARED
        return cost


def _places(boxes: np.ndarray, axis: int, more: Sequence[float]) -> np.ndarray:
    """Return the places of lines beside boxes, in the middle of narrow channels between them, and ``more``."""
    low, high = boxes[:, axis], boxes[:, axis + 2]
    steps = CLEARANCE + LANE * np.arange(LANES - 1)
    between = low - high[:, None]
    facing = (boxes[:, 1 - axis] < boxes[:, 3 - axis, None]) & (boxes[:, 3 - axis] > boxes[:, 1 - axis, None])
    narrow = facing & (between > 2 * GAP) & (between < 2 * CLEARANCE)
    middles = ((low + high[:, None]) / 2)[narrow]
    beside = [(low[:, None] - steps).ravel(), (high[:, None] + steps).ravel()]
    return np.unique(np.round(np.concatenate([*beside, middles, more]), 1))


def rounded(corners: Sequence[Point]) -> list[Point]:
    """Return the points of lines with rounded corners."""
    corners = [p for p, before in zip(corners, [None, *corners]) if before is None or math.dist(p, before) > 0.5]
    found: list[Point] = [corners[0]]
    for before, at, after in zip(corners, corners[1:], corners[2:]):
        radius = min(BEND, math.dist(before, at) / 2, math.dist(at, after) / 2)
        into, out = _toward(at, before, radius), _toward(at, after, radius)
        found += _between(found[-1], into)
        for t in (0.0, 0.25, 0.5, 0.75, 1.0):
            a, b, c = (1.0 - t) ** 2, 2.0 * (1.0 - t) * t, t * t
            found.append((a * into[0] + b * at[0] + c * out[0], a * into[1] + b * at[1] + c * out[1]))
    return [*found, *_between(found[-1], corners[-1]), corners[-1]]


def _between(start: Point, end: Point) -> list[Point]:
    """Return points that divide a line into parts of about ``SPACING``."""
    count = int(math.dist(start, end) / SPACING)
    return [_toward(start, end, math.dist(start, end) * i / (count + 1)) for i in range(1, count + 1)]


def _toward(at: Point, other: Point, distance: float) -> Point:
    part = distance / max(math.dist(at, other), 1e-9)
    return at[0] + (other[0] - at[0]) * part, at[1] + (other[1] - at[1]) * part
