"""The view: its interface, and the plain data that describe how things are drawn.

A *visual* describes how one thing is drawn; showing a visual again replaces the previous one. A view stores no state
of the patch. Positions and sizes on the canvas are in pixels at zoom 1, y downwards; the view applies the camera.
All methods are called by one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Point = tuple[float, float]
WireKey = tuple[str, str]
"""Start and end of a wire: ``("osc1.out", "lp1.audio")``."""


# -- the canvas --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pin:
    """One pin of one node."""

    node: str
    port: str
    output: bool

    @property
    def end(self) -> str:
        """``"osc1.out"``."""
        return f"{self.node}.{self.port}"


@dataclass(frozen=True)
class PinVisual:
    """A pin. ``kind`` determines its colour and shape; ``count`` is written next to it.

    ``kind`` is "signal", "spectrum", "magnitude", "phase", "latent" or "events"; ``count`` is "" or, for example,
    "×8" (lanes) or "1025" (bins); ``tip`` is the tooltip. A pin without a wire is hollow.
    """

    kind: str
    count: str = ""
    tip: str = ""
    wired: bool = False


@dataclass(frozen=True)
class ValueVisual:
    """A value of an input or a setting, with its widget.

    ``kind``: "slider" (``position`` 0…1, ``text`` is written on it), "choice" (``text`` is one of ``options``),
    "toggle" (``text`` is "on" or "off"), "text" and "file" (``text`` is edited), "live" (wired and read-only;
    ``position`` 0…1 if the value has a range, else -1). ``mark`` is "" or the bound control ("CC 74"). ``lanes`` are
    the heights 0…1 of small bars, one per lane of a live value with several.
    """

    kind: str
    text: str
    position: float = -1.0
    options: tuple[str, ...] = ()
    mark: str = ""
    lanes: tuple[float, ...] = ()


@dataclass(frozen=True)
class NodeRow:
    """A row of a node: a port with its pin, a setting, or both pin and value.

    ``side`` is "in", "out" or "" (a setting, without a pin).
    """

    port: str
    side: str
    label: str
    pin: PinVisual | None = None
    value: ValueVisual | None = None
    tip: str = ""


@dataclass(frozen=True)
class NodeVisual:
    """A node. ``family`` determines its colour unless ``colour`` is "#rrggbb".

    ``display`` is "" or the kind of drawing inside the node, of ``display_size`` pixels: "wave", "spectrum",
    "spectrogram", "meter", "bars", "faders", "picture", "response", "curve", "curves", "cycle", "steps",
    "tuner"; with ``beside`` it shares its room with the outputs. ``badge`` is "" or the problem of the node.
    """

    id: str
    title: str
    family: str
    at: Point
    width: float
    rows: tuple[NodeRow, ...]
    display: str = ""
    display_size: Point = (0.0, 0.0)
    beside: bool = False
    badge: str = ""
    folded: bool = False
    subpatch: bool = False
    tip: str = ""
    colour: str = ""


@dataclass(frozen=True)
class WireVisual:
    """A wire. ``kind`` as in a pin; ``feedback`` wires are dashed, ``silent`` ones (at a placeholder) grey.

    ``broken`` ones, which have a problem and are left out, are dashed in the colour of alarms.
    """

    key: WireKey
    kind: str
    feedback: bool = False
    silent: bool = False
    broken: bool = False

    @property
    def start(self) -> Pin:
        node, _, port = self.key[0].partition(".")
        return Pin(node, port, True)

    @property
    def end(self) -> Pin:
        node, _, port = self.key[1].partition(".")
        return Pin(node, port, False)


@dataclass(frozen=True)
class NoteVisual:
    """A comment; with a ``size`` it is a coloured area behind the nodes with ``text`` as its title."""

    id: str
    text: str
    at: Point
    size: Point | None = None
    colour: str = "#8a8a8a"


@dataclass(frozen=True)
class Camera:
    """The visible part of the canvas: ``x``, ``y`` is the canvas point in the upper left corner."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True)
