"""Help: keyboard shortcuts, block pages, help patches and demos."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nodegraph.blocks.page import page
from nodegraph.blocks.registry import family_name, node_types
from nodegraph.files.demos import demo_files, demo_folder
from nodegraph.patch import PatchError
from nodegraph.patch.files import write_patch

from ..block_drawing import block_drawing, default_drawing
from ..command import command, key_table
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..help_patch import help_patch
from ..palettes import Candidate, open_palette
from ..panel import MessagePanel
from ..plain import plain
from ..view import Drawing, Item, PanelVisual
from .files import new_window, open_path


@command("Help", "f1", menu="Help", section=0)
def help(desk: Desk, payload: object) -> None:
    """Show help for the selected block, or the keyboard shortcuts."""
    chosen = desk.selection.nodes
    if len(chosen) == 1:
        help_block(desk, next(iter(chosen)))
    else:
        keys(desk, None)


@command("Keyboard shortcuts", "shift+f1", menu="Help", section=0)
def keys(desk: Desk, payload: object) -> None:
    """Show all keyboard shortcuts and mouse actions."""
    rows = tuple((keys, label, doc) for keys, label, doc in key_table())
    items = (
        Item("table", "keys", value=(("Key", "Command", "Description"), rows)),
        Item("heading", value="Mouse"),
        Item("table", "mouse", value=(("Mouse", "Action"), MOUSE)),
    )
    desk.open_panel(MessagePanel("keys", "Keyboard shortcuts", items, 720.0))


HELP = "help"  # folder of the help patches that were opened
MOUSE = (
    ("double-click the canvas", "open the palette"),
    ("drag from a pin", "draw a wire; drop it on the canvas to add a matching block"),
    ("drag a wired input", "disconnect the wire"),
    ("drag a slider", "set the value; with Shift ten times finer"),
    ("double-click a value", "type a value with unit or arithmetic"),
    ("drag the bars of a sequencer", "set its steps; a double click types one, a right click switches it on or off"),
    ("right-click", "open the context menu"),
    ("drag on the canvas", "select with a box"),
    ("right or middle drag", "pan the canvas"),
    ("wheel", "zoom; with Shift pan across"),
    ("two fingers on a touchpad", "pan; with Ctrl zoom"),
    ("drag a block onto a wire", "insert the block into the wire"),
    ("hover over a wire", "show its signal"),
)


def block_page(type: str) -> dict[str, Any] | None:
    """Return the page of a block, as in `nodegraph nodes`, or None for an unknown block."""
    cls = node_types().get(type)
    return page(cls) if cls else None


class BlockHelp(Panel):
    """Panel with a block's description, drawing, ports, settings and source, and its example patch.

    The drawing is that of the displayed ``node``, with its values; without one, that of the defaults.
    """

    def __init__(self, type: str, node: str, page: dict[str, Any], example: Path | None) -> None:
        self.key, self.type, self.node, self._page, self._example = f"help {type}", type, node, page, example
        self._drawing: Drawing | None = None

    def visual(self, desk: Desk) -> PanelVisual:
        page = self._page
        items = [Item("text", "doc", value=_plain(page["doc"]))]
        cls = node_types().get(self.type)
        self._drawing = self._live_drawing(desk) or (default_drawing(desk, cls) if cls else None)
        if self._drawing is not None:
            items.append(Item("drawing", "drawing", value=self._drawing))
        if page["inputs"]:
            items += [Item("heading", value="Inputs"), _inputs_table(page["inputs"])]
        if page["outputs"]:
            items += [Item("heading", value="Outputs"), _outputs_table(page["outputs"])]
        if page["settings"]:
            items += [Item("heading", value="Settings"), _settings_table(page["settings"])]
        if page["source"]:
            items += [Item("heading", value="Equation"), Item("code", "source", value=page["source"])]
        buttons = [Item("button", "try", "Open help patch", tip="opens a small patch with this block in a new window")]
        if self._example is not None:
            buttons.append(
                Item("button", "example", f"Open {self._example.name}", tip="opens an example in a new window")
            )
        items.append(Item("row", "buttons", value=tuple(buttons)))
        return PanelVisual(self.key, f"{self.type} ({family_name(page['family'])})", tuple(items), size=(620.0, 0.0))

    def _live_drawing(self, desk: Desk) -> Drawing | None:
        record = desk.record(self.node)
        return block_drawing(desk, self.node) if record is not None and record.type == self.type else None

    def tick(self, desk: Desk, now: float) -> None:
        found = self._live_drawing(desk)
        if found is not None and found is not self._drawing:
            self._drawing = found
            desk.view.draw(self.key, "drawing", found)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "example" and self._example is not None:
            new_window(desk, self._example)
        elif event.item == "try":
            open_help_patch(desk, self.type)


def open_help_patch(desk: Desk, type: str) -> None:
    """Open the help patch of a block in a new window; a copy that was changed there before is replaced."""
    path = desk.home / HELP / f"{type}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_patch(help_patch(type), path)
    except (OSError, PatchError) as error:
        desk.notify(f"The help patch could not be written: {error}.", alarm=True)
        return
    new_window(desk, path)


def _plain(text: str) -> str:
    """Return a docstring without markup, with one line per paragraph."""
    paragraphs = re.split(r"\n\s*\n", plain(text))
    return "\n\n".join(part if "\n    " in part else " ".join(part.split()) for part in paragraphs)


def _outputs_table(ports: list[dict[str, Any]]) -> Item:
    rows = tuple((port["name"], port.get("unit") or port["carries"], plain(port["doc"])) for port in ports)
    return Item("table", "outputs", value=(("Name", "Carries", ""), rows))


def _inputs_table(ports: list[dict[str, Any]]) -> Item:
    rows = []
    for port in ports:
        reach = f"{port['min']:g} … {port['max']:g}" if "min" in port else ""
        taper = ", log" if port.get("taper") == "log" else ""
        default = f"{port['default']:g}" if "default" in port else ""
        unit = port.get("unit") or ("" if port["carries"] == "signal" else port["carries"])
        rows.append((port["name"], default, reach + taper, unit, plain(port["doc"])))
    return Item("table", "inputs", value=(("Name", "Default", "Range", "Unit", ""), tuple(rows)))


def _settings_table(settings: list[dict[str, Any]]) -> Item:
    rows = []
    for one in settings:
        low, high = one.get("min"), one.get("max")
        reach = (
            " | ".join(one["values"]) if "values" in one else f"{low:g} … {high:g}" if None not in (low, high) else ""
        )
        rows.append((one["name"], str(one["default"]), reach, one.get("unit") or "", plain(one["doc"])))
    return Item("table", "settings", value=(("Name", "Default", "Range", "Unit", ""), tuple(rows)))


@command("Block help", menu="Help", section=0, possible=lambda desk: len(desk.selection.nodes) == 1)
def help_block(desk: Desk, payload: object) -> None:
    """Show the description, ports and source of the block."""
    chosen = desk.selection.nodes
    id = payload if isinstance(payload, str) else next(iter(chosen), None)
    record = desk.document.nodes.get(id) if id else None
    if id is None or record is None:
        return
    page = block_page(record.type)
    if page is None:
        desk.notify(f"No help: unknown block '{record.type}'.", alarm=True)
        return
    desk.open_panel(BlockHelp(record.type, id, page, example_of(record.type)))


def example_of(type: str) -> Path | None:
    """Return the smallest demo patch that contains a block, or None."""
    found = []
    for path in demo_files():
        try:
            text = path.read_text()
        except OSError:
            continue
        if f'"type": "{type}"' in text:
            found.append((len(text), path))
    return min(found)[1] if found else None


@command("Demos…", menu="Help")
def demos(desk: Desk, payload: object) -> None:
    """Open a demo patch."""
    folder = demo_folder()
    paths = {path.relative_to(folder).as_posix(): path for path in demo_files()}
    candidates = [
        Candidate(key, path.stem, path.parent.name, _title(path), _title(path)) for key, path in paths.items()
    ]
    open_palette(desk, "Open demo", candidates, lambda key, at: open_path(desk, paths[key]), "No demo matches.")


def _title(path: Path) -> str:
    try:
        return str(json.loads(path.read_text()).get("title", ""))
    except (OSError, ValueError, AttributeError):
        return ""
