"""The DearPyGui view without a window: all methods of its interface, and mouse gestures."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nodegraph.editor import view as view_module
from nodegraph.editor.canvas.gestures import Modifiers
from nodegraph.editor.events import Click, CurveClick, CurveDrag, NodesMoved, Pointer, Slide, WireDrag
from nodegraph.editor.sound.protocol import Reading
from nodegraph.editor.sound.readout import readout
from nodegraph.editor.view import (
    Camera,
    Drawing,
    Item,
    MenuItem,
    NodeRow,
    NodeVisual,
    NoteVisual,
    PaletteEntry,
    PaletteVisual,
    PanelVisual,
    Pin,
    PinVisual,
    Status,
    ValueVisual,
    WireVisual,
)

pytestmark = pytest.mark.needs("dearpygui")

KINDS = ("signal", "spectrum", "magnitude", "phase", "latent", "events")


@pytest.fixture
def view():
    from nodegraph.editor.dpg.view import DpgView

    view = DpgView()
    view.poll()
    yield view
    view.close()


def node_visual(id, at=(0.0, 0.0), **changes):
    """Return the visual of a node with all kinds of pins and values."""
    values = {
        "slider": ValueVisual("slider", "440 Hz", 0.4),
        "live": ValueVisual("live", "0.5", 0.5),
        "choice": ValueVisual("choice", "sine", options=("sine", "saw")),
        "toggle": ValueVisual("toggle", "on"),
        "text": ValueVisual("text", "a b"),
        "file": ValueVisual("file", "x.wav"),
    }
    rows = [NodeRow(f"out_{kind}", "out", kind, PinVisual(kind, "×2")) for kind in KINDS]
    rows += [NodeRow(f"in_{kind}", "in", kind, PinVisual(kind)) for kind in KINDS]
    rows += [NodeRow(kind, "in", kind, PinVisual("signal"), value) for kind, value in values.items()]
    return NodeVisual(id, id, "oscillators", at, 180.0, tuple(rows), **changes)


def at_pin(view, node, port, output):
    return view.scene.to_screen(view.scene.pin_at(Pin(node, port, output)))


def test_hit_testing_finds_displayed_items(view):
    view.show_node(node_visual("one"))
    view.show_node(node_visual("two", (400.0, 50.0)))
    view.show_wire(WireVisual(("one.out_signal", "two.in_signal"), "signal"))
    view.refresh()
    assert set(view.canvas.nodes) == {"one", "two"}
    line = view.scene.wire_points(("one.out_signal", "two.in_signal"))
    assert view.scene.item_at(line[len(line) // 2]) == ("one.out_signal", "two.in_signal")
    assert view.scene.item_at(view.scene.pin_at(Pin("two", "in_phase", False))) == Pin("two", "in_phase", False)
    view.hide_wire(("one.out_signal", "two.in_signal"))
    view.hide_node("two")
    view.refresh()
    assert set(view.canvas.nodes) == {"one"}
    assert view.scene.item_at(line[len(line) // 2]) is None


@pytest.mark.parametrize("zoom", [0.5, 0.75, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_hit_testing_finds_pins_at_every_zoom(view, zoom, scale):
    view.set_look("dark", scale)
    view.show_node(node_visual("one", (30.0, 40.0)))
    view.set_camera(Camera(-100.0, 17.0, zoom))
    view.refresh()
    view.poll()
    view.gestures.move(at_pin(view, "one", "out_latent", True), Modifiers())
    assert [event.over for event in view.poll()] == [Pin("one", "out_latent", True)]


def test_drag_between_pins_draws_a_wire(view):
    view.show_node(node_visual("one"))
    view.show_node(node_visual("two", (400.0, 50.0)))
    start, end = at_pin(view, "one", "out_signal", True), at_pin(view, "two", "in_signal", False)
    view.gestures.press("left", start, Modifiers())
    for part in (0.3, 0.7, 1.0):
        at = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        view.gestures.move(at, Modifiers())
        view.refresh()
    view.gestures.release("left", end, Modifiers())
    drags = [event for event in view.poll() if isinstance(event, WireDrag)]
    assert drags[-1].dropped
    assert (drags[-1].start, drags[-1].over) == (Pin("one", "out_signal", True), Pin("two", "in_signal", False))
    assert view.gestures.ghost is None


def test_drag_of_a_title_moves_all_selected_nodes(view):
    for id, x in (("one", 0.0), ("two", 300.0), ("three", 600.0)):
        view.show_node(node_visual(id, (x, 0.0)))
    view.set_selection(frozenset({"one", "two"}), frozenset(), frozenset())
    view.gestures.press("left", (50.0, 10.0), Modifiers())
    view.gestures.move((80.0, 60.0), Modifiers())
    view.refresh()
    view.gestures.release("left", (90.0, 70.0), Modifiers())
    (moved,) = [event for event in view.poll() if isinstance(event, NodesMoved)]
    assert moved.places == {"one": (40.0, 60.0), "two": (340.0, 60.0)}


def test_escape_restores_dragged_nodes(view):
    view.show_node(node_visual("one"))
    view.set_selection(frozenset({"one"}), frozenset(), frozenset())
    view.gestures.press("left", (50.0, 10.0), Modifiers())
    view.gestures.move((150.0, 60.0), Modifiers())
    view.gestures.cancel()
    view.gestures.release("left", (150.0, 60.0), Modifiers())
    assert view.scene.nodes["one"].at == (0.0, 0.0)
    assert not [event for event in view.poll() if isinstance(event, NodesMoved)]


def test_slider_drag_sends_start_and_end_positions(view):
    view.show_node(node_visual("one"))
    place = next(p for p in view.scene.nodes["one"].shape.rows if p.row.port == "slider")
    left, top, right, bottom = place.value
    y = (top + bottom) / 2
    view.gestures.press("left", (left + 0.25 * (right - left), y), Modifiers())
    view.gestures.move((left + 0.5 * (right - left), y), Modifiers(shift=True))
    view.gestures.release("left", (left + 0.75 * (right - left), y), Modifiers())
    slides = [event for event in view.poll() if isinstance(event, Slide)]
    assert [slide.position for slide in slides] == pytest.approx([0.25, 0.5, 0.75])
    assert [slide.done for slide in slides] == [False, False, True]
    assert slides[1].fine


@pytest.mark.parametrize("kind", ["curve", "steps"])
def test_curves_and_bars_send_drags_double_clicks_and_right_clicks(view, kind):
    view.show_node(node_visual("one", display=kind, display_size=(220.0, 96.0)))
    marks = ((0.25, 0.5), (0.75, 1.0))
    data = np.zeros((1, 50)) if kind == "curve" else np.ones((2, 4))
    view.read_display("one", Drawing(kind, data, 0.0, 1.0, axis=(0.0, 1.0), marks=marks))
    view.read_display("one", Drawing(kind, data, 0.0, 1.0, axis=(0.0, 1.0), marks=marks[:1]))
    left, top, right, bottom = view.scene.nodes["one"].shape.display

    def at(x, y):
        return view.scene.to_screen((left + x * (right - left), bottom - y * (bottom - top)))

    view.gestures.press("left", at(0.25, 0.5), Modifiers())
    view.gestures.move(at(0.5, 0.75), Modifiers())
    view.gestures.release("left", at(2.0, 1.5), Modifiers())
    drags = [event for event in view.poll() if isinstance(event, CurveDrag)]
    assert [event.done for event in drags] == [False, True]
    assert [*drags[0].start, *drags[0].at, *drags[1].at] == pytest.approx([0.25, 0.5, 0.5, 0.75, 2.0, 1.5])
    view.gestures.press("left", at(0.25, 0.5), Modifiers())
    view.gestures.move(at(0.5, 0.75), Modifiers())
    view.gestures.cancel()
    ended = [event for event in view.poll() if isinstance(event, CurveDrag)][-1]
    assert ended.done and ended.at == ended.start
    for button, double in (("left", False), ("left", True), ("right", False)):
        view.gestures.press(button, at(0.1, 0.9), Modifiers(), double)
        view.gestures.release(button, at(0.1, 0.9), Modifiers())
    single, *edits = [event for event in view.poll() if isinstance(event, Click | CurveClick)]
    assert isinstance(single, Click) and [event.click.button for event in edits] == ["left", "right"]
    assert edits[0].click.double and edits[0].at == pytest.approx((0.1, 0.9))


def test_press_without_movement_is_a_click(view):
    view.show_node(node_visual("one"))
    view.gestures.press("right", (50.0, 10.0), Modifiers(shift=True))
    view.gestures.release("right", (51.0, 11.0), Modifiers(shift=True))
    (click,) = [event for event in view.poll() if isinstance(event, Click)]
    assert (click.button, click.shift, click.double) == ("right", True, False)


def test_value_changes_do_not_redraw_the_node(view):
    view.show_node(node_visual("one"))
    view.refresh()
    group = view.canvas.nodes["one"].group
    view.set_value("one", "slider", ValueVisual("slider", "880 Hz", 0.8))
    view.set_value("one", "live", ValueVisual("live", "0.7", 0.7))
    view.set_value("one", "toggle", ValueVisual("toggle", "off"))
    view.refresh()
    assert view.canvas.nodes["one"].group == group
    assert view.scene.value_of("one", "slider").text == "880 Hz"


def test_only_visible_nodes_are_drawn(view):
    for i in range(20):
        view.show_node(node_visual(f"n{i}", (1000.0 * i, 0.0)))
    view.refresh()
    assert 1 <= len(view.canvas.nodes) <= 3
    view.set_camera(Camera(9000.0, 0.0, 1.0))
    view.refresh()
    assert "n9" in view.canvas.nodes


def some_readings():
    wave = np.sin(np.arange(8192) / 20.0)
    yield Reading("signal", 44100.0, samples=np.stack([wave, 2 * wave]))
    yield Reading("signal", 44100.0, samples=np.full((1, 8192), np.nan), nans=8192)
    yield Reading("magnitude", 86.0, frames=np.abs(np.random.default_rng(1).normal(size=(64, 513))))
    yield Reading("phase", 86.0, frames=np.random.default_rng(2).normal(size=(64, 513)))
    yield Reading("latent", 86.0, frames=np.random.default_rng(3).normal(size=(64, 8)), names=tuple("abcdefgh"))
    yield Reading("latent", 86.0, frames=np.zeros((1, 1)))


@pytest.mark.parametrize("reading", list(some_readings()), ids=lambda reading: reading.kind)
def test_every_readout_is_drawn_in_probes_and_at_the_pointer(view, reading):
    view.show_node(node_visual("one"))
    view.show_node(node_visual("two", (400.0, 50.0)))
    key = ("one.out_signal", "two.in_signal")
    view.show_wire(WireVisual(key, "signal"))
    view.show_hover(key)
    view.show_probe("p", key, "a probe")
    for _ in range(2):
        view.read_hover(readout(reading))
        view.read_probe("p", readout(reading))
        view.refresh()
    assert view.hover.lines == view.probes["p"].lines != ()
    view.hide_probe("p")
    view.show_hover(None)
    assert not view.hover.lines


@pytest.mark.parametrize("kind", ["wave", "spectrum", "spectrogram", "meter", "bars", "faders", "steps", "tuner"])
def test_every_display_is_drawn_inside_its_node(view, kind):
    view.show_node(node_visual("one", display=kind, display_size=(160.0, 80.0)))
    view.refresh()
    assert view.displays == {"one": kind}
    for count in (1, 3):
        shape = {"meter": (count, 2), "bars": (count,), "faders": (count,), "steps": (2, 4 * count), "tuner": (1,)}.get(
            kind, (count, 64)
        )
        view.read_display("one", Drawing(kind, np.random.default_rng(1).random(shape), 0.0, 1.0, "1"))
    view.refresh()


def items_in(view, id="one"):
    """Return the corners of all visible draw items in the display of a node, in its pixels."""
    import dearpygui.dearpygui as dpg

    found = []

    def collect(tag):
        for child in dpg.get_item_children(tag, 2):
            found.append(dpg.get_item_configuration(child) | {"type": dpg.get_item_info(child)["type"]})
            collect(child)

    collect(view.canvas.nodes[id].plot._top)
    return [item for item in found if item["show"]]


def test_dots_move_alone_and_stay_inside_with_the_gauge_beside_them(view):
    view.show_node(node_visual("one", display="curves", display_size=(160.0, 48.0)))
    view.refresh()
    rows = np.array([[0.0, 0.5, 1.0], [0.0, 1.0, 0.5]])
    drawing = Drawing("curves", rows, 0.0, 1.0, "1 s", dots=((0.5, 0.5), (1.0, 0.0)), gauge=0.25)
    view.read_display("one", drawing)
    curve, dots = ([i for i in items_in(view) if i["type"].endswith(kind)] for kind in ("DrawPolyline", "DrawCircle"))
    assert len(curve) == 1 and len(dots) == 2
    height = 48.0 * view.scene.zoom
    assert all(0.0 <= dot["center"][0] <= 160.0 and 0.0 < dot["center"][1] < height for dot in dots)
    view.read_display("one", replace(drawing, dots=((0.25, 0.5),)))
    view.refresh()
    (moved,) = [i for i in items_in(view) if i["type"].endswith("DrawCircle")]
    assert moved["center"][0] < dots[0]["center"][0]
    assert next(i for i in items_in(view) if i["type"].endswith("DrawPolyline"))["points"] == curve[0]["points"]


ITEMS = (
    Item("heading", "h", value="Heading"),
    Item("text", "t", value="Some text with 50 % and → signs"),
    Item("code", "c", value="def tick():\n    return 1"),
    Item("line"),
    Item("button", "b", "Press"),
    Item("slider", "s", "gain", (0.5, "-6 dB")),
    Item("toggle", "g", "mute", True),
    Item("entry", "e", "name", "x"),
    Item("choice", "o", "which", ("a", ("a", "b"))),
    Item("progress", "p", value=(0.3, "30 %")),
    Item("table", "tb", value=(("Neuron", "Gain"), (("1", "0.5"), ("2", "0.7")))),
    Item("fader", "f1", "1", (0.2, "0.2")),
    Item("fader", "f2", "2", (0.9, "0.9")),
    Item("drawing", "d", value=Drawing("wave", np.zeros((1, 64)))),
    Item("row", value=(Item("button", "r1", "One"), Item("button", "r2", "Two"))),
)


def test_panel_with_all_items_is_shown_updated_and_closed(view):
    view.show_panel(PanelVisual("panel", "Everything", ITEMS))
    for item in ITEMS:
        if item.key:
            view.set_item("panel", item)
    view.draw("panel", "d", Drawing("wave", np.ones((1, 64))))
    view.show_panel(PanelVisual("panel", "Everything", (*ITEMS, Item("text", "more", value="more"))))
    view.show_panel(PanelVisual("other", "Question", ITEMS[:2], modal=True))
    assert view.panels.keys == ["panel", "other"]
    view.hide_panel("panel")
    view.hide_panel("other")
    view.hide_panel("never shown")
    assert view.panels.keys == []


def test_menus_palette_fields_and_dialogs_open_and_close(view, tmp_path):
    items = (MenuItem("File", items=(MenuItem("Open", "open", key="ctrl+o"), MenuItem("-"), MenuItem("Quit", "quit"))),)
    view.set_menus(items)
    view.show_menu("title", items[0].items)
    entries = tuple(PaletteEntry(f"k{i}", f"block {i}", "filters", "what it does", (0, 1)) for i in range(40))
    for chosen in (0, 20, 39, -1):
        view.show_palette(PaletteVisual("Add a block", "", entries, chosen))
    view.show_palette(PaletteVisual("Add a block", "zzz", (), -1, "nothing fits"))
    view.hide_palette()
    view.ask_value("key", "a value", "1")
    view.ask_value("key", "a comment", "two\nlines")
    view.ask_file("key", "Open", tmp_path / "no" / "such" / "folder", ".json")
    view.ask_file("key", "Save", tmp_path, ".json", save=True, name="x")
    view.files.close(None)
    view.set_status(Status((("device", "none"), ("load", "10 %")), frozenset({"load"})))
    view.notify("something happened", alarm=True)
    view.show_hint("a wire needs an input", refused=True)
    view.set_path(("patch", "voice", "filter"))
    view.set_path(("patch",))
    view.set_title("a title")
    view.set_clipboard("text")
    assert view.clipboard() == "text"
    for theme in ("light", "dark"):
        view.set_look(theme, 1.25)
        view.refresh()


def test_view_survives_random_calls_and_gestures(view):
    """After random calls and gestures the view still runs and shows the last visuals."""
    rng = random.Random(5)
    shown, wires, notes = set(), set(), set()
    for step in range(5000):
        _random_step(view, rng, shown, wires, notes)
        if step % 7 == 0:
            view.refresh()
            view.poll()
    view.refresh()
    assert set(view.scene.nodes) == shown
    assert set(view.scene.wires) == wires
    assert set(view.scene.notes) == notes
    assert set(view.canvas.nodes) <= shown


def _random_step(view, rng, shown, wires, notes):
    spot = (rng.uniform(-50, 1300), rng.uniform(-50, 800))
    what = rng.randrange(14)
    if what == 0 and len(shown) < 30:
        id = f"n{rng.randrange(40)}"
        display = rng.choice(["", "wave", "spectrogram"])
        view.show_node(node_visual(id, spot, folded=rng.random() < 0.2, display=display, display_size=(150.0, 60.0)))
        shown.add(id)
    elif what == 1 and shown:
        id = rng.choice(sorted(shown))
        for key in [key for key in wires if key[0].startswith(f"{id}.") or key[1].startswith(f"{id}.")]:
            view.hide_wire(key)
            wires.discard(key)
        view.hide_node(id)
        shown.discard(id)
    elif what == 2 and shown:
        a, b = rng.choice(sorted(shown)), rng.choice(sorted(shown))
        key = (f"{a}.out_{rng.choice(KINDS)}", f"{b}.in_{rng.choice(KINDS)}")
        view.show_wire(WireVisual(key, rng.choice(KINDS), rng.random() < 0.3, rng.random() < 0.1))
        wires.add(key)
    elif what == 3 and wires:
        key = rng.choice(sorted(wires))
        view.hide_wire(key)
        wires.discard(key)
    elif what == 4:
        id = f"note{rng.randrange(6)}"
        view.show_note(NoteVisual(id, "some words\nand more", spot, rng.choice([None, (300.0, 200.0)])))
        notes.add(id)
    elif what == 5 and notes:
        id = rng.choice(sorted(notes))
        view.hide_note(id)
        notes.discard(id)
    elif what == 6:
        view.set_camera(Camera(*spot, rng.choice([0.5, 0.75, 1.0, 1.5, 2.0])))
    elif what == 7:
        some = frozenset(id for id in shown if rng.random() < 0.3)
        view.set_selection(some, frozenset(key for key in wires if rng.random() < 0.3), frozenset(notes))
    elif what == 8 and shown:
        view.set_value(rng.choice(sorted(shown)), "slider", ValueVisual("slider", "x", rng.random()))
        view.set_badge(rng.choice(sorted(shown)), rng.choice(["", "it fails"]))
        view.set_load(rng.choice(sorted(shown)), rng.choice(["", "1 %"]))
    elif what == 9 and shown:
        view.place_node(rng.choice(sorted(shown)), spot)
    elif what == 10:
        view.gestures.press(
            rng.choice(["left", "right", "middle"]), spot, Modifiers(rng.random() < 0.2), rng.random() < 0.1
        )
    elif what == 11:
        view.gestures.move(spot, Modifiers())
    elif what == 12:
        view.gestures.release(rng.choice(["left", "right", "middle"]), spot, Modifiers())
    elif rng.random() < 0.2:
        view.gestures.cancel()
    else:
        view.gestures.wheel(rng.choice([-1, 1]), spot)


def test_unchanged_pointer_sends_no_second_event(view):
    view.gestures.move((10.0, 10.0), Modifiers())
    view.gestures.move((10.0, 10.0), Modifiers())
    assert [type(event) for event in view.poll()] == [Pointer]


def test_view_implements_all_methods_of_the_protocol(view):
    methods = [name for name in vars(view_module.View) if not name.startswith("_")]
    assert [name for name in methods if not callable(getattr(view, name, None))] == []
    assert Path(view_module.__file__).name == "view.py"


def test_node_that_becomes_visible_shows_its_current_values(view):
    view.show_node(node_visual("one", (5000.0, 0.0)))
    view.refresh()
    view.set_value("one", "live", ValueVisual("live", "now this", 0.2))
    view.set_camera(Camera(4900.0, 0.0, 1.0))
    view.refresh()
    assert view.canvas.nodes["one"].value_texts["live"] == "now this"


def test_tips_lie_beside_their_block_within_the_window(view):
    for block in ((10, 40, 200, 300), (900, 400, 1270, 700), (300, 30, 1000, 780), (0, 20, 1280, 300)):
        for mouse in ((block[0] + 5, block[1] + 5), (block[2] - 5, block[3] - 5)):
            view.overlay.tip("signal to filter, with a rather long description", block)
            view.overlay.refresh(mouse)
            left, top, right, bottom = view.overlay.tip_box
            assert right <= block[0] or left >= block[2] or bottom <= block[1] or top >= block[3]
            assert left >= 0 and top >= 0 and right <= 1280 and bottom <= 800


def test_open_palette_hides_the_readout_at_the_pointer(view):
    view.show_node(node_visual("one"))
    view.show_node(node_visual("two", (400.0, 50.0)))
    key = ("one.out_signal", "two.in_signal")
    view.show_wire(WireVisual(key, "signal"))
    view.show_hover(key)
    view.read_hover(readout(Reading("signal", 44100.0, samples=np.zeros((1, 4096), np.float32))))
    assert view.hover.lines
    view.show_palette(PaletteVisual("Add", "", ()))
    view.refresh()
    assert not view.hover.lines
