"""Mouse gestures on the canvas: a state machine that turns mouse input into events, without a window.

The item under the pointer at a press determines the gesture. A gesture draws by changing :class:`Scene` and its own
public fields, and sends events to the presenter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..events import (
    BoxSelect,
    CameraMoved,
    Click,
    CurveClick,
    CurveDrag,
    Event,
    NodeAt,
    NodesMoved,
    NoteAt,
    NoteMoved,
    Over,
    Pointer,
    SetValue,
    Slide,
    Wheel,
    WireCut,
    WireDrag,
)
from ..view import Pin, Point, WireKey
from . import geometry as geo
from .minimap import Minimap
from .scene import Scene

DRAG_THRESHOLD = 3.0  # pixels of movement that turn a click into a drag


@dataclass(frozen=True)
class Modifiers:
    """The held modifier keys."""

    shift: bool = False
    ctrl: bool = False


@dataclass(frozen=True)
class FieldRequest:
    """A click on a value that is chosen or typed: the view opens a list or a field for it."""

    node: str
    port: str
    kind: str


class Gestures:
    """The gesture in progress. Receives screen pixels, sends events; ``ask_field`` opens the field of a row.

    During a drag, ``moving`` are the dragged nodes, ``ghost`` is the wire being drawn (from a pin to a canvas point),
    ``band`` the selection rectangle, ``drop_wire`` the wire into which a dropped node would be inserted.
    """

    def __init__(
        self, scene: Scene, minimap: Minimap, send: Callable[[Event], None], ask_field: Callable[[FieldRequest], None]
    ) -> None:
        self.scene, self.minimap = scene, minimap
        self._send, self._ask_field = send, ask_field
        self.band: geo.Box | None = None
        self.ghost: tuple[Pin, Point] | None = None
        self.moving: frozenset[str] = frozenset()
        self.drop_wire: WireKey | None = None
        self.pulled: WireKey | None = None
        self.redraw: Callable[[], None] = lambda: None
        self.button = ""
        self._pressed: Point = (0.0, 0.0)  # in screen pixels
        self._from: Point = (0.0, 0.0)  # the same point on the canvas
        self._over: Over = None
        self.double = False
        self._held = Modifiers()
        self._drag: Callable[[Point], None] | None = None
        self._drop: Callable[[Point], None] | None = None
        self._undrag: Callable[[], None] | None = None  # called if the gesture is cancelled
        self._last: tuple[Point, Over] | None = None
        self._target: Pin | None = None
        self._starts: dict[str, Point] = {}

    @property
    def active(self) -> bool:
        """Whether a button is down."""
        return bool(self.button)

    # -- mouse input ---------------------------------------------------------------------------------------

    def press(self, button: str, screen: Point, held: Modifiers, double: bool = False) -> None:
        """Handle a button press on the canvas. A second button is ignored while one is down."""
        if self.button:
            return
        self.button, self._pressed, self._held, self.double = button, screen, held, double
        self._from = self.scene.to_canvas(screen)
        self._over = self.scene.item_at(self._from)
        self._drag = self._drop = None
        if button == "left" and self.minimap.inside(screen):
            self._drag = self._drop = self._navigate_minimap
            self._navigate_minimap(screen)

    def move(self, screen: Point, held: Modifiers) -> None:
        """Handle the pointer position; called once per frame."""
        self._held = held
        if not self.button:
            at = self.scene.to_canvas(screen)
            over = None if self.minimap.inside(screen) else self.scene.item_at(at)
            if (at, over) != self._last:
                self._last = (at, over)
                self._send(Pointer(at, over))
            return
        if self._drag is None and self._moved_enough(screen):
            self._begin()
        if self._drag is not None:
            self._drag(screen)

    def release(self, button: str, screen: Point, held: Modifiers) -> None:
        """Handle a button release."""
        if button != self.button:
            return
        self._held = held
        if self._drag is None and self._moved_enough(screen):
            self._begin()
        self.button = ""
        if self._drop is not None:
            self._drop(screen)
        else:
            self._click(button)
        self._end()

    def wheel(
        self, steps: float, screen: Point, across: float = 0.0, smooth: bool = False, held: Modifiers | None = None
    ) -> None:
        """Handle the mouse wheel, or two fingers on a touchpad (``smooth``)."""
        if not self.button:
            held = held or Modifiers()
            self._send(Wheel(steps, self.scene.to_canvas(screen), across, smooth, held.ctrl, held.shift))

    def cancel(self) -> None:
        """Cancel the gesture and restore all positions."""
        for id, at in self._starts.items():
            if id in self.scene.nodes:
                self.scene.place_node(id, at)
        if self.ghost is not None:
            start = self.ghost[0]
            self._send(WireDrag(start, self.ghost[1], start, dropped=True))
        if self._undrag is not None:
            self._undrag()
        self.button = ""
        self._end()

    def leave(self) -> None:
        """Report that the pointer left the canvas."""
        if not self.button and self._last is not None and self._last[1] is not None:
            at = self._last[0]
            self._last = (at, None)
            self._send(Pointer(at, None))

    # -- choosing the gesture ------------------------------------------------------------------------------

    def _moved_enough(self, screen: Point) -> bool:
        return abs(screen[0] - self._pressed[0]) > DRAG_THRESHOLD or abs(screen[1] - self._pressed[1]) > DRAG_THRESHOLD

    def _begin(self) -> None:
        """Start the drag that belongs to the pressed item."""
        if self.button != "left":
            camera = self.scene.camera
            self._origin = (camera.x, camera.y)
            self._drag = self._drop = self._pan
        elif isinstance(self._over, Pin):
            self._begin_wire(self._over)
        elif isinstance(self._over, NodeAt):
            value = self.scene.value_at(self._from)
            if value and value[1].row.value and self._kind_now(value[0]) == "slider":
                self._begin_slide(value[0], value[1])
            elif self.scene.curve_place(self._over.id, self._from, True) is not None:
                self._begin_curve(self._over.id)
            else:
                self._begin_move(self._over.id)
        elif isinstance(self._over, NoteAt):
            self._begin_note(self._over)
        else:
            self._drag, self._drop = self._draw_band, self._drop_band

    def _kind_now(self, at: NodeAt) -> str:
        value = self.scene.value_of(at.id, at.port)
        return value.kind if value else ""

    def _click(self, button: str) -> None:
        over, shift, ctrl = self._over, self._held.shift, self._held.ctrl
        value = self.scene.value_at(self._from) if isinstance(over, NodeAt) and button == "left" else None
        kind = self._kind_now(value[0]) if value and not (shift or ctrl) else ""
        if value and kind == "toggle":
            visual = self.scene.value_of(value[0].id, value[0].port)
            self._send(SetValue(value[0].id, value[0].port, not (visual and visual.text == "on")))
        elif value and kind in ("choice", "text", "file"):
            self._ask_field(FieldRequest(value[0].id, value[0].port, kind))
        else:
            click = Click(self._from, over, button, self.double, shift, ctrl)
            place = self.scene.curve_place(over.id, self._from, True) if isinstance(over, NodeAt) else None
            is_edit = place is not None and (button == "right" or (button == "left" and self.double))
            self._send(CurveClick(over.id, place, click) if is_edit else click)  # type: ignore[union-attr, arg-type]

    def _end(self) -> None:
        self.band = self.ghost = self.drop_wire = self.pulled = self._target = None
        self.moving, self._starts = frozenset(), {}
        self._drag = self._drop = self._undrag = None
        self._last = None
        self.redraw()

    # -- the gestures --------------------------------------------------------------------------------------

    def _navigate_minimap(self, screen: Point) -> None:
        """Centre the camera on the pointer's place in the minimap."""
        self._send(CameraMoved(*self.minimap.camera_for(screen, self.scene)))

    def _pan(self, screen: Point) -> None:
        zoom = self.scene.zoom
        x = self._origin[0] - (screen[0] - self._pressed[0]) / zoom
        y = self._origin[1] - (screen[1] - self._pressed[1]) / zoom
        self._send(CameraMoved(x, y))

    def _draw_band(self, screen: Point) -> None:
        self.band = geo.box_between(self._from, self.scene.to_canvas(screen))
        self.redraw()

    def _drop_band(self, screen: Point) -> None:
        self._send(BoxSelect(self._from, self.scene.to_canvas(screen), self._held.shift or self._held.ctrl))

    def _begin_slide(self, at: NodeAt, place: geo.RowPlace) -> None:
        assert place.value is not None
        left = self.scene.nodes[at.id].at[0] + place.value[0]
        width = place.value[2] - place.value[0]

        def slide(screen: Point, finished: bool = False) -> None:
            position = (self.scene.to_canvas(screen)[0] - left) / width
            self._send(Slide(at.id, at.port, position, self._held.shift, finished))

        slide(self._pressed)  # the first event sets the reference of the drag, so the value does not jump
        self._drag, self._drop = slide, lambda screen: slide(screen, True)

    def _begin_curve(self, id: str) -> None:
        start = self.scene.curve_place(id, self._from)
        if start is None:
            return

        def drag(screen: Point, done: bool = False) -> None:
            place = self.scene.curve_place(id, self.scene.to_canvas(screen))
            self._send(CurveDrag(id, start, place or start, done))

        self._drag, self._drop = drag, lambda screen: drag(screen, True)
        self._undrag = lambda: self._send(CurveDrag(id, start, start, True))

    def _begin_move(self, id: str) -> None:
        if id not in self.scene.selection.nodes:
            self._send(Click(self._from, NodeAt(id), "left", False, self._held.shift, self._held.ctrl))
        chosen = self.scene.selection.nodes if id in self.scene.selection.nodes else frozenset({id})
        self.moving = frozenset(chosen & self.scene.nodes.keys())
        self._starts = {one: self.scene.nodes[one].at for one in self.moving}
        self._drag, self._drop = self._move_nodes, self._drop_nodes

    def _shift(self, screen: Point) -> None:
        at = self.scene.to_canvas(screen)
        dx, dy = at[0] - self._from[0], at[1] - self._from[1]
        for id, (x, y) in self._starts.items():
            if id in self.scene.nodes:
                self.scene.place_node(id, (x + dx, y + dy))

    def _move_nodes(self, screen: Point) -> None:
        self._shift(screen)
        self.drop_wire = self._wire_below()
        self.redraw()

    def _wire_below(self) -> WireKey | None:
        """Return the wire under a single dragged node without wires, or None."""
        if len(self.moving) != 1:
            return None
        (id,) = self.moving
        if id not in self.scene.nodes or self.scene.wires_of(id):
            return None
        box = self.scene.nodes[id].box
        for key in self.scene.wires:
            line = self.scene.wire_points(key)
            if line and any(geo.inside(box, point) for point in line[2:-2]):
                return key
        return None

    def _drop_nodes(self, screen: Point) -> None:
        self._shift(screen)
        places = {id: self.scene.nodes[id].at for id in self.moving if id in self.scene.nodes}
        self._send(NodesMoved(places, self._wire_below()))

    def _begin_note(self, note: NoteAt) -> None:
        visual = self.scene.notes[note.id]
        self._visual = visual
        if note.corner:
            self._drag, self._drop = self._resize_note, lambda screen: self._resize_note(screen, True)
            return
        box = self.scene.note_box(note.id)
        held = visual.size is not None
        inner = [id for id, shown in self.scene.nodes.items() if held and _holds(box, shown.box)]
        self.moving = frozenset(inner)
        self._starts = {id: self.scene.nodes[id].at for id in inner}
        self._drag, self._drop = self._move_note, lambda screen: self._move_note(screen, True)

    def _move_note(self, screen: Point, finished: bool = False) -> None:
        self._shift(screen)
        at = self.scene.to_canvas(screen)
        x = self._visual.at[0] + at[0] - self._from[0]
        y = self._visual.at[1] + at[1] - self._from[1]
        self.scene.notes[self._visual.id] = replace(self._visual, at=(x, y))
        self.redraw()
        if finished:
            self._send(NoteMoved(self._visual.id, (x, y)))

    def _resize_note(self, screen: Point, finished: bool = False) -> None:
        at = self.scene.to_canvas(screen)
        size = (max(at[0] - self._visual.at[0], 60.0), max(at[1] - self._visual.at[1], 40.0))
        self.scene.notes[self._visual.id] = replace(self._visual, size=size)
        self.redraw()
        if finished:
            self._send(NoteMoved(self._visual.id, self._visual.at, size))

    def _begin_wire(self, pin: Pin) -> None:
        """Start drawing a wire from a pin. A wired input releases its wire, unless Shift is held."""
        arriving = [key for key in self.scene.wires if key[1] == pin.end]
        if not pin.output and arriving and not self._held.shift:
            self.pulled = arriving[-1]
            pin = self.scene.wires[self.pulled].start
        self.ghost = (pin, self._from)
        self._target = pin if self.pulled is None else None
        self._drag, self._drop = self._draw_wire, self._drop_wire

    def _pin_for_wire(self, at: Point) -> Pin | None:
        """Return the pin for the end of the wire: the nearest in reach, else that of the row under the pointer."""
        assert self.ghost is not None
        start = self.ghost[0]
        pin = self.scene.pin_near(at)
        if pin is None:
            node = self.scene.node_at(at)
            shown = self.scene.nodes[node.id] if node else None
            if node and shown and (node.port, not start.output) in shown.shape.pins:
                pin = Pin(node.id, node.port, not start.output)
        return None if pin == start else pin

    def _draw_wire(self, screen: Point) -> None:
        assert self.ghost is not None
        at = self.scene.to_canvas(screen)
        start = self.ghost[0]
        over = self._pin_for_wire(at)
        self.ghost = (start, at)
        self.redraw()
        if over != self._target:
            self._target = over
            self._send(WireDrag(start, at, over))

    def _drop_wire(self, screen: Point) -> None:
        assert self.ghost is not None
        at = self.scene.to_canvas(screen)
        start, over, pulled = self.ghost[0], self._pin_for_wire(at), self.pulled
        self.ghost = None
        if pulled is not None:
            if over is not None and over.end == pulled[1]:
                over = start  # reconnected to the same input
            else:
                self._send(WireCut(pulled))
                over = over or start  # a wire dropped on the empty canvas is deleted without opening the palette
        elif over is None and self.scene.node_at(at) is not None:
            over = start  # dropped on a node but not on a pin: cancelled
        self._send(WireDrag(start, at, over, dropped=True))


def _holds(outer: geo.Box, inner: geo.Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
