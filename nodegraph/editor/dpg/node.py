"""Draw items of a node: body, title, rows with sliders, pins, badge, selection."""

from __future__ import annotations

import math

import dearpygui.dearpygui as dpg

from ..canvas import geometry as geo
from ..canvas.scene import SceneNode
from ..canvas.theme import CLEAR, Colour, Theme, faded, family_colour, mixed, rgb, title_colour
from ..canvas.typeface import ellipsize, supported_text, width
from ..view import NodeRow, Pin, PinVisual, ValueVisual
from .plot import Plot, Textures

FONT, SMALL = geo.LABEL, geo.COUNT  # pixels at zoom 1
LANE_BARS = 5.0  # height of the bars of lanes, at zoom 1
READABLE = 4.0  # pixels; smaller text is not drawn
Tag = int | str


class NodeItems:
    """The draw items of a node at one zoom. A transform moves their group, so a drag updates one item."""

    def __init__(self, parent: Tag, shown: SceneNode, theme: Theme, zoom: float, textures: Textures) -> None:
        self.theme, self.zoom, self.shown = theme, zoom, shown
        self.group = dpg.add_draw_node(parent=parent)
        self.plot: Plot | None = None
        self._values: dict[str, _ValueItems] = {}
        self._pins: dict[tuple[str, bool], tuple[Tag, Colour, Colour]] = {}  # item, fill, edge
        self._badge: list[Tag] = []
        self._load: Tag | None = None
        self._outline: Tag | None = None
        self._focus: Tag | None = None
        self._draw(textures)
        self.place()

    def place(self) -> None:
        """Move the group to the position of the node."""
        x, y = self.shown.at
        z = self.zoom
        dpg.apply_transform(self.group, dpg.create_translation_matrix((round(x * z), round(y * z), 0.0)))

    def remove(self) -> None:
        if self.plot is not None:
            self.plot.close()
        dpg.delete_item(self.group)

    # -- static items --------------------------------------------------------------------------------------

    def _draw(self, textures: Textures) -> None:
        theme, z, visual, shape = self.theme, self.zoom, self.shown.visual, self.shown.shape
        width, height = shape.size[0] * z, shape.size[1] * z
        title = geo.TITLE * z
        colour = (
            rgb(visual.colour) if visual.colour else family_colour("subpatches" if visual.subpatch else visual.family)
        )
        colour, round_by = title_colour(colour), 6.0 * z
        self._box((2 * z, 3 * z), (width + 2 * z, height + 4 * z), theme.shadow, round_by + 1)
        self._box((0, 0), (width, height), theme.node, round_by)
        self._box((0, 0), (width, title), colour, round_by)
        if not visual.folded:
            self._box((0, title - round_by), (width, title), colour, 0)
            edge = mixed(colour, (0, 0, 0, 255), 0.35)
            dpg.draw_line((0, title), (width, title), color=edge, parent=self.group)
        self._box((0, 0), (width, height), CLEAR, round_by, theme.node_edge)
        if visual.subpatch:
            self._box((3 * z, 3 * z), (width - 3 * z, height - 3 * z), CLEAR, round_by - 1, faded(colour, 0.7))
        room = width - (2 * geo.EDGE + (0 if visual.folded else 34.0)) * z
        text = ellipsize(supported_text(visual.title), (FONT + 0.5) * z, room)
        self._text((geo.EDGE * z, (title - (FONT + 0.5) * z) / 2), text, (FONT + 0.5) * z, theme.title_text)
        self._load = self._text((width, 0), "", SMALL * z, theme.title_text)
        if shape.display is not None:
            left, top, right, bottom = (v * z for v in shape.display)
            self.plot = Plot(
                self.group, (left, top), (right - left, bottom - top), theme, textures, max(SMALL * z, 6.0)
            )
        values = {row.port: row.value for row in visual.rows if row.side != "out"}
        for place in shape.rows:
            self._row(place, values.get(place.row.port))
        for row in visual.rows:
            if row.pin:
                self._pin(row, row.pin)
        self.set_badge(visual.badge)

    def _box(self, a: geo.Point, b: geo.Point, fill: Colour, rounding: float = 0.0, edge: Colour = CLEAR) -> Tag:
        return dpg.draw_rectangle(a, b, fill=fill, color=edge, rounding=rounding, parent=self.group)

    def _text(self, at: geo.Point, text: str, size: float, colour: Colour) -> Tag:
        """Draw a line of text; text below READABLE pixels is left empty."""
        text = text if size >= READABLE else ""
        return dpg.draw_text(at, text, size=size, color=colour, parent=self.group)

    def _row(self, place: geo.RowPlace, value: ValueVisual | None) -> None:
        """Draw a row; ``value`` is its current value, which can differ from that in the shape."""
        z, row = self.zoom, place.row
        if value is not None and place.value is not None:
            self._values[row.port] = _ValueItems(self, row, value, place.value)
            return
        size = FONT * z
        y = (place.box[1] + (geo.ROW - FONT) / 2) * z
        inner = (place.box[2] - place.box[0] - 2 * (geo.EDGE + 4)) * z
        count = row.pin.count if row.pin else ""
        label, faint = supported_text(row.label), self.theme.faint
        small = SMALL * z
        count_wide = width(count, small) + 6 * z if count else 0.0
        label = ellipsize(label, size, inner - count_wide)
        if row.side == "out":
            x = (place.box[2] - geo.EDGE - 4) * z - width(label, size)
            if count:
                self._text((x - count_wide, y + (size - small) * 0.7), count, small, faint)
        else:
            x = (geo.EDGE + 4) * z
            if count:
                self._text((x + width(label, size) + 6 * z, y + (size - small) * 0.7), count, small, faint)
        self._text((x, y), label, size, self.theme.text)

    def _pin(self, row: NodeRow, visual: PinVisual) -> None:
        output = row.side == "out"
        x, y = self.shown.shape.pins[row.port, output]
        colour = self.theme.kinds.get(visual.kind, self.theme.faint)
        z = self.zoom
        if visual.count.startswith("×"):  # a ring marks several lanes
            dpg.draw_circle((x * z, y * z), (geo.PIN + 2.2) * z, color=faded(colour, 0.55), parent=self.group)
        fill, edge = (colour, self.theme.node_edge) if visual.wired else (self.theme.track, colour)
        mark = pin_mark(self.group, (x * z, y * z), visual.kind, z, fill, edge)
        self._pins[row.port, output] = (mark, fill, edge)

    # -- dynamic items -------------------------------------------------------------------------------------

    def set_value(self, port: str, value: ValueVisual) -> None:
        """Update the value in a row; its kind must be the displayed one."""
        items = self._values.get(port)
        if items is not None:
            items.show(value)

    @property
    def value_texts(self) -> dict[str, str]:
        """Return the displayed texts of the rows by port."""
        return {port: items.written for port, items in self._values.items()}

    def set_badge(self, reason: str) -> None:
        for tag in self._badge:
            dpg.delete_item(tag)
        self._badge = []
        if not reason:
            return
        z = self.zoom
        x, y = (self.shown.shape.size[0] - 14.0) * z, geo.TITLE / 2 * z
        self._badge = [
            dpg.draw_circle((x, y), 7.5 * z, fill=self.theme.alarm, color=self.theme.node_edge, parent=self.group),
            self._text((x - width("!", 13 * z) / 2, y - 6.8 * z), "!", 13 * z, self.theme.panel_deep),
        ]

    def set_load(self, text: str) -> None:
        if self._load is None:
            return
        z = self.zoom
        right = self.shown.shape.size[0] - (26.0 if self._badge else 7.0)
        at = (right * z - width(text, SMALL * z), (geo.TITLE - SMALL) / 2 * z)
        dpg.configure_item(self._load, text=text, pos=at)

    def set_selected(self, on: bool) -> None:
        if on and self._outline is None:
            z, (width, height) = self.zoom, self.shown.shape.size
            self._outline = dpg.draw_rectangle(
                (-1.5, -1.5), (width * z + 1.5, height * z + 1.5), color=self.theme.selected, fill=CLEAR,
                rounding=6 * z + 1, thickness=1.8, parent=self.group,
            )  # fmt: skip
        elif not on and self._outline is not None:
            dpg.delete_item(self._outline)
            self._outline = None

    def set_focus(self, pin: Pin | None) -> None:
        """Mark the row with keyboard focus."""
        if self._focus is not None:
            dpg.delete_item(self._focus)
            self._focus = None
        if pin is None:
            return
        z = self.zoom
        place = next((p for p in self.shown.shape.rows if p.row.port == pin.port), None)
        box = place.box if place else self.shown.shape.title
        self._focus = dpg.draw_rectangle(
            ((box[0] + 2) * z, box[1] * z), ((box[2] - 2) * z, box[3] * z), color=self.theme.focus, fill=CLEAR,
            rounding=4 * z, thickness=1.5, parent=self.group,
        )  # fmt: skip

    def dim_pins(self, fit: frozenset[Pin] | None) -> None:
        """Dim all pins except those that fit a wire; None restores all."""
        for (port, output), (tag, fill, edge) in self._pins.items():
            bright = 1.0 if fit is None or Pin(self.shown.visual.id, port, output) in fit else 0.18
            dpg.configure_item(tag, fill=faded(fill, bright), color=faded(edge, bright))


