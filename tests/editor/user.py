"""A simulated user of the presenter, on a fake view that draws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodegraph.editor.events import (
    Click,
    Event,
    Key,
    MenuPicked,
    NodeAt,
    PaletteTyped,
    PanelEvent,
    Pointer,
    PromptAnswered,
    SetValue,
    Slide,
    WireDrag,
)
from nodegraph.editor.presenter import Presenter
from nodegraph.editor.view import Item, MenuItem, Pin, Point
from nodegraph.patch import Document, Patch

from .fakes import FakeSound, FakeView


class SimulatedUser:
    """A user of a presenter with a fake view and a fake sound."""

    def __init__(self, home: Path, patch: Patch | None = None) -> None:
        self.view, self.sound = FakeView(), FakeSound()
        self.presenter = Presenter(self.view, self.sound, patch, home)
        self.presenter.strict = True
        self.now = 0.0

    @property
    def desk(self):
        return self.presenter.desk

    @property
    def patch(self) -> Patch:
        return self.desk.patch

    @property
    def document(self) -> Document:
        return self.desk.document

    @property
    def message(self) -> str:
        return self.view.messages[-1][0] if self.view.messages else ""

    def send(self, *events: Event) -> None:
        for event in events:
            self.presenter.handle(event)

    def wait(self, seconds: float, frames: int = 30) -> None:
        for _ in range(frames):
            self.now += seconds / frames
            self.presenter.tick(self.now)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.send(Key(key, typing=self.view.palette is not None))

    def pick(self, query: str) -> None:
        """Type into the open palette and choose the first entry."""
        assert self.view.palette is not None, "no palette is open"
        self.send(PaletteTyped(query), Key("enter", True))

    def add(self, type: str, at: Point = (40.0, 40.0)) -> str:
        """Add a block with the palette and return its id."""
        before = set(self.document.nodes)
        self.send(Pointer(at))
        self.press("n")
        self.pick(type)
        (new,) = set(self.document.nodes) - before
        return new

    def wire(self, start: str, end: str | None, at: Point = (900.0, 40.0)) -> None:
        """Draw a wire from an output to an input with the mouse; None drops it on the canvas."""
        begin = pin(start, True)
        over = pin(end, False) if end else None
        self.send(WireDrag(begin, at, None), WireDrag(begin, at, over), WireDrag(begin, at, over, True))

    def chain(self, *types: str) -> list[str]:
        """Add blocks and wire them in series; return their ids."""
        ids = [self.add(type, (40.0 + 240.0 * i, 40.0)) for i, type in enumerate(types)]
        self.send(Click((0, 0), None))
        for first, second in zip(ids, ids[1:]):
            self.select(first, second)
            self.press("shift+w")
        self.select()
        return ids

    def select(self, *ids: str) -> None:
        self.send(Click((0.0, 0.0), None))
        for id in ids:
            self.send(Click((0.0, 0.0), NodeAt(id), shift=True))

    def slide(self, end: str, *positions: float, fine: bool = False) -> None:
        """Drag a slider through these positions; the button is pressed at the first."""
        node, port = end.split(".")
        for position in positions:
            self.send(Slide(node, port, position, fine))
        self.send(Slide(node, port, positions[-1], fine, done=True))

    def enter(self, end: str, text: Any) -> None:
        """Type a value into a parameter."""
        self.send(SetValue(*end.split("."), text))

    def answer(self, text: str | None) -> None:
        """Answer the prompt for a line of text."""
        assert self.view.asked is not None
        self.send(PromptAnswered(self.view.asked[0], text))

    def choose(self, path: Path | None) -> None:
        """Answer the file dialog."""
        assert self.view.asked_file is not None
        self.send(PromptAnswered(self.view.asked_file["key"], path))

    def right_click(self, over: Any) -> dict[str, MenuItem]:
        """Open the context menu of an item and return its entries by label."""
        self.send(Click((0.0, 0.0), over, "right"))
        assert self.view.menu is not None
        return {item.label: item for item in self.view.menu[1]}

    def pick_item(self, item: MenuItem) -> None:
        self.send(MenuPicked(item.command, item.argument))

    def press_button(self, panel: str, label: str) -> None:
        """Press a button of a panel, by its label or key."""
        self.send(PanelEvent(panel, next(item.key for item in self.items(panel) if label in (item.label, item.key))))

    def items(self, panel: str) -> list[Item]:
        """Return the items of a panel, including those in rows."""
        return flat(self.view.panels[panel].items)

    def item(self, panel: str, key: str) -> Item:
        return next(item for item in self.items(panel) if item.key == key)

    def value(self, end: str) -> Any:
        """Return the value of a parameter in the document."""
        node, port = end.split(".")
        return self.document.nodes[node].params.get(port)

    def displayed(self, end: str) -> str:
        """Return the displayed text of a value."""
        node, port = end.split(".")
        return self.view.values[node, port].text

    def undo_all(self) -> None:
        while self.patch.can_undo:
            self.press("ctrl+z")


def flat(items: tuple[Item, ...]) -> list[Item]:
    """Return items, with those in rows and groups in their place."""
    found: list[Item] = []
    for item in items:
        found += flat(item.value) if item.kind in ("row", "group") else [item]
    return found


def pin(end: str, output: bool) -> Pin:
    node, port = end.split(".")
    return Pin(node, port, output)
