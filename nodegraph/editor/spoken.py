"""Spoken status: selections, edits, values, messages and errors as lines of text, for a screen reader.

:class:`SpokenView` stands between the presenter and the view: it passes every call on, and says what the call shows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .panel_focus import targets
from .view import (
    Card,
    FilePreview,
    Item,
    MenuItem,
    NodeVisual,
    PaletteVisual,
    PanelVisual,
    Pin,
    Status,
    ValueVisual,
    WireKey,
    WireVisual,
)

if TYPE_CHECKING:
    from .view import View

Say = Callable[[str], None]
SPEECH = "spd-say"  # the client of speech-dispatcher
MAX_EDITS = 6  # edits of one frame that are said one by one
SETTLED = 0.3  # seconds without a change until a value is said


class SpokenView:
    """A view that says what it shows. ``flush`` is called once per frame."""

    def __init__(self, view: View, say: Say) -> None:
        self._view, self._say = view, say
        self._nodes: dict[str, NodeVisual] = {}
        self._wires: dict[WireKey, WireVisual] = {}
        self._panels: dict[str, PanelVisual] = {}
        self._values: dict[tuple[str, str], str] = {}
        self._lines: list[str] = []
        self._edits: list[str] = []
        self._value: tuple[str, str, ValueVisual] | None = None
        self._value_time: float | None = None
        self._palette = self._title = ""
        self._problems: set[str] = set()
        self._focus = ("", "")
        if hasattr(view, "announce"):
            view.announce = self.announce

    def announce(self, text: str) -> None:
        """Say what the view chose by itself, such as an entry of a menu."""
        self._lines.append(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def flush(self, now: float) -> None:
        """Say what has happened since the last frame; ``now`` in seconds."""
        if len(self._edits) > MAX_EDITS:
            self._edits = [f"{len(self._nodes)} blocks, {len(self._wires)} wires"]
        lines, self._lines, self._edits = [*self._edits, *self._lines], [], []
        if lines:
            self._say("\n".join(dict.fromkeys(lines)))
        if self._value is not None and self._value_time is None:
            self._value_time = now
        if self._value is not None and self._value_time is not None and now - self._value_time >= SETTLED:
            node, port, value = self._value
            self._value = None
            self._say(f"{node} {self._label(node, port)} {value.text}")

    # -- canvas --------------------------------------------------------------------------------------------

    def show_node(self, visual: NodeVisual) -> None:
        before = self._nodes.get(visual.id)
        self._nodes[visual.id] = visual
        self._values |= {(visual.id, row.port): row.value.text for row in visual.rows if row.value is not None}
        self._view.show_node(visual)
        if before is None:
            self._edits.append(f"{visual.title} added")
        elif before.title != visual.title:
            self._edits.append(f"{before.title} is {visual.title}")
        if visual.badge and (before is None or before.badge != visual.badge):
            self._lines.append(visual.badge)

    def hide_node(self, id: str) -> None:
        self._view.hide_node(id)
        self._edits.append(f"{self._nodes.pop(id).title} removed")

    def set_badge(self, node: str, reason: str) -> None:
        self._view.set_badge(node, reason)
        if reason:
            self._lines.append(reason)

    def show_wire(self, visual: WireVisual) -> None:
        if visual.key not in self._wires:
            feedback = ", feedback" if visual.feedback else ""
            self._edits.append(f"{visual.key[0]} wired to {visual.key[1]}{feedback}")
        self._wires[visual.key] = visual
        self._view.show_wire(visual)

    def hide_wire(self, key: WireKey) -> None:
        self._view.hide_wire(key)
        del self._wires[key]
        self._edits.append(f"{key[0]} disconnected from {key[1]}")

    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        self._view.set_value(node, port, value)
        if value.kind != "live" and self._values.get((node, port)) != value.text:
            self._values[node, port] = value.text
            self._value, self._value_time = (node, port, value), None

    def set_selection(
        self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None = None
    ) -> None:
        self._view.set_selection(nodes, wires, notes, focus)
        if focus is not None:
            self._lines.append(self._pin_words(focus))
        elif len(nodes) == 1 and not wires and not notes:
            self._lines.append(self._node_words(next(iter(nodes))))
        elif len(wires) == 1 and not nodes and not notes:
            start, end = next(iter(wires))
            self._lines.append(f"wire from {start} to {end}")
        elif nodes or wires or notes:
            counts = [(len(nodes), "block"), (len(wires), "wire"), (len(notes), "comment")]
            words = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
            self._lines.append(f"{', '.join(words)} selected")

    def show_hint(self, text: str, refused: bool = False) -> None:
        self._view.show_hint(text, refused)
        if text:
            self._lines.append(text)

    def _label(self, node: str, port: str) -> str:
        rows = self._nodes[node].rows if node in self._nodes else ()
        return next((row.label for row in rows if row.port == port), port)

    def _node_words(self, id: str) -> str:
        """Return a block with its wires: ``low, oscillators; out to filter.audio``."""
        visual = self._nodes.get(id)
        if visual is None:
            return id
        sources: dict[str, list[str]] = {}
        for wire in self._wires.values():
            if wire.end.node == id:
                sources.setdefault(f"{wire.end.port} from", []).append(wire.key[0])
            if wire.start.node == id:
                sources.setdefault(f"{wire.start.port} to", []).append(wire.key[1])
        wired = [f"{port} {' and '.join(ends)}" for port, ends in sources.items()]
        return "; ".join([f"{visual.title}, {visual.family}", *wired, *filter(None, [visual.badge])])

    def _pin_words(self, pin: Pin) -> str:
        """Return a pin or a value with its wires: ``filter cutoff 900 Hz, signal input, from lfo.out``."""
        rows = self._nodes[pin.node].rows if pin.node in self._nodes else ()
        row = next((row for row in rows if row.port == pin.port and (row.side == "out") == pin.output), None)
        ends = [key[1] if pin.output else key[0] for key in self._wires if key[0 if pin.output else 1] == pin.end]
        words = f"{pin.node} {row.label if row else pin.port}"
        if row is not None and row.value is not None and row.value.text:
            words += f" {row.value.text}"
        if row is not None and row.pin is not None:
            words += f", {row.pin.kind} {'output' if pin.output else 'input'}"
        return words + (f", {'to' if pin.output else 'from'} {' and '.join(ends)}" if ends else "")

    # -- around the canvas ---------------------------------------------------------------------------------

    def notify(self, text: str, alarm: bool = False) -> None:
        self._view.notify(text, alarm)
        self._lines.append(text)

    def set_title(self, text: str) -> None:
        self._view.set_title(text)
        title = text.removeprefix("● ")
        if title != self._title:
            self._title = title
            self._lines.append(title)

    def set_status(self, status: Status) -> None:
        self._view.set_status(status)
        problems = {text for key, text in status.parts if key == "problem"}
        self._lines += sorted(problems - self._problems)
        self._problems = problems

    def set_path(self, names: tuple[str, ...]) -> None:
        self._view.set_path(names)
        self._lines.append(" in ".join(reversed(names)))

    def show_menu(self, title: str, items: tuple[MenuItem, ...]) -> None:
        self._view.show_menu(title, items)
        self._lines.append(f"menu {title}, {sum(item.label != '-' for item in items)} entries")

    def show_palette(self, visual: PaletteVisual) -> None:
        self._view.show_palette(visual)
        count = len(visual.entries)
        if 0 <= visual.chosen < count:
            entry = visual.entries[visual.chosen]
            words = ", ".join(filter(None, [entry.label, entry.doc, f"{visual.chosen + 1} of {count}"]))
        else:
            words = visual.empty
        if not self._palette:
            words = f"{visual.title}: {words}"
        if words != self._palette:
            self._palette = words
            self._lines.append(words)

    def hide_palette(self) -> None:
        self._view.hide_palette()
        self._palette = ""
        self._lines.append("list closed")

    def show_panel(self, visual: PanelVisual) -> None:
        is_new = visual.key not in self._panels
        self._panels[visual.key] = visual
        self._view.show_panel(visual)
        if is_new:
            texts = [str(item.value) for item in visual.items if item.kind == "text" and item.value]
            self._lines.append("; ".join([f"panel {visual.title}", *(texts if visual.modal else [])]))
        elif self._focus[0] == visual.key:
            self._say_item()

    def hide_panel(self, key: str) -> None:
        self._view.hide_panel(key)
        visual = self._panels.pop(key, None)
        if visual is not None:
            self._lines.append(f"panel {visual.title} closed")

    def set_panel_focus(self, panel: str, item: str) -> None:
        self._view.set_panel_focus(panel, item)
        self._focus = (panel, item)
        if panel:
            self._say_item()
        else:
            self._lines.append("canvas")

    def _say_item(self) -> None:
        found = targets(self._panels[self._focus[0]].items) if self._focus[0] in self._panels else []
        words = next((item_words(one.item, one.part) for one in found if one.name == self._focus[1]), "")
        if words:
            self._lines.append(words)

    def ask_value(self, key: str, label: str, text: str) -> None:
        self._view.ask_value(key, label, text)
        self._lines.append(f"{label}: {text}, text field" if label else f"{text}, text field")

    def ask_file(
        self, key: str, title: str, folder: Path, ending: str = "", save: bool = False, name: str = ""
    ) -> None:
        self._view.ask_file(key, title, folder, ending, save, name)
        self._lines.append(f"file dialog {title}, {folder}")

    def show_file_preview(self, preview: FilePreview) -> None:
        self._view.show_file_preview(preview)
        self._lines.append("; ".join([preview.path.name, *preview.lines]))


def item_words(item: Item, part: str) -> str:
    """Return an item of a panel in words: its label, its value, its kind."""
    if item.kind in ("slider", "fader"):
        return f"{item.label} {item.value[1]}, {item.kind}"
    if item.kind == "toggle":
        return f"{item.label} {'on' if item.value else 'off'}, check box"
    if item.kind == "choice":
        return f"{item.label} {item.value[0]}, one of {len(item.value[1])}"
    if item.kind == "entry":
        return f"{item.label} {item.value}, text field"
    if item.kind == "table":
        return ", ".join(filter(None, item.value[1][int(part)]))
    if item.kind == "cards":
        cards: dict[str, Card] = {card.key: card for card in item.value[1]}
        heard = part.startswith("hear:")
        card = cards[part.removeprefix("hear:")]
        return f"hear {card.title}, button" if heard else ", ".join(filter(None, [card.title, card.text, "card"]))
    return f"{item.label}, {item.kind}"


def line_writer(target: str) -> Say:
    """Return a function that writes a text of one or more lines.

    ``target``: "-" for the terminal, "spd-say" for speech-dispatcher, else a file or a pipe.

    Raises OSError if that is not possible.
    """
    if target == SPEECH:
        return _Speech()
    stream: IO[str] = sys.stdout if target == "-" else open(target, "a", encoding="utf-8")

    def write(text: str) -> None:
        with suppress(OSError):  # the reader of a pipe may have gone
            print(text, file=stream, flush=True)

    return write


class _Speech:
    """Speaks a text by speech-dispatcher; it interrupts the one before."""

    def __init__(self) -> None:
        subprocess.run([SPEECH, "--version"], check=False, stdout=subprocess.DEVNULL)
        self._processes: list[subprocess.Popen[bytes]] = []

    def __call__(self, text: str) -> None:
        self._processes = [process for process in self._processes if process.poll() is None]
        command = [SPEECH, "-N", "nodegraph", "--", text]
        self._processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
