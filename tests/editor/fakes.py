"""A fake view that stores what it is sent, and a fake engine without sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.editor.sound.protocol import OutputLevel, Reading, SoundState
from nodegraph.editor.view import (
    Camera,
    Drawing,
    FilePreview,
    Item,
    MasterVisual,
    MenuItem,
    NodeVisual,
    NoteVisual,
    PaletteVisual,
    PanelVisual,
    Pin,
    Point,
    Status,
    ValueVisual,
    WireKey,
    WireVisual,
)


class FakeView:
    """A view that stores the content of the screen; ``calls`` are the names of its calls, in order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.nodes: dict[str, NodeVisual] = {}
        self.values: dict[tuple[str, str], ValueVisual] = {}
        self.loads: dict[str, str] = {}
        self.badges: dict[str, str] = {}
        self.wires: dict[WireKey, WireVisual] = {}
        self.notes: dict[str, NoteVisual] = {}
        self.selected: tuple[Any, ...] = (frozenset(), frozenset(), frozenset(), None)
        self.camera = Camera()
        self.minimap = False
        self.canvas_text = ""
        self.hint: tuple[str, bool] = ("", False)
        self.marked: frozenset[Pin] | None = None
        self.hover: WireKey | None = None
        self.probes: dict[str, WireKey] = {}
        self.title = ""
        self.menus: tuple[MenuItem, ...] = ()
        self.status = Status(())
        self.path: tuple[str, ...] = ()
        self.look: tuple[str, float] = ("", 0.0)
        self.messages: list[tuple[str, bool]] = []
        self.menu: tuple[str, tuple[MenuItem, ...]] | None = None
        self.palette: PaletteVisual | None = None
        self.panels: dict[str, PanelVisual] = {}
        self.file_preview: FilePreview | None = None
        self.focus = ("", "")
        self.edited = ("", "")
        self.asked: tuple[str, str, str] | None = None
        self.asked_file: dict[str, Any] | None = None
        self.text = ""
        self.ended = False

    # canvas
    def show_node(self, visual: NodeVisual) -> None:
        self._record_call("show_node")
        self.nodes[visual.id] = visual
        self.badges[visual.id] = visual.badge
        for row in visual.rows:
            self.values.pop((visual.id, row.port), None)
            if row.value is not None:
                self.values[visual.id, row.port] = row.value

    def hide_node(self, id: str) -> None:
        self._record_call("hide_node")
        assert not any(id in (key[0].partition(".")[0], key[1].partition(".")[0]) for key in self.wires), (
            "a hidden node still has wires"
        )
        del self.nodes[id]
        self.values = {key: value for key, value in self.values.items() if key[0] != id}

    def place_node(self, id: str, at: Point) -> None:
        self._record_call("place_node")
        self.nodes[id] = replace(self.nodes[id], at=at)

    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        self._record_call("set_value")
        old = self.values[node, port]
        assert (old.kind, old.options) == (value.kind, value.options), "the kind of a value changed without show_node"
        self.values[node, port] = value

    def set_badge(self, node: str, reason: str) -> None:
        self._record_call("set_badge")
        assert node in self.nodes
        self.badges[node] = reason

    def set_load(self, node: str, text: str) -> None:
        self._record_call("set_load")
        assert node in self.nodes
        self.loads[node] = text

    def show_wire(self, visual: WireVisual) -> None:
        self._record_call("show_wire")
        assert visual.start.node in self.nodes and visual.end.node in self.nodes, "a wire to a hidden node"
        self.wires[visual.key] = visual

    def hide_wire(self, key: WireKey) -> None:
        self._record_call("hide_wire")
        del self.wires[key]

    def show_note(self, visual: NoteVisual) -> None:
        self._record_call("show_note")
        self.notes[visual.id] = visual

    def hide_note(self, id: str) -> None:
        self._record_call("hide_note")
        del self.notes[id]

    def set_selection(
        self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None = None
    ) -> None:
        self._record_call("set_selection")
        assert nodes <= self.nodes.keys() and wires <= self.wires.keys() and notes <= self.notes.keys()
        self.selected = (nodes, wires, notes, focus)

    def set_camera(self, camera: Camera) -> None:
        self._record_call("set_camera")
        self.camera = camera

    def set_minimap(self, shown: bool) -> None:
        self.minimap = shown

    def set_canvas_text(self, text: str) -> None:
        self.canvas_text = text

    def show_hint(self, text: str, refused: bool = False) -> None:
        self.hint = (text, refused)

    def mark_pins(self, fit: frozenset[Pin] | None) -> None:
        self.marked = fit

    def show_hover(self, wire: WireKey | None) -> None:
        self.hover = wire

    def show_probe(self, key: str, wire: WireKey, title: str) -> None:
        self.probes[key] = wire

    def hide_probe(self, key: str) -> None:
        del self.probes[key]

    # window
    def set_title(self, text: str) -> None:
        self.title = text

    def set_menus(self, menus: tuple[MenuItem, ...]) -> None:
        self._record_call("set_menus")
        self.menus = menus

    def set_status(self, status: Status) -> None:
        self._record_call("set_status")
        self.status = status

    def set_master(self, master: MasterVisual) -> None:
        self.master = master

    def set_path(self, names: tuple[str, ...]) -> None:
        self.path = names

    def set_look(self, theme: str, scale: float) -> None:
        self.look = (theme, scale)

    def notify(self, text: str, alarm: bool = False) -> None:
        assert text and "\n" not in text
        self.messages.append((text, alarm))

    def show_menu(self, title: str, items: tuple[MenuItem, ...]) -> None:
        self.menu = (title, items)

    def show_palette(self, visual: PaletteVisual) -> None:
        self._record_call("show_palette")
        self.palette = visual

    def hide_palette(self) -> None:
        self.palette = None

    def show_panel(self, visual: PanelVisual) -> None:
        self._record_call("show_panel")
        self.panels[visual.key] = visual

    def set_item(self, panel: str, item: Item) -> None:
        self._record_call("set_item")
        visual = self.panels[panel]
        self.panels[panel] = replace(visual, items=tuple(item if one.key == item.key else one for one in visual.items))

    def hide_panel(self, key: str) -> None:
        del self.panels[key]

    def set_panel_focus(self, panel: str, item: str) -> None:
        assert panel in self.panels or not panel
        self.focus = (panel, item)

    def edit_item(self, panel: str, item: str) -> None:
        self.edited = (panel, item)

    def draw(self, panel: str, item: str, drawing: Drawing) -> None:
        assert panel in self.panels

    def ask_value(self, key: str, label: str, text: str) -> None:
        self.asked = (key, label, text)

    def ask_file(
        self, key: str, title: str, folder: Path, ending: str = "", save: bool = False, name: str = ""
    ) -> None:
        self.asked_file = {"key": key, "title": title, "folder": folder, "ending": ending, "save": save, "name": name}

    def show_file_preview(self, preview: FilePreview) -> None:
        self.file_preview = preview

    def clipboard(self) -> str:
        return self.text

    def set_clipboard(self, text: str) -> None:
        self.text = text

    def quit(self) -> None:
        self.ended = True

    def _record_call(self, call: str) -> None:
        self.calls.append(call)


