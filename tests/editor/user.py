"""Simulated user: sends the events of user actions to a presenter with a fake view and a fake engine."""

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


class Hand:
    """User of a presenter with a fake view and a fake engine."""

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

    def does(self, *events: Event) -> None:
        for event in events:
            self.presenter.handle(event)

    def waits(self, seconds: float, frames: int = 30) -> None:
        for _ in range(frames):
            self.now += seconds / frames
            self.presenter.tick(self.now)

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.does(Key(key, typing=self.view.palette is not None))

    def picks(self, query: str) -> None:
        """Type into the open palette and choose the first entry."""
        assert self.view.palette is not None, "no palette is open"
        self.does(PaletteTyped(query), Key("enter", True))

    def adds(self, type: str, at: Point = (40.0, 40.0)) -> str:
        """Add a block from the palette and return its id."""
        before = set(self.document.nodes)
        self.does(Pointer(at))
        self.presses("n")
        self.picks(type)
        (new,) = set(self.document.nodes) - before
        return new

    def wires(self, start: str, end: str | None, at: Point = (900.0, 40.0)) -> None:
        """Draw a wire from an output to an input as with the mouse; None drops it on the canvas."""
        one = pin(start, True)
        over = pin(end, False) if end else None
        self.does(WireDrag(one, at, None), WireDrag(one, at, over), WireDrag(one, at, over, True))

    def chain(self, *types: str) -> list[str]:
        """Add blocks and wire each to the next; return their ids."""
        ids = [self.adds(type, (40.0 + 240.0 * i, 40.0)) for i, type in enumerate(types)]
        self.does(Click((0, 0), None))
        for one, other in zip(ids, ids[1:]):
            self.selects(one, other)
            self.presses("shift+w")
        self.selects()
        return ids

    def selects(self, *ids: str) -> None:
        self.does(Click((0.0, 0.0), None))
        for id in ids:
            self.does(Click((0.0, 0.0), NodeAt(id), shift=True))

    def slides(self, end: str, *positions: float, fine: bool = False) -> None:
        """Drag a slider through these positions (0–1); the first is that of the mouse press."""
        node, port = end.split(".")
        for position in positions:
            self.does(Slide(node, port, position, fine))
        self.does(Slide(node, port, positions[-1], fine, done=True))

    def types(self, end: str, text: Any) -> None:
        """Type a value into a parameter."""
        self.does(SetValue(*end.split("."), text))

    def answers(self, text: str | None) -> None:
        """Answer the open text prompt; None cancels it."""
        assert self.view.asked is not None
        self.does(PromptAnswered(self.view.asked[0], text))

    def chooses(self, path: Path | None) -> None:
        """Answer the open file dialog; None cancels it."""
        assert self.view.asked_file is not None
        self.does(PromptAnswered(self.view.asked_file["key"], path))

    def right_clicks(self, over: Any) -> dict[str, MenuItem]:
        """Open a context menu and return its items by label."""
        self.does(Click((0.0, 0.0), over, "right"))
        assert self.view.menu is not None
        return {item.label: item for item in self.view.menu[1]}

    def picks_item(self, item: MenuItem) -> None:
        self.does(MenuPicked(item.command, item.argument))

    def presses_button(self, panel: str, label: str) -> None:
        """Press a button of a panel, given its label or key."""
        self.does(PanelEvent(panel, next(one.key for one in self.items(panel) if label in (one.label, one.key))))

    def items(self, panel: str) -> list[Item]:
        """Return the items of a panel, including those in rows."""
        found: list[Item] = []
        for item in self.view.panels[panel].items:
            found += item.value if item.kind == "row" else [item]
        return found

    def item(self, panel: str, key: str) -> Item:
        return next(one for one in self.items(panel) if one.key == key)

    def value(self, end: str) -> Any:
        """Return the stored value of a parameter, or None."""
        node, port = end.split(".")
        return self.document.nodes[node].params.get(port)

    def shown(self, end: str) -> str:
        """Return the text on a slider."""
        node, port = end.split(".")
        return self.view.values[node, port].text

    def undoes_all(self) -> None:
        while self.patch.can_undo:
            self.presses("ctrl+z")


def pin(end: str, output: bool) -> Pin:
    node, port = end.split(".")
    return Pin(node, port, output)
