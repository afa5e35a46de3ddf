"""Help: the list of keys, the page of a block, its help patch, and making a block of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nodegraph.blocks.page import page
from nodegraph.blocks.registry import node_types
from nodegraph.files.demos import demo_folder

from ..command import command, key_table
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..help_patch import add_help
from ..palettes import Candidate, open_palette
from ..panel import MessagePanel
from ..view import Item, PanelVisual
from .files import new_window, open_path


@command("Help", "f1", menu="Help", section=0)
def help(desk: Desk, payload: object) -> None:
    """Show the page of the selected block; without one, the list of keys."""
    chosen = desk.selection.nodes
    if len(chosen) == 1:
        help_block(desk, next(iter(chosen)))
    else:
        keys(desk, None)


@command("Keys", "shift+f1", menu="Help", section=0)
def keys(desk: Desk, payload: object) -> None:
    """Show the list of keys and what the mouse does."""
    rows = tuple((keys, label, doc) for keys, label, doc in key_table())
    items = (
        Item("table", "keys", value=(("Key", "Name", "What it does"), rows)),
        Item("heading", value="Mouse"),
        Item("table", "mouse", value=(("Where", "What it does"), MOUSE)),
    )
    desk.open_panel(MessagePanel("keys", "Keys", items, 720.0))


MOUSE = (
    ("double click on the canvas", "open the palette"),
    ("drag from a pin", "draw a wire; dropped on the canvas it offers the blocks that fit"),
    ("drag a wired input", "pull the wire off"),
    ("drag a slider, with Shift", "turn a value, ten times finer"),
    ("double click on a value", "type it, with unit or arithmetic"),
    ("right click", "a menu of what can be done there"),
    ("drag on the canvas", "select by a box"),
    ("right or middle drag", "move the canvas"),
    ("wheel", "zoom"),
    ("drag a block onto a wire", "put it into the wire"),
    ("rest on a wire", "see what it carries"),
)


def block_page(type: str) -> dict[str, Any] | None:
    """The page of a block as `nodegraph nodes` shows it; None for a block that is not known."""
    cls = node_types().get(type)
    return page(cls) if cls else None


class BlockHelp(Panel):
    """What a block computes: its text, ports, units, ranges, source, and a patch that shows it."""

    def __init__(self, type: str, page: dict[str, Any], example: Path | None) -> None:
        self.key, self.type, self._page, self._example = f"help {type}", type, page, example

    def visual(self, desk: Desk) -> PanelVisual:
        page = self._page
        items = [Item("text", "doc", value=_plain(page["doc"]))]
        if page["inputs"]:
            items += [Item("heading", value="Inputs"), _inputs_table(page["inputs"])]
        if page["outputs"]:
            items += [Item("heading", value="Outputs"), _outputs_table(page["outputs"])]
        if page["settings"]:
            items += [Item("heading", value="Settings"), _settings_table(page["settings"])]
        if page["source"]:
            items += [Item("heading", value="Equation"), Item("code", "source", value=page["source"])]
        buttons = [Item("button", "paste", "Add its help patch here", tip="copies the example into this patch")]
        if self._example is not None:
            buttons.append(
                Item("button", "example", f"Open {self._example.name} beside", tip="a patch in which it plays")
            )
        items.append(Item("row", "buttons", value=tuple(buttons)))
        return PanelVisual(
            self.key, f"{self.type} ({page['family'].replace('_', ' ')})", tuple(items), size=(620.0, 0.0)
        )

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "example" and self._example is not None:
            new_window(desk, self._example)
        elif event.item == "paste":
            add_help(desk, self.type)


def _plain(text: str) -> str:
    """A docstring for reading: paragraphs on one line each, without its marks."""
    text = text.replace("``", "").replace(":mod:", "").replace(":class:", "")
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(part if "\n    " in part else " ".join(part.split()) for part in paragraphs)


def _outputs_table(ports: list[dict[str, Any]]) -> Item:
    rows = tuple((port["name"], port.get("unit") or port["carries"], port["doc"]) for port in ports)
    return Item("table", "outputs", value=(("Name", "Carries", ""), rows))


def _inputs_table(ports: list[dict[str, Any]]) -> Item:
    rows = []
    for port in ports:
        reach = f"{port['min']:g} … {port['max']:g}" if "min" in port else ""
        taper = ", log" if port.get("taper") == "log" else ""
        default = f"{port['default']:g}" if "default" in port else ""
        unit = port.get("unit") or ("" if port["carries"] == "signal" else port["carries"])
        rows.append((port["name"], default, reach + taper, unit, port["doc"]))
    return Item("table", "inputs", value=(("Name", "Default", "Range", "Unit", ""), tuple(rows)))


def _settings_table(settings: list[dict[str, Any]]) -> Item:
    rows = []
    for one in settings:
        low, high = one.get("min"), one.get("max")
        reach = (
            " | ".join(one["values"]) if "values" in one else f"{low:g} … {high:g}" if None not in (low, high) else ""
        )
        rows.append((one["name"], str(one["default"]), reach, one.get("unit") or "", one["doc"]))
    return Item("table", "settings", value=(("Name", "Default", "Range", "Unit", ""), tuple(rows)))


@command("Help on the block", menu="Help", section=0, possible=lambda desk: len(desk.selection.nodes) == 1)
def help_block(desk: Desk, payload: object) -> None:
    """Show what a block computes: its equation, units, ranges and source."""
    chosen = desk.selection.nodes
    id = payload if isinstance(payload, str) else next(iter(chosen), None)
    record = desk.document.nodes.get(id) if id else None
    if record is None:
        return
    page = block_page(record.type)
    if page is None:
        desk.notify(f"There is no block '{record.type}' here.", alarm=True)
        return
    desk.open_panel(BlockHelp(record.type, page, example_of(record.type)))


def example_of(type: str) -> Path | None:
    """The smallest of the patches that come with the program in which a block plays."""
    found = []
    for path in demo_folder().rglob("*.json"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if f'"type": "{type}"' in text:
            found.append((len(text), path))
    return min(found)[1] if found else None


@command("Demos…", menu="Help")
def demos(desk: Desk, payload: object) -> None:
    """Open one of the patches and lessons that come with the program."""
    folder = demo_folder()
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.json"))}
    candidates = [
        Candidate(key, path.stem, path.parent.name, _title(path), _title(path)) for key, path in paths.items()
    ]
    open_palette(desk, "Open a demo", candidates, lambda key, at: open_path(desk, paths[key]), "No demo is called so.")


def _title(path: Path) -> str:
    try:
        return str(json.loads(path.read_text()).get("title", ""))
    except (OSError, ValueError, AttributeError):
        return ""