class FakeSound:
    """An engine that computes nothing; tests set the values and the state that it returns."""

    engine: Any = None

    def __init__(self) -> None:
        self.now = SoundState(device="fake", playing=True)
        self.played: list[Any] = []
        self.changes: list[Any] = []
        self.values: dict[str, np.ndarray] = {}
        self.states: dict[str, np.ndarray] = {}
        self.chosen: list[Any] = []
        self.steps: list[int] = []
        self.recorded: list[Path | None] = []
        self.depth = ""
        self.input = np.zeros((4410, 1), np.float32)
        self.previews: list[tuple[np.ndarray, float]] = []
        self.closed = False

    @property
    def rate(self) -> float:
        return self.now.rate

    def play(self, graph: Any) -> None:
        self.played.append(graph)

    def set_values(self, change: Any, knobs: Any) -> None:
        self.changes.append((change, knobs))

    def state(self) -> SoundState:
        return self.now

    def devices(self) -> list[dict[str, Any]]:
        return [{"name": "one", "outputs": 2}, {"name": "two", "outputs": 2}, {"name": "mic", "outputs": 0}]

    def supported_rates(self, rates: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(rate for rate in rates if rate in (44100.0, 48000.0))

    def select_device(self, device: int | str | None, rate: float | None = None, blocksize: int | None = None) -> None:
        self.chosen.append((device, rate, blocksize))

    def pause(self) -> None:
        self.now = replace(self.now, paused=True)

    def resume(self) -> None:
        self.now = replace(self.now, paused=False)

    def step(self, samples: int) -> None:
        self.steps.append(samples)

    def watch(self, port_refs: frozenset[str]) -> None: ...

    def read(self, port_ref: str, count: int) -> Reading | None:
        return None

    def value(self, port_ref: str) -> np.ndarray | None:
        return self.values.get(port_ref)

    def node_state(self, id: str, name: str) -> np.ndarray | None:
        return self.states.get(f"{id}.{name}")

    level = OutputLevel((0.1, 0.05), (0.5, 0.25))
    volume = 1.0

    def output_level(self) -> OutputLevel:
        return self.level

    def set_volume(self, gain: float) -> None:
        self.volume = gain

    def preview(self, samples: np.ndarray, rate: float) -> None:
        self.previews.append((samples, rate))

    def record(self, path: Path | None, depth: str = "auto") -> None:
        self.recorded.append(path)
        self.depth = depth
        self.now = replace(self.now, recording=str(path) if path else "")

    def record_input(self, seconds: float, stopped: Callable[[], bool]) -> tuple[np.ndarray, float]:
        while not stopped():
            time.sleep(0.001)
        return self.input, self.now.rate

    def record_wire(self, port_ref: str, path: Path | None, depth: str = "auto") -> None:
        self.depth = depth
        wires = {other: text for other, text in self.now.wires.items() if other != port_ref}
        notices = () if path else (f"Recorded {port_ref}.",)
        self.now = replace(
            self.now,
            wires=wires | ({port_ref: f"{port_ref} to {path}"} if path else {}),
            notices=self.now.notices + notices,
        )

    def set_flight_log(self, path: Path | None) -> None:
        notices = () if path else (f"Saved flight log {self.now.flight}.",)
        self.now = replace(self.now, flight=str(path) if path else "", notices=self.now.notices + notices)

    def close(self) -> None:
        self.closed = True
