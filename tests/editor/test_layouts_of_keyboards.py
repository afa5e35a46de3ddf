"""Shortcuts on keyboards with different layouts: each key combination in F1 runs its command."""

from __future__ import annotations

import subprocess

import pytest

from nodegraph.editor.command import COMMANDS
from nodegraph.editor.commands.piano import PianoKeys
from nodegraph.editor.dpg import keyboard
from nodegraph.midi.keyboard import KEYS

KEYSYMS = {
    "enter": "Return", "backspace": "BackSpace", "pageup": "Prior", "pagedown": "Next", "escape": "Escape",
    "delete": "Delete", "insert": "Insert", "home": "Home", "end": "End", "tab": "Tab", "left": "Left",
    "right": "Right", "up": "Up", "down": "Down", "[": "bracketleft", "]": "bracketright", "{": "braceleft",
    "}": "braceright", "=": "equal", "+": "plus", "-": "minus", ".": "period", ",": "comma", "/": "slash",
    ">": "greater", "menu": "Menu",
}  # fmt: skip


def keysym(key):
    """Return a key as xdotool names it: ``ctrl++`` → ``ctrl+plus``."""
    *modifiers, name = key.removesuffix("+").split("+") if key.endswith("+") else [*key.split("+")]
    name = "plus" if key.endswith("+") else KEYSYMS.get(name, name.upper() if name[0] == "f" and name[1:] else name)
    return "+".join([*(m for m in modifiers if m), name])


@pytest.fixture(params=["us", "de", "fr"])
def layout(request, robot):
    def choose(name):
        subprocess.run(["setxkbmap", name], check=True, timeout=20)
        robot.frames(4)

    choose(request.param)
    yield request.param
    choose("us")


def test_every_shortcut_runs_its_command(robot, layout, monkeypatch):
    """All keys are sent before the next frame, so the modifiers must come with each key."""
    run = []
    monkeypatch.setattr(robot.app.presenter, "run", lambda name, argument=None: run.append(name))
    wanted = [(key, command.name) for command in COMMANDS.values() for key in command.keys if key != "return"]
    for start in range(0, len(wanted), 12):
        robot.do("key", "--delay", 2, *(keysym(key) for key, _ in wanted[start : start + 12]))
        robot.until(lambda: len(run) >= min(start + 12, len(wanted)), 2.0)  # noqa: B023
    robot.frames(4)
    assert dict(zip((key for key, _ in wanted), run)) == dict(wanted)
    assert len(run) == len(wanted)


@pytest.mark.parametrize("layout", ["fr"], indirect=True)
def test_ctrl_a_in_a_text_field_selects_by_the_printed_letter(robot, layout):
    robot.add("sine", (200.0, 200.0))
    robot.key("F2")
    assert robot.until(lambda: robot.view.fields.typing)
    robot.type("one")
    robot.frames(12)
    for action, key in (("keydown", "ctrl"), ("keydown", "a"), ("keyup", "a"), ("keyup", "ctrl")):
        robot.do(action, key)
        robot.frames(4)
    robot.type("two")
    robot.frames(12)
    robot.key("Return")
    assert robot.until(lambda: "sine1" not in robot.document.nodes)
    assert list(robot.document.nodes) == ["two"]


@pytest.mark.parametrize("layout", ["de"], indirect=True)
def test_piano_keys_lie_in_the_same_places_on_every_layout(robot, layout):
    robot.key("ctrl+shift+k")
    piano = robot.desk.state(PianoKeys)
    lowest = 52  # the X key code of the first key of the lower row
    robot.do("keydown", lowest)
    assert robot.until(lambda: piano.piano.held)
    assert piano.piano.held == {"Z": 60}
    robot.do("keyup", lowest)
    assert robot.until(lambda: not piano.piano.held)
    robot.key("ctrl+shift+k")


def test_keys_of_other_scripts_stand_for_the_letter_at_their_position():
    assert keyboard.key_names(ord("Z"), "я", keyboard.CTRL) == ("ctrl+я", "ctrl+z")
    assert keyboard.key_names(ord("Z"), "y", keyboard.CTRL) == ("ctrl+y",)
    assert keyboard.key_names(ord("0"), "à", 0) == ("à", "0")


def test_positions_of_all_piano_keys_are_known():
    assert {key.upper() for key in map(keyboard.position_of, range(33, 127))} >= set(KEYS)
