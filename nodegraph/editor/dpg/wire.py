"""Draw items of a wire: a curve in the colour of its kind; frame wires are ribbons, those of
events and feedback are dashed."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..canvas import geometry as geo
from ..canvas.routing import Route
from ..canvas.theme import Colour, Theme, mixed
from ..view import Point, WireVisual

Tag = int | str
THICK = {"signal": 2.6, "events": 2.0}
RIBBON = 4.6
FEEDBACK, BROKEN = (9.0, 6.0), (4.0, 4.0)  # lengths of dashes and gaps in canvas points
DASHES = {"events": (14.0, 4.0)}
CORES = {"magnitude": (9.0, 5.0), "phase": (2.0, 5.0), "latent": (18.0, 6.0)}  # dashes of the core of a ribbon


def draw_wire(
    parent: Tag, visual: WireVisual, route: Route, theme: Theme, zoom: float, selected: bool, hovered: bool
) -> Tag:
    """Draw a wire on its way and return its group."""
    group = dpg.add_draw_node(parent=parent)
    colour = theme.silent if visual.silent else theme.kinds.get(visual.kind, theme.faint)
    if visual.broken:
        colour = theme.alarm
    if hovered:
        colour = mixed(colour, theme.selected, 0.45)
    dash = FEEDBACK if visual.feedback else BROKEN if visual.broken else DASHES.get(visual.kind)
    stroke(group, visual.kind, route.points, theme, zoom, colour, dash, selected, 2.0 if route.free else 5.0)
    return group


def stroke(
    group: Tag,
    kind: str,
    line: list[Point],
    theme: Theme,
    zoom: float,
    colour: Colour,
    dash: tuple[float, float] | None = None,
    selected: bool = False,
    halo: float = 2.0,
) -> None:
    """Draw the strokes of a wire through these canvas points into a group, on a ``halo`` of this width."""
    thick = max(THICK.get(kind, RIBBON) * zoom, 1.2)

    def draw(part: list[Point], colour: Colour, thickness: float) -> None:
        dpg.draw_polyline([[x * zoom, y * zoom] for x, y in part], color=colour, thickness=thickness, parent=group)

    if selected:
        draw(line, theme.selected, thick + 3.5 * zoom)
    draw(line, theme.node_edge, thick + halo * zoom)
    for piece in geo.dashes(line, *dash) if dash else [line]:
        draw(piece, colour, thick)
    if kind not in THICK:
        for piece in geo.dashes(line, *CORES[kind]) if kind in CORES else [line]:
            draw(piece, mixed(colour, theme.canvas, 0.65), max(thick * 0.34, 1.0))
