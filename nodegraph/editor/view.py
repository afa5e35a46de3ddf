"""What a view can do: the orders it takes and the plain data that say how a thing looks.

A *face* is a value that says all that is drawn of one thing; showing a face again replaces the old one. A view
keeps no state of the patch: it may be told everything anew at any time. Places and sizes of the canvas are in
pixels at zoom 1, y downwards; the view applies the camera. Every method is called by one thread only.
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
    """How a pin looks: its colour and shape follow from ``kind``, ``count`` stands beside it.

    ``kind`` is "signal", "spectrum", "magnitude", "phase", "latent" or "events"; ``count`` is "" or such as
    "×8" (lanes) or "1025" (bins); ``tip`` is shown when the pointer rests on it.
    """

    kind: str
    count: str = ""
    tip: str = ""


@dataclass(frozen=True)
class ValueVisual:
    """A value of an input or a setting, and how it is changed.

    ``kind``: "slider" (``position`` 0…1, ``text`` is written on it), "choice" (``text`` is one of ``options``),
    "toggle" (``text`` is "on" or "off"), "text" and "file" (``text`` is edited), "live" (wired: only shown;
    ``position`` 0…1 where the value has a range, else -1). ``mark`` is "" or what else turns it ("CC 74").
    """

    kind: str
    text: str
    position: float = -1.0
    options: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class NodeRow:
    """A line of a node: a port with its pin, a setting, or both pin and value.

    ``side`` is "in", "out" or "" (a setting, without pin).
    """

    port: str
    side: str
    label: str
    pin: PinVisual | None = None
    value: ValueVisual | None = None
    tip: str = ""


@dataclass(frozen=True)
class NodeVisual:
    """A node. ``family`` picks its colour; ``display`` is what is drawn inside it.

    ``display`` is "" or what the view draws inside it from the sound, on ``display_size`` pixels: "wave",
    "spectrum", "spectrogram", "meter", "bars", "faders", "picture". ``badge`` is "" or why the block fails,
    ``colour`` "" or "#rrggbb" instead of the family's.
    """

    id: str
    title: str
    family: str
    at: Point
    width: float
    rows: tuple[NodeRow, ...]
    display: str = ""
    display_size: Point = (0.0, 0.0)
    badge: str = ""
    folded: bool = False
    subpatch: bool = False
    tip: str = ""
    colour: str = ""


@dataclass(frozen=True)
class WireVisual:
    """A wire. ``kind`` as of a pin; ``feedback`` wires are dashed, ``silent`` ones (an end is silent) grey."""

    key: WireKey
    kind: str
    feedback: bool = False
    silent: bool = False

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
    """A comment; with a ``size`` a coloured frame behind the nodes, its text as title."""

    id: str
    text: str
    at: Point
    size: Point | None = None
    colour: str = "#8a8a8a"


@dataclass(frozen=True)
class Camera:
    """What is seen of the canvas: ``x``, ``y`` is the canvas point in the upper left corner."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True)
class Drawing:
    """Numbers to be drawn in a panel.

    ``kind``: "wave" (``data`` is (lanes, samples), ``low``…``high`` the y axis), "spectrum" ((lanes, bins) in dB),
    "spectrogram" ((columns, bins), 0…1, oldest first), "meter" ((lanes, 2): RMS and peak in dBFS),
    "bars" ((values,), with ``names``). ``data`` is contiguous float64 or float32. ``text`` stands below it.
    """

    kind: str
    data: np.ndarray
    low: float = -1.0
    high: float = 1.0
    text: str = ""
    names: tuple[str, ...] = ()
    axis: tuple[float, float] | None = None  # what the x axis runs over, where it is not just an index
    unit: str = ""  # of the x axis


