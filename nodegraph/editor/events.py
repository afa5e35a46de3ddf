"""Events: user input as the view reports it to ``Presenter.handle``.

Positions are canvas points (pixels at zoom 1) unless stated otherwise. ``over`` is the item under the pointer:
a :class:`~.view.Pin`, a :class:`NodeAt`, a wire's key, a :class:`NoteAt`, or None for the empty canvas.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .view import Pin, Point, WireKey


@dataclass(frozen=True)
class NodeAt:
    """A node under the pointer; ``port`` is set if the pointer is on the row of a port or setting."""

    id: str
    port: str = ""


@dataclass(frozen=True)
class NoteAt:
    """A comment or an area under the pointer; ``corner``: the pointer is on the corner that resizes an area."""

    id: str
    corner: bool = False


Over = Pin | NodeAt | NoteAt | WireKey | None


class Event:
    """Base class of all events."""


@dataclass(frozen=True)
class Key(Event):
    """A key was pressed (or repeats): ``"n"``, ``"ctrl+shift+z"``, ``"f1"``, ``"delete"``, ``"left"``, ``"enter"``.

    Names are those printed on the keys in the current layout; modifiers are in the order ctrl, shift, alt. A symbol
    has no shift: ``"{"``, ``"ctrl++"``. ``also`` are further names, for commands that are not found by ``name``.
    ``typing``: a text field has the focus; then only "escape" and, in palette and panels, "up", "down", "pageup",
    "pagedown", "enter", "tab" and "shift+tab" need to be sent. ``position`` is the name of the key at this place on a
    US keyboard, "" with ctrl or alt; None: as ``name``.
    """

    name: str
    typing: bool = False
    also: tuple[str, ...] = ()
    position: str | None = None


@dataclass(frozen=True)
class KeyReleased(Event):
    """A key was released; ``name`` is its position, as in :class:`Key`. Also sent when a text field gets the focus."""

    name: str


@dataclass(frozen=True)
class Pointer(Event):
    """The pointer moved to ``at``, or the item under it changed. Sent at most once per frame."""

    at: Point
    over: Over = None


@dataclass(frozen=True)
class Click(Event):
    """A mouse click without a drag. ``button``: "left", "right", "middle".

    On the row of a value, a double click opens a text field and a right click opens a menu.
    """

    at: Point
    over: Over = None
    button: str = "left"
    double: bool = False
    shift: bool = False
    ctrl: bool = False


@dataclass(frozen=True)
class BoxSelect(Event):
    """A selection rectangle was drawn on the empty canvas."""

    first: Point
    second: Point
    add: bool = False


@dataclass(frozen=True)
class NodesMoved(Event):
    """Nodes were dragged and dropped; ``places`` are their new positions.

    ``onto`` is the wire on which a single node was dropped, or None.
    """

    places: dict[str, Point]
    onto: WireKey | None = None


@dataclass(frozen=True)
class CurveDrag(Event):
    """The mouse is dragged in the curve or bars of a node. Points are 0…1 of these, from the lower left."""

    node: str
    start: Point
    at: Point
    done: bool = False


@dataclass(frozen=True)
class CurveClick(Event):
    """A double click or a right click in the curve or the bars of a node, at a point as in ``CurveDrag``."""

    node: str
    at: Point
    click: Click


@dataclass(frozen=True)
class NoteMoved(Event):
    """A comment or area was dragged, or an area was resized by its corner (``size``)."""

    id: str
    at: Point
    size: Point | None = None


@dataclass(frozen=True)
class WireDrag(Event):
    """A wire is being drawn from ``start`` (input or output); sent when ``over`` changes and when it is ``dropped``.

    ``over=None``: the wire was dropped on the empty canvas.
    """

    start: Pin
    at: Point
    over: Pin | None = None
    dropped: bool = False


@dataclass(frozen=True)
class WireCut(Event):
    """A wire was pulled off its input."""

    key: WireKey


@dataclass(frozen=True)
class Slide(Event):
    """A slider of a node is being dragged.

    ``position`` 0…1 is the pointer's place on the slider, not clamped. ``fine``: Shift is held. ``done``: the button
    was released.
    """

    node: str
    port: str
    position: float
    fine: bool = False
    done: bool = False


@dataclass(frozen=True)
class SetValue(Event):
    """A choice, toggle or text of a node was set; ``value`` is the text of an option, a bool, or typed text."""

    node: str
    port: str
    value: Any


@dataclass(frozen=True)
class PromptAnswered(Event):
    """Answer to ``ask_value`` or ``ask_file``; None: cancelled."""

    key: str
    text: str | Path | None


@dataclass(frozen=True)
class FileHighlighted(Event):
    """A file was highlighted in a file dialog; None: no file, or the dialog was closed."""

    path: Path | None


@dataclass(frozen=True)
class FileHeard(Event):
    """The sound of the highlighted file is to be played, or to stop."""

    stop: bool = False


@dataclass(frozen=True)
class MenuPicked(Event):
    """A menu entry was picked."""

    command: str
    argument: Any = None


@dataclass(frozen=True)
class PaletteTyped(Event):
    """The text in the palette's search field changed."""

    text: str


@dataclass(frozen=True)
class PaletteChosen(Event):
    """A palette entry was clicked, or dragged to the canvas point ``at``."""

    index: int
    at: Point | None = None


@dataclass(frozen=True)
class PanelEvent(Event):
    """An item of a panel was used.

    ``value`` by kind: button None, slider and fader a position 0…1, toggle a bool, entry a string, choice the chosen
    string, table ``(row, column)``. ``done`` is False while a slider is being dragged.
    """

    panel: str
    item: str
    value: Any = None
    done: bool = True


@dataclass(frozen=True)
class PanelMenu(Event):
    """A slider or fader of a panel was clicked with the right button."""

    panel: str
    item: str


@dataclass(frozen=True)
class PanelFocused(Event):
    """An entry of a panel has got the cursor while a panel has the keyboard."""

    panel: str
    item: str


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
    """The mouse wheel was turned over the canvas, or two fingers moved on a touchpad.

    ``steps`` > 0 zoom in at ``at``, or scroll up; ``across`` > 0 scroll left. ``smooth``: it is a touchpad, as the
    steps are fractions or go across. ``ctrl`` and ``shift`` are held.
    """

    steps: float
    at: Point
    across: float = 0.0
    smooth: bool = False
    ctrl: bool = False
    shift: bool = False


@dataclass(frozen=True)
class VolumeDragged(Event):
    """The slider of the volume in the status line was set to a position 0…1."""

    position: float


@dataclass(frozen=True)
class CameraMoved(Event):
    """The user panned the canvas; ``x``, ``y`` as in :class:`~.view.Camera`."""

    x: float
    y: float


@dataclass(frozen=True)
class Resized(Event):
    """The canvas was resized; sizes in screen pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class PathPicked(Event):
    """A name in the breadcrumb was clicked."""

    index: int


@dataclass(frozen=True)
class FilesDropped(Event):
    """Files were dragged onto the window."""

    paths: tuple[Path, ...]
    at: Point


@dataclass(frozen=True)
class CloseRequested(Event):
    """The close button of the window was clicked. The presenter calls ``View.quit`` if nothing is unsaved."""