class _ValueItems:
    """The draw items of a value: slider, choice, toggle or text."""

    def __init__(self, node: NodeItems, row: NodeRow, value: ValueVisual, box: geo.Box) -> None:
        self.node, self.row = node, row
        z = node.zoom
        self.box = tuple(v * z for v in box)
        theme = node.theme
        left, top, right, bottom = self.box
        ground = theme.control if value.kind == "choice" else theme.track
        node._box((left, top), (right, bottom), ground, 3.5 * z)
        self.fill: Tag | None = None
        self.bars: list[Tag] = []
        self.lanes: tuple[float, ...] = ()
        if value.kind == "slider":
            self.fill = node._box((left, top), (left, bottom), theme.fill, 3.5 * z)
        elif value.kind == "live":
            kind = row.pin.kind if row.pin else "signal"
            self.fill = node._box((left, bottom - 3 * z), (left, bottom), theme.kinds.get(kind, theme.fill), 1.5 * z)
        elif value.kind == "toggle":
            self.fill = node._box((0, 0), (0, 0), theme.control, 3 * z)
        self.pad = 7.0 * z
        self.size = FONT * z
        self.y = top + (bottom - top - self.size) / 2 - 0.5 * z
        self.label = node._text((left + self.pad, self.y), "", self.size, theme.faint)
        self.text = node._text((left, self.y), "", self.size, theme.title_text if theme.node[0] < 128 else theme.text)
        self.written = ""
        if value.kind == "choice":
            x, y, r = right - 9 * z, (top + bottom) / 2, 3.2 * z
            dpg.draw_triangle(
                (x - r, y - r * 0.6), (x + r, y - r * 0.6), (x, y + r * 0.8), fill=theme.faint, color=CLEAR,
                parent=node.group,
            )  # fmt: skip
        self.show(value)

    def show(self, value: ValueVisual) -> None:
        left, top, right, bottom = self.box
        theme, z = self.node.theme, self.node.zoom
        if value.kind == "slider" and self.fill is not None:
            x = left + (right - left) * min(max(value.position, 0.0), 1.0)
            dpg.configure_item(self.fill, pmax=(x, bottom), show=x > left + 0.5)
        elif value.kind == "live" and self.fill is not None:
            x = left + (right - left) * min(max(value.position, 0.0), 1.0)
            dpg.configure_item(self.fill, pmax=(x, bottom), show=value.position >= 0.0)
            self._show_lanes(value.lanes)
        if value.kind == "toggle" and self.fill is not None:
            side = bottom - top - 6 * z
            box = ((right - 5 * z - side, top + 3 * z), (right - 5 * z, top + 3 * z + side))
            on = theme.accent if value.text == "on" else theme.control_hover
            dpg.configure_item(self.fill, pmin=box[0], pmax=box[1], fill=on)
            self._write(value.mark, side + 10 * z)
            return
        text = f"{value.mark}  {value.text}" if value.mark else value.text
        self._write(text, 18.0 * z if value.kind == "choice" else self.pad)
        if value.kind == "live":
            dpg.configure_item(self.text, color=theme.kinds.get(self.row.pin.kind if self.row.pin else "", theme.text))
        elif value.mark:
            dpg.configure_item(self.text, color=theme.warn)

    def _show_lanes(self, lanes: tuple[float, ...]) -> None:
        """Draw the bars of several lanes; only those that changed are moved."""
        left, _, right, bottom = self.box
        z = self.node.zoom
        step = (right - left) / max(len(lanes), 1)
        if len(lanes) != len(self.bars):
            for tag in self.bars:
                dpg.delete_item(tag)
            colour = self.node.theme.kinds.get(self.row.pin.kind if self.row.pin else "signal", self.node.theme.fill)
            self.bars = [self.node._box((0, 0), (0, 0), colour) for _ in lanes]
            self.lanes = (-1.0,) * len(lanes)
        for i, (tag, height, before) in enumerate(zip(self.bars, lanes, self.lanes)):
            if height != before:
                x, high = left + i * step, max(LANE_BARS * z * height, 1.0)
                dpg.configure_item(tag, pmin=(x, bottom - high), pmax=(x + max(step - 1.5 * z, 1.0), bottom))
        self.lanes = lanes

    def _write(self, text: str, from_right: float) -> None:
        if text == self.written and text:
            return
        self.written = text
        left, _, right, _ = self.box
        room = right - left - self.pad - from_right
        if self.size < READABLE:
            return
        shown = ellipsize(supported_text(text), self.size, 0.72 * room)
        wide = width(shown, self.size)
        dpg.configure_item(self.text, text=shown, pos=(right - from_right - wide, self.y))
        label = ellipsize(supported_text(self.row.label), self.size, max(room - wide - self.pad, 0.0))
        dpg.configure_item(self.label, text=label)


def pin_mark(parent: Tag, at: geo.Point, kind: str, zoom: float, fill: Colour, edge: Colour) -> Tag:
    """Draw a pin in the shape of its kind.

    Circle: signal; square: spectrum; diamond: magnitude; triangle: phase; hexagon: latent; arrow: events.
    """
    x, y = at
    r, thick = geo.PIN * zoom, max(1.6 * zoom, 1.0)
    if kind == "signal":
        return dpg.draw_circle(at, r, fill=fill, color=edge, thickness=thick, parent=parent)
    if kind == "spectrum":
        box = ((x - r, y - r), (x + r, y + r))
        return dpg.draw_rectangle(*box, fill=fill, color=edge, rounding=1.0, thickness=thick, parent=parent)
    corners = {"magnitude": (4, 0.0), "phase": (3, -math.pi / 2), "latent": (6, 0.0), "events": (3, 0.0)}
    count, turn = corners.get(kind, (5, -math.pi / 2))
    r *= 1.25
    ring = [
        (x + r * math.cos(turn + 2 * math.pi * i / count), y + r * math.sin(turn + 2 * math.pi * i / count))
        for i in range(count + 1)
    ]
    return dpg.draw_polygon(ring, fill=fill, color=edge, thickness=thick, parent=parent)
