"""View commands: camera, search, probes, keyboard control of the canvas, theme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.editor.events import CameraMoved, Click, Pointer, ProbeClosed, Resized, Wheel
from nodegraph.editor.view import Camera


def on_screen(camera: Camera, at: tuple[float, float]) -> tuple[float, float]:
    return (at[0] - camera.x) * camera.zoom, (at[1] - camera.y) * camera.zoom


def test_wheel_zooms_at_the_pointer_within_half_and_double(hand):
    at = (300.0, 200.0)
    before = on_screen(hand.view.camera, at)
    for steps in (1.0, 2.0, -1.0):
        hand.does(Wheel(steps, at))
        assert on_screen(hand.view.camera, at) == pytest.approx(before)
    hand.does(Wheel(100.0, at))
    assert hand.view.camera.zoom == 2.0
    hand.does(Wheel(-100.0, at))
    assert hand.view.camera.zoom == 0.5
    hand.presses("ctrl+0")
    assert hand.view.camera.zoom == 1.0


def test_fit_shows_all_nodes(hand):
    hand.does(Resized(1000.0, 700.0))
    for at in ((-500.0, -300.0), (900.0, 600.0), (6000.0, 0.0)):
        hand.adds("sine", at)
    hand.presses("escape", "home")
    camera = hand.view.camera
    for at in hand.document.layout.values():
        x, y = on_screen(camera, at)
        assert 0 <= x <= 1000 and 0 <= y <= 700
    hand.does(CameraMoved(10.0, 20.0))
    assert hand.desk.camera == Camera(10.0, 20.0, camera.zoom)


def test_hidden_minimap_is_saved_in_the_preferences(hand):
    assert hand.view.minimap
    hand.presses("m")
    assert not hand.view.minimap and not hand.desk.preferences.minimap


def test_search_selects_and_shows_the_node(hand):
    hand.adds("sine")
    hand.adds("ladder", (5000.0, 3000.0))
    hand.types("ladder1.cutoff", "1234")
    hand.presses("escape", "home")
    hand.does(CameraMoved(0.0, 0.0))
    hand.presses("ctrl+f")
    hand.picks("1234")
    assert hand.view.selected[0] == {"ladder1"}
    x, y = on_screen(hand.view.camera, (5000.0, 3000.0))
    assert 0 <= x <= hand.desk.canvas[0] and 0 <= y <= hand.desk.canvas[1]


def test_hovering_a_wire_shows_its_readout(hand):
    hand.chain("sine", "audio_out")
    key = ("sine1.out", "audio_out1.audio")
    hand.does(Pointer((100.0, 50.0), key))
    assert hand.view.hover == key
    hand.does(Pointer((100.0, 500.0), None))
    assert hand.view.hover is None


def test_probe_is_pinned_to_a_wire_and_closed(hand):
    hand.chain("sine", "audio_out")
    key = ("sine1.out", "audio_out1.audio")
    hand.does(Click((0, 0), key))
    hand.presses("p")
    assert list(hand.view.probes.values()) == [key]
    hand.does(ProbeClosed(next(iter(hand.view.probes))))
    hand.view.probes.clear()
    hand.presses("p")
    assert list(hand.view.probes.values()) == [key]
    hand.presses("delete")
    assert not hand.view.probes, "the probe of a wire that is gone goes with it"


def test_patch_is_built_with_the_keyboard_only(hand):
    hand.presses("n")
    hand.picks("sine")
    hand.presses("n")
    hand.picks("audio_out")
    hand.presses("escape", "tab")
    assert hand.view.selected[0] == {"sine1"}
    hand.presses("j", "w")
    assert "sine1.out" in hand.view.hint[0]
    hand.presses("tab", "j", "w")
    assert set(hand.view.wires) == {("sine1.out", "audio_out1.audio")}
    hand.presses("l")
    assert hand.view.selected[3].end == "sine1.out"
    hand.presses("x", "delete")
    assert not hand.view.wires


def test_ports_are_wired_by_name(hand):
    hand.adds("ladder")
    hand.adds("sine", (500.0, 40.0))
    hand.presses("w")
    hand.picks("sine1.out")
    hand.picks("ladder1.cutoff")
    assert set(hand.view.wires) == {("sine1.out", "ladder1.cutoff")}


def test_theme_and_scale_are_saved(hand):
    hand.presenter.run("light_theme")
    hand.presses("ctrl+alt+=")
    assert hand.view.look == ("light", 1.25)
    from .user import Hand

    assert Hand(hand.presenter.home).view.look == ("light", 1.25)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), max_size=10))
def test_any_wheel_input_keeps_the_zoom_in_range(turns):
    from nodegraph.editor.canvas.camera import zoom_to

    class Desk:
        camera = Camera()

    for steps, x, y in turns:
        zoom_to(Desk, Desk.camera.zoom * 1.1**steps, (x, y))
    assert 0.5 <= Desk.camera.zoom <= 2.0 and abs(Desk.camera.x) < 1e8
