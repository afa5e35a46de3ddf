"""Four ways of a newcomer, by mouse and keys, from an empty home folder to a sound; clicks and keys are counted."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from nodegraph.editor.preferences import Preferences
from nodegraph.patch import Patch, SetControl, read_patch
from tests.rendering import patch_of

pytestmark = pytest.mark.needs("dearpygui", "xvfb", "xdotool", "opengl", "jack", "portaudio")


@pytest.fixture
def newcomer(robot, tmp_path, monkeypatch):
    """The robot at the start page, with an empty home and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(robot.desk, "home", tmp_path / "home")
    monkeypatch.setattr(robot.desk, "preferences", Preferences())
    robot.app.presenter.run("start_page")
    robot.frames(8)
    robot.effort = {"clicks": 0, "keys": 0}
    return robot


def heard(robot, seconds=0.25):
    """Return the peaks of the left and the right output of the latest samples."""
    tape = robot.desk.sound.engine.output_tape
    end = tape.written
    frames, _ = tape.read(max(end - round(seconds * robot.desk.sound.rate), 0), end)
    return np.abs(frames[:, :2]).max(axis=0, initial=0.0)


def is_heard(robot):
    return bool(heard(robot).min() > 0.01)


def within(robot, clicks, keys):
    assert robot.effort["clicks"] <= clicks and robot.effort["keys"] <= keys, robot.effort


def test_lesson_is_opened_heard_changed_and_saved_as_a_copy(newcomer, tmp_path, monkeypatch):
    robot, previews, preview = newcomer, [], newcomer.desk.sound.preview
    monkeypatch.setattr(robot.desk.sound, "preview", lambda *sound: (previews.append(sound), preview(*sound)))
    robot.click_card("start", "lesson", 0)
    assert robot.until(lambda: "lesson" in robot.view.panels.keys and robot.document.nodes)
    shipped = robot.patch.path.read_bytes()
    robot.click_item("lesson", "hear")
    assert robot.until(lambda: previews and np.abs(previews[0][0]).max() > 0.1), "the target is not heard"
    robot.wire("sine.out", "out.audio")
    assert robot.until(lambda: is_heard(robot)), "the wired sine is not heard on both sides"
    before = robot.document.nodes["sine"].params["frequency"]
    robot.drag(robot.row("sine", "frequency", 0.5), robot.row("sine", "frequency", 0.7))
    changed = robot.document.nodes["sine"].params["frequency"]
    assert changed > before
    robot.key("ctrl+shift+s")
    robot.save_as(tmp_path / "mine.json")
    assert read_patch(tmp_path / "mine.json").nodes["sine"].params["frequency"] == changed
    (copy,) = (tmp_path / "home" / "lessons").rglob("*.json")
    assert copy.read_bytes() == shipped
    within(robot, clicks=6, keys=len(str(tmp_path)) + 20)


def test_voice_is_built_and_played_on_the_computer_keyboard_in_stereo(newcomer):
    robot = newcomer
    places = {"midi in": (30, 60), "notes": (30, 330), "saw": (260, 60), "ladder": (260, 330), "adsr": (490, 60)}
    places |= {"vca": (490, 330), "audio out": (720, 60)}
    robot.desk.close_panel("start")
    ids = {word: robot.add(word, at) for word, at in places.items()}
    for start, end in (
        ("midi in.out", "notes.events"), ("notes.frequency", "saw.frequency"), ("notes.gate", "adsr.gate"),
        ("saw.out", "ladder.audio"), ("ladder.out", "vca.audio"), ("adsr.out", "vca.gain"),
        ("vca.out", "audio out.audio"),
    ):  # fmt: skip
        (first, out), (second, into) = start.split("."), end.split(".")
        robot.wire(f"{ids[first]}.{out}", f"{ids[second]}.{into}")
    assert len(robot.document.wires) == 7
    assert heard(robot).max() < 0.01
    robot.key("ctrl+shift+k")
    for key in ("z", "c"):
        robot.do("keydown", key)
    try:
        assert robot.until(lambda: is_heard(robot)), "the keys are not heard on both sides"
        left, right = heard(robot)
        assert left == pytest.approx(right, rel=1e-3)
    finally:
        for key in ("z", "c"):
            robot.do("keyup", key)
        robot.key("ctrl+shift+k")
    assert robot.until(lambda: heard(robot, 0.1).max() < 0.01), "a note hangs"
    within(robot, clicks=7, keys=60)


@pytest.mark.needs("torch", "librosa")
def test_model_is_trained_on_a_folder_and_played_from_a_relative_path(newcomer, tmp_path):
    robot = newcomer
    folder = tmp_path / "recordings"
    folder.mkdir()
    clock = np.arange(5 * 44100) / 44100
    for name, frequency in (("low", 220.0), ("high", 330.0)):
        wave = sum(np.sin(2 * np.pi * frequency * k * clock) / k for k in range(1, 9))
        soundfile.write(folder / f"{name}.wav", 0.3 * wave * (1 + np.sin(5 * clock)) / 2, 44100)
    Patch().save("mine.json")
    robot.app.presenter.run("open_file", (tmp_path / "mine.json").relative_to(tmp_path))
    robot.app.presenter.run("start_page")
    robot.frames(8)
    robot.click_card("start", "tool", 0)
    assert robot.until(lambda: "training" in robot.view.panels.keys)
    robot.frames(6)
    robot.click_item("training", "sound")
    robot.type("recordings")
    robot.key("Return")
    robot.click_item("training", "epochs")
    robot.type("2")
    robot.key("Return")
    robot.click_item("training", "begin")
    panel = robot.desk.panels["training"]
    end = time.monotonic() + 270.0
    while not panel.status_text and time.monotonic() < end:
        robot.frames(1)
        time.sleep(0.1)  # leaves the processor to the training
    assert panel.model_path is not None, panel.status_text
    assert panel.model_path == tmp_path / "recordings-8.safetensors"
    robot.frames(6)
    robot.click_item("training", "play")
    assert robot.until(lambda: "decoder" in robot.document.nodes)
    assert robot.document.nodes["decoder"].params["file"] == "recordings-8.safetensors"
    assert robot.until(lambda: is_heard(robot)), "the model is not heard on both sides"
    assert not robot.desk.typed.problems
    within(robot, clicks=6, keys=20)


def test_sound_is_matched_from_the_start_page(newcomer, tmp_path):
    robot = newcomer
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 300.0, "amplitude": 0.3}), out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 200.0, 2000.0, "log"))
    patch.save(tmp_path / "tone.json")
    clock = np.arange(16384) / 16384.0
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2.0 * np.pi * 700.0 * clock), 16384, subtype="FLOAT")
    robot.open("tone.json")
    robot.key("ctrl+alt+m")
    assert robot.until(lambda: "match" in robot.view.panels.keys)
    robot.frames(6)
    robot.click_item("match", "sound")
    robot.type("tone.wav")
    robot.key("Return")
    robot.click_item("match", "begin")
    assert robot.until(lambda: robot.desk.panels["match"].result is not None, 120.0)
    robot.frames(6)
    robot.click_item("match", "apply")
    assert robot.until(lambda: robot.document.nodes["osc"].params["frequency"] == pytest.approx(700.0, rel=0.01))
    assert robot.until(lambda: is_heard(robot))
    within(robot, clicks=3, keys=30)
