"""The scene: the visuals on the canvas, their positions, and hit testing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..events import NodeAt, NoteAt, Over
from ..view import Camera, NodeVisual, NoteVisual, Pin, Point, ValueVisual, WireKey, WireVisual
from . import geometry as geo
from .routing import Obstacles, Route, Router

EDITED = ("curve", "steps")  # displays that are changed with the mouse


@dataclass
class SceneNode:
    """A node on the canvas. ``at`` is its current position, also during a drag."""

    visual: NodeVisual
    shape: geo.Shape
    at: Point

    @property
    def box(self) -> geo.Box:
        width, height = self.shape.size
        return (self.at[0], self.at[1], self.at[0] + width, self.at[1] + height)


@dataclass
class SceneSelection:
    """The marked items. ``focus`` is the pin or row with keyboard focus."""

    nodes: frozenset[str] = frozenset()
    wires: frozenset[WireKey] = frozenset()
    notes: frozenset[str] = frozenset()
    focus: Pin | None = None


@dataclass
class Scene:
    """All visuals by id, in drawing order."""

    nodes: dict[str, SceneNode] = field(default_factory=dict)
    wires: dict[WireKey, WireVisual] = field(default_factory=dict)
    notes: dict[str, NoteVisual] = field(default_factory=dict)
    selection: SceneSelection = field(default_factory=SceneSelection)
    camera: Camera = field(default_factory=Camera)
    size: Point = (1280.0, 720.0)  # of the canvas, in screen pixels
    scale: float = 1.0  # of the whole interface
    _routes: dict[WireKey, Route] = field(default_factory=dict)
    _unsettled: bool = False  # blocks, comments or wires have changed since the wires were led around them

    # -- camera --------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per canvas point."""
        return self.camera.zoom * self.scale

    def to_canvas(self, screen: Point) -> Point:
        """Convert screen pixels of the canvas to a canvas point."""
        zoom = self.zoom
        return (screen[0] / zoom + self.camera.x, screen[1] / zoom + self.camera.y)

    def to_screen(self, at: Point) -> Point:
        """Convert a canvas point to screen pixels of the canvas."""
        zoom = self.zoom
        return ((at[0] - self.camera.x) * zoom, (at[1] - self.camera.y) * zoom)

    @property
    def seen(self) -> geo.Box:
        """The visible part of the canvas."""
        return (*self.to_canvas((0.0, 0.0)), *self.to_canvas(self.size))

    # -- changes -------------------------------------------------------------------------------------------

    def show_node(self, visual: NodeVisual) -> SceneNode:
        """Add a node, or replace its visual."""
        shown = SceneNode(visual, geo.shape(visual), visual.at)
        self.nodes[visual.id] = shown
        self.invalidate_wires(visual.id)
        return shown

    def show_note(self, visual: NoteVisual) -> None:
        """Add a comment or an area, or replace its visual."""
        self.notes[visual.id] = visual
        self._unsettled = True

    def hide_note(self, id: str) -> None:
        self.notes.pop(id, None)
        self._unsettled = True

    def hide_node(self, id: str) -> None:
        self.nodes.pop(id, None)
        self.invalidate_wires(id)

    def place_node(self, id: str, at: Point) -> None:
        self.nodes[id].at = at
        self.invalidate_wires(id)

    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        """Replace the value in a row."""
        shown = self.nodes[node]
        rows = tuple(replace(row, value=value) if row.port == port and row.side != "out" else row
                     for row in shown.visual.rows)  # fmt: skip
        shown.visual = replace(shown.visual, rows=rows)

    def show_wire(self, visual: WireVisual) -> None:
        self.wires[visual.key] = visual
        self._routes.pop(visual.key, None)
        self._unsettled = True

    def hide_wire(self, key: WireKey) -> None:
        self.wires.pop(key, None)
        self._routes.pop(key, None)

    def invalidate_wires(self, node: str) -> None:
        """Discard the stored ways of a node's wires."""
        self._unsettled = True
        for key in [key for key in self._routes if self._touches(key, node)]:
            del self._routes[key]

    @staticmethod
    def _touches(key: WireKey, node: str) -> bool:
        return key[0].partition(".")[0] == node or key[1].partition(".")[0] == node

    def wires_of(self, node: str) -> list[WireKey]:
        return [key for key in self.wires if self._touches(key, node)]

    # -- places --------------------------------------------------------------------------------------------

    def pin_at(self, pin: Pin) -> Point | None:
        """Return the position of a pin, or None if it is not displayed."""
        shown = self.nodes.get(pin.node)
        place = shown.shape.pins.get((pin.port, pin.output)) if shown else None
        return None if place is None or shown is None else (shown.at[0] + place[0], shown.at[1] + place[1])

    def _wire_end(self, pin: Pin) -> Point | None:
        """Return the position of a pin; a port that the node does not have is at the side of its title."""
        shown = self.nodes.get(pin.node)
        if shown is None or (pin.port, pin.output) in shown.shape.pins:
            return self.pin_at(pin)
        left, top, right, bottom = shown.shape.title
        return (shown.at[0] + (right if pin.output else left), shown.at[1] + (top + bottom) / 2.0)

    def route(self, key: WireKey) -> Route | None:
        """Return the way of a wire, or None if one of its ends is not displayed."""
        route = self._routes.get(key)
        if route is None and key in self.wires:
            ends = self._ends(key)
            if ends is not None:
                route = self._routes[key] = Route(geo.points(*ends))
        return route

    def _ends(self, key: WireKey) -> tuple[Point, Point] | None:
        visual = self.wires[key]
        start, end = self._wire_end(visual.start), self._wire_end(visual.end)
        return (start, end) if start is not None and end is not None else None

    def wire_points(self, key: WireKey) -> list[Point] | None:
        """Return the points along a wire, or None if one of its ends is not displayed."""
        route = self.route(key)
        return route.points if route is not None else None

    def _router(self) -> Router:
        """Return a router around the blocks, comments and titles of areas."""
        texts = [self.text_box(id) for id in self.notes]
        return Router(Obstacles([*(shown.box for shown in self.nodes.values()), *texts]), Obstacles(texts))

    def settle(self) -> set[WireKey]:
        """Lead the wires around what has moved or appeared; return those whose way has changed."""
        if not self._unsettled:
            return set()
        self._unsettled = False
        ends = {key: found for key in self.wires if (found := self._ends(key)) is not None}
        if not ends:
            return set()
        before, router = dict(self._routes), self._router()
        blocked = router.obstacles.hit_by(np.array([geo.curve(*pair) for pair in ends.values()], float))
        around = [key for key, is_blocked in zip(ends, blocked) if is_blocked]
        for key in ends.keys() - set(around):
            route = self._routes.get(key)
            if route is None or not (route.direct and route.free):
                self._routes[key] = Route(geo.points(*ends[key]))
        stays = [key for key in around if self._still_free(before.get(key), ends[key], router.obstacles)]
        for key in stays:
            router.keep(before[key])
        for key in sorted(set(around) - set(stays), key=lambda key: (math.dist(*ends[key]), key)):
            self._routes[key] = router.route(*ends[key])
        return {key for key in ends if self._routes.get(key) != before.get(key)}

    @staticmethod
    def _still_free(route: Route | None, ends: tuple[Point, Point], obstacles: Obstacles) -> bool:
        if route is None or route.direct or (route.corners[0], route.corners[-1]) != ends:
            return False
        return route.free and not obstacles.crossed(route.corners)

    def kind_of(self, pin: Pin) -> str:
        """Return the kind of a pin."""
        shown = self.nodes.get(pin.node)
        for row in shown.visual.rows if shown else ():
            if row.port == pin.port and row.pin and (row.side == "out") == pin.output:
                return row.pin.kind
        return "signal"

    def note_box(self, id: str) -> geo.Box:
        note = self.notes[id]
        width, height = geo.note_size(note)
        return (note.at[0], note.at[1], note.at[0] + width, note.at[1] + height)

    def text_box(self, id: str) -> geo.Box:
        """Return the box of a comment, or of the title of an area."""
        note, (left, top, right, bottom) = self.notes[id], self.note_box(id)
        if note.size is None:
            return left, top, right, bottom
        wide = geo.text_width(note.text.partition("\n")[0], geo.NOTE_SIZE) + 2 * geo.EDGE if note.text else 0.0
        return left, top, min(left + wide, right), min(top + geo.TITLE, bottom)

    # -- hit testing ---------------------------------------------------------------------------------------

    def item_at(self, at: Point) -> Over:
        """Return the topmost item at a canvas point: pin, node, comment, wire or area; None for the empty canvas."""
        return (
            self.pin_near(at)
            or self.node_at(at)
            or self.note_at(at, False)
            or self.wire_near(at)
            or self.note_at(at, True)
        )

    def pin_near(self, at: Point) -> Pin | None:
        """Return the pin nearest to a point within reach, or None."""
        best, nearest = None, geo.REACH / min(self.zoom, 1.0)
        for id, shown in self.nodes.items():
            x, y = at[0] - shown.at[0], at[1] - shown.at[1]
            width, height = shown.shape.size
            if not (-nearest <= x <= width + nearest and -nearest <= y <= height + nearest):
                continue
            for (port, output), (px, py) in shown.shape.pins.items():
                far = max(abs(px - x), abs(py - y))
                if far <= nearest:
                    best, nearest = Pin(id, port, output), far
        return best

    def node_at(self, at: Point) -> NodeAt | None:
        """Return the topmost node at a point with the port of its row, or None."""
        for id, shown in reversed(self.nodes.items()):
            if geo.inside(shown.box, at):
                place = shown.shape.row_at((at[0] - shown.at[0], at[1] - shown.at[1]))
                return NodeAt(id, place.row.port if place else "")
        return None

    def curve_place(self, id: str, at: Point, inside: bool = False) -> Point | None:
        """Return a canvas point relative to the curve or bars of a node, 0…1 from the lower left; None without them.

        ``inside``: also None for a point outside of them.
        """
        shown = self.nodes.get(id)
        is_edited = shown is not None and shown.visual.display in EDITED and not shown.visual.folded
        box = shown.shape.display if shown and is_edited else None
        if shown is None or box is None:
            return None
        x, y = at[0] - shown.at[0], at[1] - shown.at[1]
        if inside and not geo.inside(box, (x, y)):
            return None
        return (x - box[0]) / (box[2] - box[0]), (box[3] - y) / (box[3] - box[1])

    def wire_near(self, at: Point) -> WireKey | None:
        """Return the wire nearest to a point within reach, or None."""
        best, nearest = None, geo.WIRE_REACH / min(self.zoom, 1.0)
        for key in self.wires:
            route = self.route(key)
            if route is None:
                continue
            left, top, right, bottom = route.box
            if not (left - nearest <= at[0] <= right + nearest and top - nearest <= at[1] <= bottom + nearest):
                continue
            far = geo.distance(at, route.points)
            if far <= nearest:
                best, nearest = key, far
        return best

    def note_at(self, at: Point, frames: bool) -> NoteAt | None:
        """Return the comment (if ``frames``, the area) at a point. Areas are hit by their title and corner only."""
        for id, note in reversed(self.notes.items()):
            if (note.size is not None) != frames:
                continue
            box = self.note_box(id)
            if not geo.inside(box, at):
                continue
            if not frames:
                return NoteAt(id)
            if at[0] > box[2] - geo.CORNER and at[1] > box[3] - geo.CORNER:
                return NoteAt(id, corner=True)
            if at[1] < box[1] + geo.TITLE:
                return NoteAt(id)
        return None

    def value_at(self, at: Point) -> tuple[NodeAt, geo.RowPlace] | None:
        """Return the row whose slider, choice or text is at a point, or None."""
        under = self.node_at(at)
        if under is None or not under.port:
            return None
        shown = self.nodes[under.id]
        inner = (at[0] - shown.at[0], at[1] - shown.at[1])
        place = shown.shape.row_at(inner)
        return (under, place) if place and place.value and geo.inside(place.value, inner) else None

    def tip(self, over: Over) -> str:
        """Return the tooltip of an item: the description of a pin or row, or the problem of a node."""
        shown = self.nodes.get(over.node if isinstance(over, Pin) else over.id if isinstance(over, NodeAt) else "")
        if shown is None:
            return ""
        if isinstance(over, Pin):
            rows = (r for r in shown.visual.rows if r.port == over.port and r.pin and (r.side == "out") == over.output)
            return next((row.pin.tip or row.tip for row in rows if row.pin), "")
        if isinstance(over, NodeAt) and over.port:
            return next((row.tip for row in shown.visual.rows if row.port == over.port), "")
        return shown.visual.badge or shown.visual.tip

    def value_of(self, node: str, port: str) -> ValueVisual | None:
        """Return the displayed value of a row."""
        return next((r.value for r in self.nodes[node].visual.rows if r.port == port and r.side != "out"), None)
