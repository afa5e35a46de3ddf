"""Draw items of a wire: a curve in the colour of its kind; frame wires are ribbons, feedback wires are dashed."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..canvas import geometry as geo
from ..canvas.theme import Colour, Theme, faded, mixed
from ..view import Point, WireVisual

Tag = int | str
THICK = {"signal": 2.6, "events": 2.0}
RIBBON = 4.6


def draw_wire(
    parent: Tag, visual: WireVisual, line: list[Point], theme: Theme, zoom: float, selected: bool, hovered: bool
) -> Tag:
    """Draw a wire through these canvas points and return its group."""
    group = dpg.add_draw_node(parent=parent)
    colour = theme.silent if visual.silent else theme.kinds.get(visual.kind, theme.faint)
    if visual.broken:
        colour = theme.alarm
    if hovered:
        colour = mixed(colour, theme.selected, 0.45)
    stroke(group, visual.kind, line, theme, zoom, colour, visual.feedback or visual.broken, selected)
    return group


def stroke(
    group: Tag,
    kind: str,
    line: list[Point],
    theme: Theme,
    zoom: float,
    colour: Colour,
    dashed: bool,
    selected: bool = False,
) -> None:
    """Draw the strokes of a wire into a group."""
    thick = max(THICK.get(kind, RIBBON) * zoom, 1.2)
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (
        (x * zoom, y * zoom) for x, y in geo.curve(line[0], line[-1])
    )  # fmt: skip
    control = ((ax, ay), (bx, by), (cx, cy), (dx, dy))
    if selected:
        dpg.draw_bezier_cubic(*control, color=theme.selected, thickness=thick + 3.5 * zoom, parent=group)
    if dashed:
        fine = geo.points(line[0], line[-1], 48)
        for piece in geo.dashes(fine, 9.0, 6.0):
            scaled = [[x * zoom, y * zoom] for x, y in piece]
            dpg.draw_polyline(scaled, color=colour, thickness=thick, parent=group)
        return
    dpg.draw_bezier_cubic(*control, color=faded(theme.node_edge, 0.8), thickness=thick + 2.0 * zoom, parent=group)
    dpg.draw_bezier_cubic(*control, color=colour, thickness=thick, parent=group)
    if kind not in THICK:
        core = mixed(colour, theme.canvas, 0.65)
        dpg.draw_bezier_cubic(*control, color=core, thickness=max(thick * 0.34, 1.0), parent=group)