class Drawing:
    """Data to be drawn in a panel or a node.

    ``kind``: "wave" (``data`` is (lanes, samples), ``low``…``high`` the y axis), "spectrum" ((lanes, bins) in dB),
    "spectrogram" ((columns, bins), 0…1, oldest first), "meter" ((lanes, 2): RMS and peak in dBFS),
    "bars" ((values,), with ``names``), "response" ((curves, points) in dB, at frequencies evenly spaced on the log
    ``axis``), "curve" ((1, points) evenly spaced on the ``axis``, with ``marks``, the (x, y) that can be dragged),
    "curves" ((1 + curves, points), first their places 0…1), "steps" ((2, bars): values, and how far each is switched
    on; ``marks`` has the number of the chosen bar, ``dots`` those of the current ones), "tuner" ((1,): cents, or NaN,
    with the note in ``names``), "peaks" ((columns, 2): lowest and highest sample in each part of a sound),
    "patch" (boxes left, top, right, bottom, one for each of the ``names``, their families; then lines x, y, x, y).
    ``data`` is contiguous float64 or float32. ``text`` is written below it. ``dots`` are running dots, 0…1 from the
    lower left. ``gauge`` is the part 0…1 of a bar on the right that is full, from the top; -1 for none.
    """

    kind: str
    data: np.ndarray
    low: float = -1.0
    high: float = 1.0
    text: str = ""
    names: tuple[str, ...] = ()
    axis: tuple[float, float] | None = None  # range of the x axis, if it is not the index
    unit: str = ""  # of the x axis
    marks: tuple[Point, ...] = ()
    dots: tuple[Point, ...] = ()
    gauge: float = -1.0


# -- around the canvas -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MenuItem:
    """A menu entry that sends ``MenuPicked(command, argument)``; with ``items`` it is a submenu.

    The ``label`` "-" is a separator. ``checked`` draws a tick.
    """

    label: str
    command: str = ""
    argument: Any = None
    key: str = ""
    enabled: bool = True
    checked: bool = False
    items: tuple[MenuItem, ...] = ()


@dataclass(frozen=True)
class PaletteEntry:
    """A block or command in the palette; ``family`` determines its colour, ``hits`` are the marked letters."""

    key: str
    label: str
    family: str
    doc: str
    hits: tuple[int, ...] = ()


@dataclass(frozen=True)
class PaletteVisual:
    """The palette: a search field with ``query`` and the matching entries; ``chosen`` is an index or -1."""

    title: str
    query: str
    entries: tuple[PaletteEntry, ...]
    chosen: int = 0
    empty: str = ""


@dataclass(frozen=True)
class Card:
    """A card to click: a ``title`` and a few words below it. With ``sound`` it has a button that plays a sound.

    Its events have the value ``key``, or ``hear:KEY`` for the sound.
    """

    key: str
    title: str
    text: str = ""
    sound: bool = False


@dataclass(frozen=True)
class Item:
    """An item of a panel; its events contain ``key``.

    ``kind`` and the type of ``value``:
    "text" (str, wrapped), "code" (str, monospaced), "heading" (str), "button" (its label is ``label``; None),
    "slider" ((position 0…1, text)), "toggle" (bool), "entry" (str), "choice" ((chosen, options)),
    "progress" ((part 0…1, text)), "table" ((column titles, rows of strings)),
    "fader" ((position 0…1, text), vertical; consecutive faders form a row),
    "drawing" (Drawing), "row" (tuple of items in one row), "group" (tuple of faders below
    ``label``), "line" (None), "cards" ((cards in a row, tuple of Card)).
    """

    kind: str
    key: str = ""
    label: str = ""
    value: Any = None
    tip: str = ""
    enabled: bool = True


@dataclass(frozen=True)
class PanelVisual:
    """A small window beside the canvas. ``modal`` blocks all other input; with ``at`` None the view places it."""

    key: str
    title: str
    items: tuple[Item, ...]
    modal: bool = False
    closable: bool = True
    at: Point | None = None
    size: Point = (360.0, 0.0)  # 0: as high as its items
    touch: bool = False  # its items are large enough for fingers


@dataclass(frozen=True)
class FilePreview:
    """A preview of a file in a file dialog: lines of text and a drawing; a sound can be heard."""

    path: Path
    lines: tuple[str, ...]
    drawing: Drawing | None = None
    is_sound: bool = False


@dataclass(frozen=True)
class Status:
    """The status line, its parts from left to right; parts in ``alarm`` are drawn in red."""

    parts: tuple[tuple[str, str], ...]  # (key, text): "device", "load", "xruns", "latency", "message" …
    alarm: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MasterVisual:
    """The master strip in the status line: levels of the output per channel, in dBFS, and the volume.

    ``held`` are the highest recent peaks; ``limited``: the limiter was active or the output clipped recently.
    ``volume`` 0…1 is the position of its slider.
    """

    peaks: tuple[float, ...] = ()
    held: tuple[float, ...] = ()
    limited: bool = False
    volume: float = 1.0
    muted: bool = False


