"""Curves and bars in nodes: points are dragged, added by a double click and removed by a right click."""

from __future__ import annotations

from nodegraph.patch import Action, SetParam

from ..canvas.visuals import DISPLAYS
from ..command import on
from ..desk import Desk
from ..drawn_bars import bars_of
from ..drawn_curve import CurveDragState, CurvePoints, CurveView, curve_text, curve_view
from ..events import CurveClick, CurveDrag
from ..view import Point
from .drawn_bars import click_bar, drag_bars
from .selection import on_click

REACH = 9.0  # canvas pixels


@on(CurveDrag)
def on_curve_drag(desk: Desk, event: CurveDrag) -> None:
    """Move a point between its neighbours; the sound follows when the button is released, as one undo step."""
    if bars_of(desk, event.node) is not None:
        drag_bars(desk, event)
        return
    drag = desk.state(CurveDragState)
    if drag.node != event.node or drag.view is None:
        view = curve_view(desk, event.node)
        index = point_near(view, event.start) if view else None
        if view is None or index is None:
            return
        drag.node, drag.index, drag.view, drag.points = event.node, index, view, list(view.points)
    pressed = drag.view.points[drag.index]
    start, dx, dy = drag.view.place(pressed), event.at[0] - event.start[0], event.at[1] - event.start[1]
    x, y = drag.view.at((start[0] + dx, start[1] + dy)) if dx or dy else (pressed[0], pressed[1])
    before, after = drag.points[: drag.index], drag.points[drag.index + 1 :]
    drag.points[drag.index] = (drag.view.between(x, before, after), y, *drag.points[drag.index][2:])
    if event.done:
        points, view = drag.points, drag.view
        desk.drop_state(CurveDragState)
        if curve_text(points) != curve_text(view.points) and desk.record(event.node) is not None:
            desk.do(SetParam(event.node, view.declared.points, curve_text(points)))


@on(CurveClick)
def on_curve_click(desk: Desk, event: CurveClick) -> None:
    """Add a point by a double click, or remove one by a right click; elsewhere a right click opens the menu."""
    if bars_of(desk, event.node) is not None:
        click_bar(desk, event)
        return
    view = curve_view(desk, event.node)
    index = point_near(view, event.at) if view else None
    if view is None or (event.click.button == "right" and index is None):
        on_click(desk, event.click)
    elif event.click.button == "right" and index is not None and len(view.points) > view.declared.min_points:
        _replace(desk, event.node, view, [*view.points[:index], *view.points[index + 1 :]], index, -1)
    elif event.click.double and index is None:
        x, y = view.at(event.at)
        place = sum(point[0] <= x for point in view.points)
        before, after = view.points[:place], view.points[place:]
        _replace(desk, event.node, view, [*before, (view.between(x, before, after), y), *after], place, 1)


def point_near(view: CurveView, place: Point) -> int | None:
    """Return the index of the point within reach of a place, or None."""
    width, height = DISPLAYS["curve"]

    def distance(index: int) -> float:
        x, y = view.place(view.points[index])
        return float(max(abs(x - place[0]) * width, abs(y - place[1]) * height))

    nearest = min(range(len(view.points)), key=distance)
    return nearest if distance(nearest) <= REACH else None


def _replace(desk: Desk, node: str, view: CurveView, points: CurvePoints, index: int, change: int) -> None:
    """Set the points, and the settings that are numbers of points behind ``index``."""
    actions: list[Action] = [SetParam(node, view.declared.points, curve_text(points))]
    settings = desk.settings(node)
    for name in view.declared.numbers:
        number = settings[name]
        if number > index:
            actions.append(SetParam(node, name, number + change))
    desk.do(*actions)
