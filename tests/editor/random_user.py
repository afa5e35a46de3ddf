"""A random user: an endless source of events that mostly refer to displayed items."""

from __future__ import annotations

import random
from pathlib import Path

from nodegraph.editor.command import COMMANDS
from nodegraph.editor.events import (
    BoxSelect,
    CameraMoved,
    Click,
    CurveClick,
    CurveDrag,
    Event,
    FilesDropped,
    Key,
    MenuPicked,
    NodeAt,
    NodesMoved,
    NoteAt,
    NoteMoved,
    PaletteChosen,
    PaletteTyped,
    PanelClosed,
    PanelEvent,
    PathPicked,
    Pointer,
    ProbeClosed,
    PromptAnswered,
    Resized,
    SetValue,
    Slide,
    Wheel,
    WireCut,
    WireDrag,
)
from nodegraph.editor.view import Item, Pin, Point
from tests.editor.fakes import FakeView

QUERIES = ("", "sine", "la", "osc", "fltr", "stft", "mix", "gain", "audio", "sub", "xyz", "noise", "delay", "scope")
TEXTS = (
    "440*2",
    "1/16",
    "A4",
    "-6dB",
    "200ms",
    "1k",
    "0",
    "",
    "nonsense",
    "[1, 2, 3]",
    "*2",
    "on",
    "a name",
    "x" * 200,
)
# commands that replace the patch, wait for a device, or are not edits
LEFT_OUT = {
    "quit", "new", "open_file", "demos", "lessons", "revert", "midi", "learn_midi", "export_sound", "training",
    "new_window", "all_commands", "record", "keep_last", "device", "osc", "piano_keys", "toggle_flight_log",
    "record_wire",
}  # fmt: skip
KEYS = (
    "escape",
    "enter",
    "up",
    "down",
    "tab",
    "n",
    "ctrl+a",
    "delete",
    "ctrl+d",
    "ctrl+c",
    "ctrl+v",
    "w",
    "j",
    "k",
    "alt+backspace",
    "ctrl+g",
)