# -- what stands around it ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MenuItem:
    """An entry of a menu: picked, it sends ``MenuPicked(command, argument)``; with ``items`` it is a submenu.

    A ``label`` of "-" is a separator. ``checked`` draws a tick.
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
    """A block (or a command) that the palette offers; ``family`` picks its colour, ``hits`` the marked letters."""

    key: str
    label: str
    family: str
    doc: str
    hits: tuple[int, ...] = ()


@dataclass(frozen=True)
class PaletteVisual:
    """The palette: a text field with ``query`` and the list of what fits it, ``chosen`` an index or -1."""

    title: str
    query: str
    entries: tuple[PaletteEntry, ...]
    chosen: int = 0
    empty: str = ""


@dataclass(frozen=True)
class Item:
    """One line of a panel, known by ``key`` in the events it sends.

    ``kind`` and what ``value`` is of it:
    "text" (str, wrapped), "code" (str, monospaced), "heading" (str), "button" (its label is ``label``; None),
    "slider" ((position 0…1, text)), "toggle" (bool), "entry" (str), "choice" ((chosen, options)),
    "progress" ((part 0…1, text)), "table" ((column titles, rows of texts)),
    "fader" ((position 0…1, text), upright; consecutive faders stand side by side),
    "drawing" (Drawing), "row" (tuple of items side by side), "line" (None).
    """

    kind: str
    key: str = ""
    label: str = ""
    value: Any = None
    tip: str = ""
    enabled: bool = True


@dataclass(frozen=True)
class PanelVisual:
    """A small window beside the canvas. ``modal`` stops all else; with ``at`` None the view places it."""

    key: str
    title: str
    items: tuple[Item, ...]
    modal: bool = False
    closable: bool = True
    at: Point | None = None
    size: Point = (360.0, 0.0)  # 0: as high as its items


@dataclass(frozen=True)
class Status:
    """The status line, its parts from left to right; ``alarm`` draws one in red."""

    parts: tuple[tuple[str, str], ...]  # (key, text): "device", "load", "xruns", "latency", "message" …
    alarm: frozenset[str] = frozenset()


class View(Protocol):
    """The orders that a presenter gives. None of them answers by an event in the same call."""

    # canvas
    def show_node(self, visual: NodeVisual) -> None: ...
    def hide_node(self, id: str) -> None:
        """A node goes; its wires have been hidden before."""

    def place_node(self, id: str, at: Point) -> None: ...
    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        """A value changed and nothing else of the row: the kind and options are those shown."""

    def set_badge(self, node: str, reason: str) -> None:
        """Mark a node as failing, with the reason as a tip; "" takes the mark off."""

    def set_load(self, node: str, text: str) -> None:
        """The time that a node takes, written in its corner ("" for none)."""

    def show_wire(self, visual: WireVisual) -> None: ...
    def hide_wire(self, key: WireKey) -> None: ...
    def show_note(self, visual: NoteVisual) -> None: ...
    def hide_note(self, id: str) -> None: ...
    def set_selection(
        self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None = None
    ) -> None:
        """Mark what is selected, and the pin or row that the keyboard is on."""

    def set_camera(self, camera: Camera) -> None: ...
    def set_minimap(self, shown: bool) -> None: ...
    def show_hint(self, text: str, refused: bool = False) -> None:
        """A few words at the pointer ("" for none): why a wire is refused, what it would do, what a wire carries."""

    def mark_pins(self, fit: frozenset[Pin] | None) -> None:
        """While a wire is drawn: dim all pins but these; None ends that."""

    def show_hover(self, wire: WireKey | None) -> None:
        """Show at the pointer what this wire carries, from the sound, until told otherwise."""

    def show_probe(self, key: str, wire: WireKey, title: str) -> None:
        """A small window of its own that shows what a wire carries, until it is hidden or closed."""

    def hide_probe(self, key: str) -> None: ...

    # around it
    def set_title(self, text: str) -> None: ...
    def set_menus(self, menus: tuple[MenuItem, ...]) -> None: ...
    def set_status(self, status: Status) -> None: ...
    def set_path(self, names: tuple[str, ...]) -> None:
        """The breadcrumb: the patch and the subpatches that lead to what is shown."""

    def set_look(self, theme: str, scale: float) -> None:
        """``theme`` is "dark" or "light", ``scale`` the size of the interface, 0.75…3."""

    def notify(self, text: str, alarm: bool = False) -> None:
        """A message that goes by itself after a few seconds."""

    def show_menu(self, title: str, items: tuple[MenuItem, ...]) -> None:
        """A menu at the pointer."""

    def show_palette(self, visual: PaletteVisual) -> None:
        """Show the palette, or what it lists from now on; the text field has the focus."""

    def hide_palette(self) -> None: ...
    def show_panel(self, visual: PanelVisual) -> None: ...
    def set_item(self, panel: str, item: Item) -> None:
        """An item of a shown panel changed (same key, same kind)."""

    def hide_panel(self, key: str) -> None: ...
    def draw(self, panel: str, item: str, drawing: Drawing) -> None:
        """New numbers for the drawing in a panel."""

    def ask_value(self, key: str, label: str, text: str) -> None:
        """A text field at the pointer, all selected: ``Entered(key, text)`` or ``Entered(key, None)``. ``key`` is
        free, such as "osc1.frequency". With a line break in ``text`` the field has several lines."""

    def ask_file(
        self, key: str, title: str, folder: Path, ending: str = "", save: bool = False, name: str = ""
    ) -> None:
        """A file dialog: ``Entered(key, path)`` or ``Entered(key, None)``."""

    # the window system
    def clipboard(self) -> str: ...
    def set_clipboard(self, text: str) -> None: ...
    def quit(self) -> None:
        """End the loop."""
