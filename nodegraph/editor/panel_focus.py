"""The keyboard focus in panels: the items that can have it, and the keys that move it and use an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .command import on
from .desk import Desk, Panel, State
from .events import PanelEvent, PanelFocused
from .view import Item

STEP, FINE_STEP, FAR_STEP = 0.02, 0.002, 0.1  # of a slider per key
ARROWS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
STEPS = {
    "left": -STEP, "right": STEP, "down": -STEP, "up": STEP, "pagedown": -FAR_STEP, "pageup": FAR_STEP,
    "shift+left": -FINE_STEP, "shift+right": FINE_STEP, "shift+down": -FINE_STEP, "shift+up": FINE_STEP,
    "home": -1.0, "end": 1.0,
}  # fmt: skip
USABLE = {"button", "slider", "fader", "toggle", "entry", "choice", "cards", "table"}
QUESTION = "question"  # key of the modal panel, which always has the focus


@dataclass
class PanelFocus(State):
    """The item with the focus: the key of its panel ("" for the canvas), and its name, see :class:`Target`."""

    is_per_patch = False
    panel: str = ""
    name: str = ""


@dataclass(frozen=True)
class Target:
    """An item that can have the focus, or a part of it: the key of a card, ``hear:`` and that key, or a table row.

    ``row`` counts the rows of the panel from the top; ``at`` 0…1 is the place in the row.
    """

    item: Item
    part: str
    row: int
    at: float

    @property
    def name(self) -> str:
        """The key of the item, with ``:`` and the part if there is one."""
        return f"{self.item.key}:{self.part}" if self.part else self.item.key


def targets(items: tuple[Item, ...]) -> list[Target]:
    """Return all that can have the focus, row by row."""
    found = []
    for row, parts in enumerate(_rows(items)):
        for i, (item, part) in enumerate(parts):
            if item.kind in USABLE and item.enabled and item.key:
                found.append(Target(item, part, row, (i + 0.5) / len(parts)))
    return found


def _rows(items: tuple[Item, ...]) -> Iterator[list[tuple[Item, str]]]:
    for is_fader, group in groupby(items, lambda item: item.kind == "fader"):
        if is_fader:
            yield [(item, "") for item in group]
            continue
        for item in group:
            if item.kind == "row":
                parts = [
                    one for inner in item.value or () for one in (inner.value if inner.kind == "group" else (inner,))
                ]
                yield [(part, "") for part in parts]
            elif item.kind == "cards":
                across, cards = item.value
                for first in range(0, len(cards), across):
                    row = cards[first : first + across]
                    yield [(item, part) for card in row for part in (card.key, *[f"hear:{card.key}"] * card.sound)]
            elif item.kind == "table":
                yield from ([(item, str(row))] for row in range(len(item.value[1])))
            else:
                yield [(item, "")]


def focus_panel(desk: Desk, key: str) -> None:
    """Give the focus to the first item of a panel; "" gives it to the canvas."""
    panel = desk.panels.get(key)
    found = targets(panel.visual(desk).items) if panel is not None else []
    focus = desk.state(PanelFocus)
    focus.panel, focus.name = key if panel is not None else "", found[0].name if found else ""


def followed_focus(desk: Desk) -> PanelFocus:
    """Return the focus, which a question takes, and which leaves a panel that was closed."""
    focus = desk.state(PanelFocus)
    if QUESTION in desk.panels and focus.panel != QUESTION:
        focus_panel(desk, QUESTION)
    elif focus.panel not in desk.panels:
        focus.panel = focus.name = ""
    return focus


def panel_key(desk: Desk, key: str, typing: bool = False) -> bool:
    """Handle a key while a panel has the focus; return whether the panel used it. ``typing``: in a text field."""
    focus = desk.state(PanelFocus)
    panel = desk.panels.get(focus.panel)
    if panel is None:
        return False
    if key == "escape":
        if not typing:
            _leave(desk, panel)
        return True
    found = targets(panel.visual(desk).items)
    if not found:
        return False
    index = next((i for i, target in enumerate(found) if target.name == focus.name), 0)
    target = found[index]
    if key in ("tab", "shift+tab"):
        _focus(desk, found[(index + (1 if key == "tab" else -1)) % len(found)], typing)
    elif typing:
        return False
    elif key in ("enter", "return", "space"):
        _use(desk, panel, target)
        panel.refresh(desk)
    elif key in ("shift+f10", "menu"):
        panel.menu(desk, target.item.key)
    elif _changes(target.item, key):
        _change(desk, panel, target, key)
        panel.refresh(desk)
    elif key in ARROWS:
        _focus(desk, _neighbour(found, target, *ARROWS[key]))
    else:
        return False
    return True


def _leave(desk: Desk, panel: Panel) -> None:
    """Return to the canvas; a question is cancelled."""
    if panel.key != QUESTION:
        focus_panel(desk, "")
    elif any(target.name == "Cancel" for target in targets(panel.visual(desk).items)):
        panel.react(desk, PanelEvent(QUESTION, "Cancel"))


def _focus(desk: Desk, target: Target, typing: bool = False) -> None:
    """Move the focus; with ``typing`` also the cursor, if the target is a text field."""
    focus = desk.state(PanelFocus)
    focus.name = target.name
    if typing and target.item.kind == "entry":
        desk.view.edit_item(focus.panel, target.name)


def _use(desk: Desk, panel: Panel, target: Target) -> None:
    """Do what a click on an item does."""
    item = target.item
    if item.kind == "entry":
        desk.view.edit_item(panel.key, target.name)
        return
    value: Any = None
    if item.kind == "toggle":
        value = not item.value
    elif item.kind == "cards":
        value = target.part
    elif item.kind == "table":
        value = (int(target.part), 0)
    elif item.kind == "choice":
        value = _next_option(item, 1)
    if item.kind not in ("slider", "fader"):
        panel.react(desk, PanelEvent(panel.key, item.key, value))


def _changes(item: Item, key: str) -> bool:
    """Return whether a key changes the value of an item: a slider across, a fader up and down, a choice across."""
    across = key.endswith(("left", "right"))
    if item.kind == "choice":
        return key in ("left", "right")
    return key in STEPS and (
        (item.kind == "slider" and (across or key not in ARROWS)) or (item.kind == "fader" and not across)
    )


def _change(desk: Desk, panel: Panel, target: Target, key: str) -> None:
    """Change the value of an item. A slider that moves in classes moves to the next one."""
    item = target.item
    if item.kind == "choice":
        panel.react(desk, PanelEvent(panel.key, item.key, _next_option(item, ARROWS[key][1])))
        return
    start, step = item.value[0], STEPS[key]
    while True:
        position = min(max(start + step, 0.0), 1.0)
        panel.react(desk, PanelEvent(panel.key, item.key, position))
        now = next((one for one in targets(panel.visual(desk).items) if one.name == target.name), None)
        if position in (0.0, 1.0) or now is None or now.item.value[0] != start:
            return
        step *= 2.0


def _next_option(item: Item, step: int) -> str:
    chosen, options = item.value
    at = list(options).index(chosen) if chosen in options else 0
    return str(options[(at + step) % len(options)])


def _neighbour(found: list[Target], target: Target, down: int, across: int) -> Target:
    """Return the next target in the row, or the nearest one in the next row; the same one at an edge."""
    if across:
        row = [one for one in found if one.row == target.row and (one.at - target.at) * across > 0]
        return min(row, key=lambda one: abs(one.at - target.at), default=target)
    beyond = [one for one in found if (one.row - target.row) * down > 0]
    return min(beyond, key=lambda one: (abs(one.row - target.row), abs(one.at - target.at)), default=target)


@on(PanelFocused)
def on_panel_focused(desk: Desk, event: PanelFocused) -> None:
    """Follow the cursor to another entry."""
    focus = desk.state(PanelFocus)
    focus.panel, focus.name = event.panel, event.item
