"""Curves that are drawn with the mouse: the points of a block's text setting, and the drawing in its node."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodegraph.node import DrawnCurve, Node

from .block_curves import with_dots
from .desk import Desk, State
from .node_drawings import last_drawing
from .view import Drawing, Point

SAMPLES = 220
MARGIN = 0.25  # room after the last point, as a fraction of its place

CurvePoints = list[tuple[float, ...]]  # x, y and further fields of each point, by x


@dataclass
class CurveDragState(State):
    """A dragged point: the points at the press and during the drag, shown in the ranges of the press."""

    node: str = ""
    index: int = -1
    points: CurvePoints = field(default_factory=list)
    view: CurveView | None = None


@dataclass(frozen=True)
class CurveView:
    """A declared curve, its points, and the shown ranges."""

    declared: DrawnCurve
    points: CurvePoints
    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, point: tuple[float, ...]) -> Point:
        """Return the place of a point, 0…1 of the ranges."""
        return (point[0] - self.x[0]) / (self.x[1] - self.x[0]), (point[1] - self.y[0]) / (self.y[1] - self.y[0])

    def at(self, place: Point) -> Point:
        """Return the x and y of a place, within the ranges, to a thousandth of them."""
        return _rounded(place[0], *self.x), _rounded(place[1], *self.y)

    def between(self, x: float, before: CurvePoints, after: CurvePoints) -> float:
        """Return the nearest x to the given one between two neighbours."""
        low = before[-1][0] + self.declared.gap if before else x
        high = after[0][0] - self.declared.gap if after else x
        return min(max(x, low), high) if low <= high or not (before and after) else 0.5 * (low + high)


def _rounded(place: float, low: float, high: float) -> float:
    value = low + min(max(place, 0.0), 1.0) * (high - low)
    return min(max(round(value, 3 - math.floor(math.log10(high - low))), low), high)


def parse_curve_points(text: str) -> CurvePoints | None:
    """Return the points of a list ``x:y`` or ``x:y:more`` by x, or None if it is not one."""
    try:
        points = [tuple(map(float, word.split(":"))) for word in text.replace(",", " ").split()]
    except ValueError:
        return None
    is_curve = points and all(len(point) > 1 and all(map(math.isfinite, point)) for point in points)
    return sorted(points, key=lambda point: point[0]) if is_curve else None


def curve_text(points: CurvePoints) -> str:
    """Return points as text."""
    return ", ".join(":".join(f"{value + 0.0:.9g}" for value in point) for point in points)


def curve_view(desk: Desk, id: str) -> CurveView | None:
    """Return the curve of a displayed node, or None if it has none or its points are wrong."""
    cls = desk.block(id)
    if cls is None or cls.drawn is None:
        return None
    declared = cls.drawn
    points = parse_curve_points(str(desk.settings(id)[declared.points]))
    if points is None:
        return None
    left, right = declared.x
    right = points[-1][0] * (1.0 + MARGIN) if right is None else right
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    x = min(left, *xs), max(right, *xs)
    y = min(declared.y[0], *ys), max(declared.y[1], *ys)
    return CurveView(declared, points, (x[0], x[1] if x[1] > x[0] else x[0] + 1.0), y)


def curve_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the curve of a displayed node with its points, also while one is dragged; None for other blocks."""
    drag = desk.state(CurveDragState)
    view = drag.view if drag.node == id and drag.view else curve_view(desk, id)
    cls = desk.block(id)
    if view is None or cls is None or cls.curve_at is None:
        return None
    points = drag.points if drag.node == id else view.points
    settings = desk.settings(id) | {view.declared.points: curve_text(points)}
    still = last_drawing(desk, id, (cls, view, settings), lambda: _drawing(cls, view, points, settings))
    return with_dots(desk, id, cls, still) if still is not None else None


def _drawing(cls: type[Node], view: CurveView, points: CurvePoints, settings: dict[str, Any]) -> Drawing | None:
    assert cls.curve_at is not None
    try:
        y = np.asarray(cls.curve_at(settings, np.linspace(*view.x, SAMPLES)), np.float64)
    except ValueError:
        return None
    text = f"{view.x[1]:.3g} {view.declared.unit}, {view.y[0]:.3g} to {view.y[1]:.3g}" if view.declared.unit else ""
    marks = tuple((point[0], point[1]) for point in points)
    return Drawing("curve", np.nan_to_num(y)[None], *view.y, text, axis=view.x, unit=view.declared.unit, marks=marks)