class View(Protocol):
    """Interface of the view. No method calls back or sends an event before it returns."""

    # canvas
    def show_node(self, visual: NodeVisual) -> None: ...
    def hide_node(self, id: str) -> None:
        """Remove a node; its wires have been hidden before."""

    def place_node(self, id: str, at: Point) -> None: ...
    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        """Update a value in a displayed row; kind and options are unchanged."""

    def set_badge(self, node: str, reason: str) -> None:
        """Mark a node as faulty, with the reason as tooltip; "" removes the mark."""

    def set_load(self, node: str, text: str) -> None:
        """Write the load of a node in its corner ("" for none)."""

    def show_wire(self, visual: WireVisual) -> None: ...
    def hide_wire(self, key: WireKey) -> None: ...
    def show_note(self, visual: NoteVisual) -> None: ...
    def hide_note(self, id: str) -> None: ...
    def set_selection(
        self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None = None
    ) -> None:
        """Mark the selected items, and the pin or row with keyboard focus."""

    def set_camera(self, camera: Camera) -> None: ...
    def set_minimap(self, shown: bool) -> None: ...
    def set_canvas_text(self, text: str) -> None:
        """Write a faint line in the middle of the empty canvas ("" for none)."""

    def show_hint(self, text: str, refused: bool = False) -> None:
        """Show a hint at the pointer ("" for none): the effect of a wire, or the reason why it is refused."""

    def mark_pins(self, fit: frozenset[Pin] | None) -> None:
        """Dim all pins except these while a wire is drawn; None restores them."""

    def show_hover(self, wire: WireKey | None) -> None:
        """Show the readout of a wire at the pointer, until the next call; None hides it."""

    def show_probe(self, key: str, wire: WireKey, title: str) -> None:
        """Show the readout of a wire in a small window, until it is hidden or closed."""

    def hide_probe(self, key: str) -> None: ...

    # around the canvas
    def set_title(self, text: str) -> None: ...
    def set_menus(self, menus: tuple[MenuItem, ...]) -> None: ...
    def set_status(self, status: Status) -> None: ...
    def set_master(self, master: MasterVisual) -> None:
        """Show the level of the output and the volume in the status line."""

    def set_path(self, names: tuple[str, ...]) -> None:
        """Set the breadcrumb: the patch and the subpatches that contain the displayed document."""

    def set_look(self, theme: str, scale: float) -> None:
        """Set the theme ("dark", "light" or "contrast") and the scale of the interface (0.75…3)."""

    def notify(self, text: str, alarm: bool = False) -> None:
        """Show a message for a few seconds."""

    def show_menu(self, title: str, items: tuple[MenuItem, ...]) -> None:
        """Show a menu at the pointer."""

    def show_palette(self, visual: PaletteVisual) -> None:
        """Show or update the palette; its search field has the focus."""

    def hide_palette(self) -> None: ...
    def show_panel(self, visual: PanelVisual) -> None: ...
    def set_item(self, panel: str, item: Item) -> None:
        """Update an item of a displayed panel (same key, same kind)."""

    def hide_panel(self, key: str) -> None: ...
    def set_panel_focus(self, panel: str, item: str) -> None:
        """Mark the item of a panel that has the keyboard, and scroll to it; "" for none.

        ``item`` is its key; for a card or a row of a table also ``:`` and the key of the card or the number of the row.
        """

    def edit_item(self, panel: str, item: str) -> None:
        """Place the cursor in an entry of a panel."""

    def draw(self, panel: str, item: str, drawing: Drawing) -> None:
        """Update the drawing in a panel."""

    def ask_value(self, key: str, label: str, text: str) -> None:
        """Show a text field at the pointer; it sends ``PromptAnswered(key, text)``, or None if it is cancelled.

        ``key`` is any string, for example "osc1.frequency". With a line break in ``text`` the field has several lines.
        """

    def ask_file(
        self, key: str, title: str, folder: Path, ending: str = "", save: bool = False, name: str = ""
    ) -> None:
        """Show a file dialog; it sends ``PromptAnswered(key, path)``, or None if it is cancelled."""

    def show_file_preview(self, preview: FilePreview) -> None:
        """Show the preview of the highlighted file in the file dialog, if it still is."""

    # window system
    def clipboard(self) -> str: ...
    def set_clipboard(self, text: str) -> None: ...
    def quit(self) -> None:
        """End the main loop."""
