"""A user without a mouse: the start page, panels, questions, menus and the file dialog, in a window."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.patch import SetControl
from tests.rendering import patch_of

SIZE = (1024, 700)  # of the window
pytestmark = pytest.mark.needs("dearpygui", "xvfb", "xdotool", "opengl", "jack", "portaudio")


@pytest.fixture
def keys(robot):
    robot.do("mousemove", 1, 1)
    robot.frames(4)
    yield robot
    assert robot.effort["clicks"] == 0


@pytest.fixture(autouse=True)
def _no_clicks(robot):
    robot.effort = {"clicks": 0, "keys": 0}


def test_demo_is_opened_from_its_card(keys):
    robot = keys
    robot.app.presenter.run("start_page")
    robot.frames(8)
    robot.key("Tab")
    assert robot.view.panels.focus[0] == "start"
    for _ in range(20):
        if robot.view.panels.focus[1].startswith("demo:"):
            break
        robot.key("Down")
    panel, item = robot.view.panels.focus
    box = robot.item_box(panel, item)
    assert robot.view.panels.focus_box == pytest.approx(box) and 0 < box[1] and box[3] < SIZE[1]
    robot.key("Return")
    assert robot.until(lambda: robot.document.nodes and "start" not in robot.view.panels.keys)
    assert robot.view.panels.focus_box is None


def test_texts_toggles_and_choices_of_a_panel_are_set(keys):
    robot = keys
    robot.key("ctrl+shift+e", "F6", "Return")
    assert robot.until(lambda: robot.view.fields.typing)
    robot.type("Rain")
    robot.key("Return")
    assert robot.until(lambda: robot.document.title == "Rain" and not robot.view.fields.typing)
    robot.frames(4)
    robot.key("Tab", "Return")
    assert robot.view.panels.focus == ("patch", "seed") and robot.until(lambda: robot.view.fields.typing)
    robot.key("ctrl+a")
    robot.type("7")
    robot.key("Tab")
    assert robot.until(lambda: robot.document.seed == 7 and not robot.view.fields.typing)
    assert robot.view.panels.focus == ("patch", "rate")
    robot.key("Right", "Tab", "space")
    assert robot.document.settings.rate == 22050.0 and not robot.document.settings.latency_compensation
    robot.key("Tab", "Return", "Tab")
    assert robot.view.panels.focus == ("patch", "unison")
    assert robot.until(lambda: robot.view.fields.typing), "the cursor moves from field to field"
    robot.key("Escape", "Escape")
    assert robot.view.panels.focus == ("", "")


def test_question_and_menu_are_answered(keys):
    robot = keys
    id = robot.desk.patch.add("ladder")
    robot.desk.patch.do(SetControl("tone", f"{id}.cutoff", 100.0, 10000.0))
    robot.frames(4)
    robot.key("shift+p", "F6", "shift+F10")
    assert robot.until(lambda: robot.view.popup.is_open)
    robot.key("Up", "Return")
    assert robot.until(lambda: not robot.document.controls), "the last entry removes the control"
    robot.key("ctrl+n")
    assert robot.until(lambda: "question" in robot.view.panels.keys)
    robot.frames(4)
    robot.key("Right", "Return")
    assert robot.until(lambda: not robot.document.nodes)


def test_file_is_chosen_by_arrows_with_its_preview(keys, tmp_path, monkeypatch):
    robot = keys
    (tmp_path / "deeper").mkdir()
    patch_of("tone.out out.audio", tone="sine", out="audio_out").save(tmp_path / "deeper" / "tone.json")
    soundfile.write(tmp_path / "deeper" / "z.wav", np.zeros(800), 8000)
    monkeypatch.setattr(type(robot.desk), "folder", tmp_path)
    robot.key("ctrl+o")
    assert robot.until(lambda: robot.view.files.is_open)
    robot.key("Down", "Return")
    assert robot.until(lambda: robot.view.files._folder == tmp_path / "deeper")
    robot.key("Down")
    assert robot.until(lambda: robot.view.files._plot is not None), "the blocks of the patch are drawn"
    robot.key("Left", "Down", "Right", "Down", "Return")
    assert robot.until(lambda: "tone" in robot.document.nodes)


def test_shortcut_is_handled_once_and_before_the_next_frame_is_drawn(keys):
    robot = keys
    for _ in range(2):
        robot.desk.patch.add("sine")
    robot.frames(4)
    robot.do("key", "ctrl+z")
    for _ in range(50):
        if robot.view.wait(0.1):
            robot.app.frame()
        if len(robot.document.nodes) < 2:
            break
    assert len(robot.document.nodes) == 1
    robot.frames(8)
    assert len(robot.document.nodes) == 1
    robot.key("ctrl+shift+z")
    assert len(robot.document.nodes) == 2


def test_escape_closes_a_palette_whose_field_has_no_cursor_yet(keys):
    robot = keys
    robot.do("key", "--delay", 1, "n", "Escape")
    robot.frames(12)
    assert not robot.view.palette.is_open


def test_cards_out_of_sight_are_scrolled_into_view(keys):
    robot = keys
    robot.view.set_look("dark", 2.0)
    robot.frames(4)
    try:
        robot.app.presenter.run("start_page")
        robot.frames(8)
        robot.key("Tab", "Up", *["Down"] * 6)
        robot.frames(4)
        box = robot.view.panels.focus_box
        assert robot.view.panels.focus[1].startswith("tool:")
        assert box == pytest.approx(robot.item_box(*robot.view.panels.focus)) and box[3] - box[1] > 80.0
    finally:
        robot.view.set_look("dark", 1.0)
        robot.frames(4)
