"""What the hand does, as the view reports it: every event is a small value given to ``Presenter.handle``.

Places are canvas points (pixels at zoom 1) unless said otherwise. ``over`` is what lies under the pointer:
a :class:`~.view.Pin`, a :class:`NodeAt`, a wire's key, a :class:`NoteAt` or None for the bare canvas.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .view import Pin, Point, WireKey


@dataclass(frozen=True)
class NodeAt:
    """A node under the pointer; ``port`` where the pointer is on the row of a port or setting."""

    id: str
    port: str = ""


@dataclass(frozen=True)
class NoteAt:
    """A comment or a frame under the pointer; ``corner`` where it is the corner that resizes a frame."""

    id: str
    corner: bool = False


Over = Pin | NodeAt | NoteAt | WireKey | None


class Event:
    """Base of all events."""


@dataclass(frozen=True)
class Key(Event):
    """A key went down (or repeats): ``"n"``, ``"ctrl+shift+z"``, ``"f1"``, ``"delete"``, ``"left"``, ``"enter"``.

    Modifiers in the order ctrl, shift, alt. ``typing`` says that a text field has the focus: then only
    "escape" and, in the palette, "up", "down", "pageup", "pagedown", "enter" and "tab" need to be sent.
    """

    name: str
    typing: bool = False


@dataclass(frozen=True)
class KeyReleased(Event):
    """A key that went down came up, without its modifiers: ``"z"``. Also when the window or a text field takes the
    keyboard away: then nothing is held any more."""

    name: str


@dataclass(frozen=True)
class Pointer(Event):
    """The pointer moved to ``at``, or what is under it changed. Sent at most once a frame."""

    at: Point
    over: Over = None


@dataclass(frozen=True)
class Click(Event):
    """A button was released where it went down. ``button``: "left", "right", "middle".

    On the row of a value a double click means to type, a right one its menu.
    """

    at: Point
    over: Over = None
    button: str = "left"
    double: bool = False
    shift: bool = False
    ctrl: bool = False


@dataclass(frozen=True)
class BoxSelect(Event):
    """A rectangle was drawn on the bare canvas."""

    first: Point
    second: Point
    add: bool = False


@dataclass(frozen=True)
class NodesMoved(Event):
    """The button was released after nodes were dragged: new places of all that moved.

    ``onto`` is the wire on which a single node was dropped, if it was.
    """

    places: dict[str, Point]
    onto: WireKey | None = None


@dataclass(frozen=True)
class NoteMoved(Event):
    """A comment or frame was dragged, or resized by its corner (``size``)."""

    id: str
    at: Point
    size: Point | None = None


@dataclass(frozen=True)
class WireDrag(Event):
    """A wire is being drawn from ``start`` (either side); sent when ``over`` changes and when it is ``dropped``.

    Dropped with ``over=None`` means on the bare canvas.
    """

    start: Pin
    at: Point
    over: Pin | None = None
    dropped: bool = False


@dataclass(frozen=True)
class WireCut(Event):
    """A wire was pulled off."""

    key: WireKey


@dataclass(frozen=True)
class Slide(Event):
    """A slider of a node is being dragged. ``position`` 0…1 is where the pointer is on it (not held to it: it may
    lie beyond), ``fine`` says that Shift is held, ``done`` that the button was released."""

    node: str
    port: str
    position: float
    fine: bool = False
    done: bool = False


@dataclass(frozen=True)
class SetValue(Event):
    """A choice, toggle or text of a node got another value: an option's text, a bool, or typed text."""

    node: str
    port: str
    value: Any


@dataclass(frozen=True)
class PromptAnswered(Event):
    """Answer to ``ask_value`` or ``ask_file``; None: given up."""

    key: str
    text: str | Path | None


@dataclass(frozen=True)
class MenuPicked(Event):
    """An entry of a menu was picked."""

    command: str
    argument: Any = None


@dataclass(frozen=True)
class PaletteTyped(Event):
    """The text in the palette's field is now this."""

    text: str


@dataclass(frozen=True)
class PaletteChosen(Event):
    """An entry of the palette was clicked (or dragged to a place ``at``, if given)."""

    index: int
    at: Point | None = None


@dataclass(frozen=True)
class PanelEvent(Event):
    """Something happened to an item of a panel.

    ``value`` by kind: button None, slider and fader a position 0…1, toggle a bool, entry a text, choice the chosen
    text, table ``(row, column)``. ``done`` is False while a slider is being dragged.
    """

    panel: str
    item: str
    value: Any = None
    done: bool = True


@dataclass(frozen=True)
class PanelClosed(Event):
    """The user closed a panel."""

    panel: str


@dataclass(frozen=True)
class ProbeClosed(Event):
    """The user closed the window of a pinned probe."""

    key: str


@dataclass(frozen=True)
class Wheel(Event):
    """The wheel turned on the canvas; steps > 0 zoom in at ``at``."""

    steps: float
    at: Point


@dataclass(frozen=True)
class CameraMoved(Event):
    """The view was panned by hand: ``x``, ``y`` as of :class:`~.view.Camera`."""

    x: float
    y: float


@dataclass(frozen=True)
class Resized(Event):
    """The canvas has this size in screen pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class PathPicked(Event):
    """A name of the breadcrumb was clicked."""

    index: int


@dataclass(frozen=True)
class FilesDropped(Event):
    """Files were dragged onto the window."""

    paths: tuple[Path, ...]
    at: Point


@dataclass(frozen=True)
class CloseRequested(Event):
    """The window's close button. The presenter calls ``View.quit`` when nothing would be lost."""
