"""Spoken status: the lines for selections, edits, values, palettes, panels and errors."""

from __future__ import annotations

import os
import stat

import pytest

from nodegraph.editor.events import NodeAt, PanelFocused
from nodegraph.editor.presenter import Presenter
from nodegraph.editor.spoken import SpokenView, line_writer
from nodegraph.files.demos import demo_patch
from nodegraph.patch import SetControl
from tests.editor.user import SimulatedUser


class Listener(SimulatedUser):
    """A user who hears what happens."""

    def __init__(self, home):
        super().__init__(home)
        self.presenter.close()
        self.said = []
        self.spoken = SpokenView(self.view, self.said.append)
        self.presenter = Presenter(self.spoken, self.sound, None, home)
        self.presenter.strict = True

    def heard(self, seconds=0.0):
        """Return the lines said since the last call."""
        self.now += seconds
        self.presenter.tick(self.now)
        self.spoken.flush(self.now)
        if seconds:
            self.spoken.flush(self.now + seconds)
        lines = [line for text in self.said for line in text.split("\n")]
        self.said.clear()
        return lines


@pytest.fixture
def listener(tmp_path):
    listener = Listener(tmp_path / "home")
    listener.heard()
    yield listener
    listener.presenter.close()


def test_added_wired_and_removed_blocks_are_said(listener):
    listener.add("saw")
    listener.add("audio_out", (400.0, 40.0))
    listener.heard()
    listener.wire("saw1.out", "audio_out1.audio")
    assert "saw1.out wired to audio_out1.audio" in listener.heard()
    listener.press("ctrl+z")
    assert "saw1.out disconnected from audio_out1.audio" in listener.heard()
    listener.select("saw1")
    listener.press("delete")
    assert "saw1 removed" in listener.heard()


def test_selected_block_is_said_with_its_wires_and_a_pin_with_its_value(listener):
    listener.chain("saw", "ladder", "audio_out")
    listener.heard()
    listener.select("ladder1")
    assert listener.heard()[-1] == "ladder1, filters; audio from saw1.out; out to audio_out1.audio"
    while listener.desk.selection.focus is None or listener.desk.selection.focus.port != "cutoff":
        listener.press("j")
    assert listener.heard()[-1] == "ladder1 cutoff 1 kHz, signal input"
    listener.select("saw1", "ladder1")
    assert listener.heard()[-1] == "2 blocks selected"


def test_value_is_said_once_it_rests(listener):
    listener.add("ladder")
    listener.heard()
    listener.slide("ladder1.cutoff", 0.5, 0.6, 0.5)
    assert listener.heard() == []
    (line,) = listener.heard(1.0)
    assert line.startswith("ladder1 cutoff") and line.endswith("Hz")


def test_refused_edit_and_problem_are_said(listener):
    listener.add("sine")
    listener.enter("sine1.frequency", "loud")
    assert any("not a number" in line for line in listener.heard())
    listener.enter("sine1.frequency", "1e9")
    assert any("frequency" in line and "Hz" in line for line in listener.heard())


def test_palette_says_the_chosen_entry_and_its_place(listener):
    listener.press("n")
    assert listener.heard()[-1].startswith("Add block: ")
    listener.press("down")
    assert ", 2 of " in listener.heard()[-1]


def test_panel_says_its_items_while_keys_move_and_set_them(listener):
    listener.add("ladder")
    listener.patch.do(SetControl("tone", "ladder1.cutoff", 100.0, 10000.0))
    listener.press("shift+p")
    assert "panel Play" in listener.heard()
    listener.press("f6")
    assert listener.heard()[-1] == "tone 1 kHz, fader"
    listener.press("end")
    assert "tone 10 kHz, fader" in listener.heard()
    listener.send(PanelFocused("play", "first"))
    listener.press("space")
    assert listener.heard()[-1] == "Show this first when the patch is opened on, check box"
    listener.press("escape")
    assert listener.heard() == ["canvas"]


def test_opened_patch_is_summed_up(listener):
    listener.presenter.run("open_file", demo_patch("pluck"))
    lines = listener.heard()
    assert any("blocks" in line and "wires" in line for line in lines) and len(lines) < 8


def test_menu_prompt_and_question_are_said(listener):
    listener.add("ladder")
    listener.right_click(NodeAt("ladder1"))
    assert any(line.startswith("menu ladder1") for line in listener.heard())
    listener.press("ctrl+n")
    assert {"panel New patch; this patch has unsaved changes.", "Save, button"} <= set(listener.heard())


def test_lines_are_written_to_a_file(tmp_path):
    say = line_writer(str(tmp_path / "log"))
    say("one")
    say("two\nthree")
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"
    with pytest.raises(OSError):
        line_writer(str(tmp_path / "missing" / "log"))


def test_text_is_spoken_by_speech_dispatcher(tmp_path, monkeypatch):
    program = tmp_path / "spd-say"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {tmp_path}/spoken\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    say = line_writer("spd-say")
    say("saw1 added")
    for process in say._processes:
        process.wait(10)
    assert (tmp_path / "spoken").read_text().splitlines()[-1] == "-N nodegraph -- saw1 added"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(OSError):
        line_writer("spd-say")
