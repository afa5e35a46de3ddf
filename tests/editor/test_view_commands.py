"""View commands: camera, search, probes, keyboard control of the canvas, theme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.editor.events import CameraMoved, Click, Key, PaletteTyped, Pointer, ProbeClosed, Resized, Wheel
from nodegraph.editor.view import Camera
from nodegraph.patch import RemoveNode


def on_screen(camera: Camera, at: tuple[float, float]) -> tuple[float, float]:
    return (at[0] - camera.x) * camera.zoom, (at[1] - camera.y) * camera.zoom


def test_wheel_zooms_at_the_pointer_within_half_and_double(user):
    at = (300.0, 200.0)
    before = on_screen(user.view.camera, at)
    for steps in (1.0, 2.0, -1.0):
        user.send(Wheel(steps, at))
        assert on_screen(user.view.camera, at) == pytest.approx(before)
    user.send(Wheel(100.0, at))
    assert user.view.camera.zoom == 2.0
    user.send(Wheel(-100.0, at))
    assert user.view.camera.zoom == 0.5
    user.press("ctrl+0")
    assert user.view.camera.zoom == 1.0


def test_fit_shows_all_nodes(user):
    user.send(Resized(1000.0, 700.0))
    for at in ((-500.0, -300.0), (900.0, 600.0), (6000.0, 0.0)):
        user.add("sine", at)
    user.press("escape", "home")
    camera = user.view.camera
    for at in user.document.layout.values():
        x, y = on_screen(camera, at)
        assert 0 <= x <= 1000 and 0 <= y <= 700
    user.send(CameraMoved(10.0, 20.0))
    assert user.desk.camera == Camera(10.0, 20.0, camera.zoom)


def test_hidden_minimap_is_saved_in_the_preferences(user):
    assert user.view.minimap
    user.press("m")
    assert not user.view.minimap and not user.desk.preferences.minimap


def test_search_selects_and_shows_the_node(user):
    user.add("sine")
    user.add("ladder", (5000.0, 3000.0))
    user.enter("ladder1.cutoff", "1234")
    user.press("escape", "home")
    user.send(CameraMoved(0.0, 0.0))
    user.press("ctrl+f")
    user.pick("1234")
    assert user.view.selected[0] == {"ladder1"}
    x, y = on_screen(user.view.camera, (5000.0, 3000.0))
    assert 0 <= x <= user.desk.canvas[0] and 0 <= y <= user.desk.canvas[1]


def test_hovering_a_wire_shows_its_readout(user):
    user.chain("sine", "audio_out")
    key = ("sine1.out", "audio_out1.audio")
    user.send(Pointer((100.0, 50.0), key))
    assert user.view.hover == key
    user.send(Pointer((100.0, 500.0), None))
    assert user.view.hover is None


def test_probe_is_pinned_to_a_wire_and_closed(user):
    user.chain("sine", "audio_out")
    key = ("sine1.out", "audio_out1.audio")
    user.send(Click((0, 0), key))
    user.press("p")
    assert list(user.view.probes.values()) == [key]
    user.send(ProbeClosed(next(iter(user.view.probes))))
    user.view.probes.clear()
    user.press("p")
    assert list(user.view.probes.values()) == [key]
    user.press("delete")
    assert not user.view.probes, "the probe of a removed wire is removed"


def test_probes_of_a_patch_are_closed_when_another_one_is_opened(user, tmp_path):
    user.chain("sine", "audio_out")
    user.send(Click((0, 0), ("sine1.out", "audio_out1.audio")))
    user.press("p")
    assert user.view.probes
    user.patch.save(tmp_path / "saved.json")
    user.presenter.run("open_file", tmp_path / "saved.json")
    assert user.patch.path == tmp_path / "saved.json" and not user.view.probes


def test_patch_is_built_with_the_keyboard_only(user):
    user.press("n")
    user.pick("sine")
    user.press("n")
    user.pick("audio_out")
    user.press("escape", "tab")
    assert user.view.selected[0] == {"sine1"}
    user.press("j", "w")
    assert "sine1.out" in user.view.hint[0]
    user.press("tab", "j", "w")
    assert set(user.view.wires) == {("sine1.out", "audio_out1.audio")}
    user.press("l")
    assert user.view.selected[3].end == "sine1.out"
    user.press("x", "delete")
    assert not user.view.wires


def test_ports_are_wired_by_name(user):
    user.add("ladder")
    user.add("sine", (500.0, 40.0))
    user.press("w")
    user.pick("sine1.out")
    user.pick("ladder1.cutoff")
    assert set(user.view.wires) == {("sine1.out", "ladder1.cutoff")}


def test_theme_and_scale_are_saved(user):
    user.presenter.run("light_theme")
    user.press("ctrl+alt+=")
    assert user.view.look == ("light", 1.25)
    from .user import SimulatedUser

    assert SimulatedUser(user.presenter.home).view.look == ("light", 1.25)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), max_size=10))
def test_any_wheel_input_keeps_the_zoom_in_range(turns):
    from nodegraph.editor.canvas.camera import zoom_to

    class Desk:
        camera = Camera()

    for steps, x, y in turns:
        zoom_to(Desk, Desk.camera.zoom * 1.1**steps, (x, y))
    assert 0.5 <= Desk.camera.zoom <= 2.0 and abs(Desk.camera.x) < 1e8


def test_wheel_zooms_and_touchpad_pans(user):
    before = user.desk.camera
    user.send(Wheel(1.0, (0.0, 0.0)))
    assert user.desk.camera.zoom > before.zoom
    user.press("ctrl+0")
    before = user.desk.camera
    user.send(Wheel(-0.5, (0.0, 0.0), across=0.25, smooth=True))
    assert (user.desk.camera.zoom, user.desk.camera.x < before.x, user.desk.camera.y > before.y) == (1.0, True, True)
    user.send(Wheel(0.5, (0.0, 0.0), smooth=True, ctrl=True))
    assert user.desk.camera.zoom > 1.0
    before = user.desk.camera
    user.send(Wheel(-1.0, (0.0, 0.0), shift=True))
    assert user.desk.camera.x > before.x and user.desk.camera.y == before.y
    user.presenter.run("scrolling_pans")
    user.send(Wheel(-1.0, (0.0, 0.0)))
    assert user.desk.camera.zoom == before.zoom and user.desk.camera.y > before.y


def test_found_block_that_was_removed_meanwhile_is_reported(user):
    user.chain("sine", "ladder")
    user.select("ladder1")
    user.press("ctrl+g", "ctrl+f")
    user.send(PaletteTyped("ladder1"))
    user.patch.do(RemoveNode("subpatch1"))
    user.send(Key("enter", True))
    assert "was removed" in user.message and user.desk.subpatch_path == ()