class RandomUser:
    """Generates random events for the items that ``view`` displays."""

    def __init__(self, view: FakeView, seed: int) -> None:
        self.view, self.chance = view, random.Random(seed)
        self.commands = sorted(set(COMMANDS) - LEFT_OUT)

    def event(self) -> Event:
        """Return the next event."""
        kinds = {
            self._add: 10, self._wire: 16, self._slide: 12, self._curve: 3, self._value: 6, self._click: 10,
            self._command: 16, self._move: 6, self._box: 2, self._answer: 4, self._palette: 6, self._panel: 5,
            self._other: 4, self._undo: 4,
        }  # fmt: skip
        make = self.chance.choices(list(kinds), list(kinds.values()))[0]
        return make()

    def _place(self) -> Point:
        return self.chance.uniform(-200, 1500), self.chance.uniform(-200, 1000)

    def _node(self) -> str:
        return self.chance.choice(sorted(self.view.nodes)) if self.view.nodes else "missing"

    def _row(self) -> tuple[str, str]:
        node = self._node()
        rows = self.view.nodes[node].rows if node in self.view.nodes else ()
        return node, self.chance.choice(rows).port if rows else "nothing"

    def _pin(self) -> Pin:
        node = self._node()
        rows = [row for row in self.view.nodes[node].rows if row.pin] if node in self.view.nodes else []
        if not rows:
            return Pin(node, "out", True)
        row = self.chance.choice(rows)
        return Pin(node, row.port, row.side == "out")

    def _wire_key(self) -> tuple[str, str]:
        return self.chance.choice(sorted(self.view.wires)) if self.view.wires else ("a.out", "b.audio")

    def _over(self):
        kind = self.chance.randrange(6)
        if kind == 0:
            return self._pin() if self.view.nodes else None
        if kind == 1 and self.view.wires:
            return self._wire_key()
        if kind == 2 and self.view.notes:
            return NoteAt(self.chance.choice(sorted(self.view.notes)))
        if kind < 5 and self.view.nodes:
            node, port = self._row()
            return NodeAt(node, self.chance.choice(("", port)))
        return None

    def _add(self) -> Event:
        if self.view.palette is None:
            return MenuPicked("add_block", self._place())
        return PaletteTyped(self.chance.choice(QUERIES))

    def _palette(self) -> Event:
        if self.view.palette is None:
            return Key("n")
        count = len(self.view.palette.entries)
        return self.chance.choice(
            [
                Key("enter", True),
                Key("down", True),
                Key("up", True),
                PaletteChosen(self.chance.randrange(-1, count + 1)),
            ]
        )

    def _wire(self) -> Event:
        start, over = self._pin(), self.chance.choice((self._pin(), self._pin(), self._pin(), None))
        if self.chance.random() < 0.5:
            for _ in range(5):  # mostly pairs of an output and an input
                if over is not None and over.output != start.output:
                    break
                over = self._pin()
        return WireDrag(start, self._place(), over, self.chance.random() < 0.8)

    def _slide(self) -> Event:
        node, port = self._row()
        return Slide(node, port, self.chance.uniform(-0.5, 1.5), self.chance.random() < 0.2, self.chance.random() < 0.3)

    def _curve(self) -> Event:
        node = self._row()[0]
        start, end = ((self.chance.uniform(-0.1, 1.1), self.chance.uniform(-0.1, 1.1)) for _ in range(2))
        if self.chance.random() < 0.6:
            return CurveDrag(node, start, end, self.chance.random() < 0.5)
        click = Click((0.0, 0.0), NodeAt(node), self.chance.choice(("left", "right")), True)
        return CurveClick(node, start, click)

    def _value(self) -> Event:
        node, port = self._row()
        visual = self.view.values.get((node, port))
        value = self.chance.choice(TEXTS)
        if visual is not None and visual.kind == "choice":
            value = self.chance.choice(visual.options)
        elif visual is not None and visual.kind == "toggle":
            value = self.chance.choice((True, False))
        return SetValue(node, port, value)

    def _click(self) -> Event:
        chance = self.chance
        inner = sorted(id for id, visual in self.view.nodes.items() if visual.subpatch)
        if inner and chance.random() < 0.08:
            return Click(self._place(), NodeAt(chance.choice(inner)), double=True)
        button = chance.choices(("left", "right", "middle"), (6, 2, 1))[0]
        return Click(self._place(), self._over(), button, chance.random() < 0.15, chance.random() < 0.3)

    def _command(self) -> Event:
        if self.view.menu is not None and self.chance.random() < 0.4:
            items = [item for item in self.view.menu[1] if item.command and item.command not in LEFT_OUT]
            if items:
                item = self.chance.choice(items)
                return MenuPicked(item.command, item.argument)
        if self.chance.random() < 0.4:
            return Key(self.chance.choice(KEYS))
        name = self.chance.choice((*self.commands, "group"))
        return Key(COMMANDS[name].keys[0]) if COMMANDS[name].keys else Key("escape")

    def _move(self) -> Event:
        places = {self._node(): self._place() for _ in range(self.chance.randrange(1, 4))}
        onto = self._wire_key() if self.chance.random() < 0.3 else None
        if self.view.notes and self.chance.random() < 0.3:
            size = self.chance.choice((None, (self.chance.uniform(1, 600), self.chance.uniform(1, 400))))
            return NoteMoved(self.chance.choice(sorted(self.view.notes)), self._place(), size)
        return NodesMoved(places, onto)

    def _box(self) -> Event:
        return BoxSelect(self._place(), self._place(), self.chance.random() < 0.3)

    def _answer(self) -> Event:
        if self.view.asked_file is not None and self.chance.random() < 0.5:
            return PromptAnswered(self.view.asked_file["key"], None)
        if self.view.asked is not None:
            return PromptAnswered(self.view.asked[0], self.chance.choice((*TEXTS, None)))
        return Key("c")

    def _panel(self) -> Event:
        if not self.view.panels:
            return self.chance.choice((Key("s"), Key("f1"), Key("b")))
        key = self.chance.choice(sorted(self.view.panels))
        if self.chance.random() < 0.1:
            return PanelClosed(key) if self.view.panels[key].closable else Key("escape")
        items = [
            inner for item in self.view.panels[key].items for inner in (item.value if item.kind == "row" else (item,))
        ]
        item: Item = self.chance.choice(items)
        if item.key in ("example", "go", "begin", "choose", "device", "rate", "block"):
            return Key("escape")
        value = {
            "slider": self.chance.random(), "fader": self.chance.random(), "toggle": True, "entry": "10",
            "table": (self.chance.randrange(10), self.chance.randrange(5)),
        }.get(item.kind)  # fmt: skip
        return PanelEvent(key, item.key, value, self.chance.random() < 0.5)

    def _undo(self) -> Event:
        return Key(self.chance.choice(("ctrl+z", "ctrl+z", "ctrl+y")))

    def _other(self) -> Event:
        return self.chance.choice(
            (
                Pointer(self._place(), self._over()),
                WireCut(self._wire_key()),
                Wheel(self.chance.uniform(-3, 3), self._place()),
                CameraMoved(*self._place()),
                Resized(self.chance.uniform(1, 3000), self.chance.uniform(1, 2000)),
                PathPicked(self.chance.randrange(3)),
                ProbeClosed("nothing"),
                FilesDropped((Path("sound.wav"), Path("model.safetensors"), Path("letter.txt")), self._place()),
            )
        )
