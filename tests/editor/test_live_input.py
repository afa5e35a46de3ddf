"""Live input in the editor: piano keys, transport, OSC, flight logs, wire recordings."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from nodegraph.editor.events import KeyReleased, PanelEvent, Pointer
from nodegraph.editor.sound.protocol import SoundState
from nodegraph.editor.view import Pin


class FakeEngine:
    """An engine that stores the messages it receives."""

    rate, clock, plan, allow_outside = 44100.0, 1000, None, False

    def __init__(self):
        self.midi, self.turns = [], []

    def send(self, message, at=0, port=""):
        self.midi.append((bytes(message), port))

    def midi_time(self, arrived=None):
        return self.clock

    def set_parameter(self, node, port, value, at=0, lane=-1):
        self.turns.append((node, port, value))

    def notes(self):
        """Return the keys that are held."""
        down = []
        for message, _ in self.midi:
            if message[0] & 0xF0 == 0x90:
                down.append(message[1])
            elif message[1] in down:
                down.remove(message[1])
        return down


@pytest.fixture
def engine(user, monkeypatch):
    engine = FakeEngine()
    monkeypatch.setattr(user.sound, "engine", engine, raising=False)
    monkeypatch.setattr(user.presenter, "_tick", lambda now: None)  # retrospective recording needs a real engine
    return engine


def status(user, key):
    from nodegraph.editor.sound.monitor import status as of

    return dict(of(user.desk, SoundState()).parts).get(key, "")


# -- piano -------------------------------------------------------------------------------------------------------


def test_letter_keys_play_notes_while_piano_keys_are_on(user, engine):
    user.press("ctrl+shift+k")
    assert "midi_in" in user.message  # the patch has no midi_in to receive the notes
    user.press("z", "z", "q")  # the second z is a key repeat
    assert engine.midi == [(bytes([0x90, 60, 100]), "keyboard"), (bytes([0x90, 72, 100]), "keyboard")]
    assert status(user, "piano") == "piano keys from C4"
    user.press("pageup", "x")
    assert engine.notes() == [60, 72, 74] and status(user, "piano") == "piano keys from C5"
    user.send(KeyReleased("z"), KeyReleased("a"), KeyReleased("x"))
    assert engine.notes() == [72]
    assert not user.document.nodes and user.view.palette is None


def test_turning_piano_keys_off_releases_all_notes(user, engine):
    user.press("ctrl+shift+k", "z", "c", "ctrl+shift+k")
    assert engine.notes() == [] and status(user, "piano") == ""
    user.press("n")
    assert user.view.palette is not None and len(engine.midi) == 4


def test_shortcuts_and_typing_work_while_piano_keys_are_on(user, engine):
    user.press("ctrl+shift+k")
    user.send(*(KeyReleased("k"),))
    user.press("insert")
    assert user.view.palette is not None
    user.press("z", "x")
    assert not engine.midi
    user.pick("sine")
    user.press("ctrl+z")
    assert not user.document.nodes and not engine.midi


def test_piano_keys_stay_on_in_the_next_patch(user, engine):
    user.press("ctrl+shift+k", "z", "ctrl+n")
    user.send(KeyReleased("z"))
    user.press("x")
    assert engine.notes() == [62]


# -- transport ---------------------------------------------------------------------------------------------------


def test_play_edits_the_patch_and_rewind_does_not(user, engine):
    user.press("shift+space", "ctrl+home")
    assert not user.document.nodes and not engine.turns  # the patch has no players
    user.add("transport")
    user.add("file_player")
    user.press("shift+space")
    assert user.document.nodes["transport1"].params["play"] == 0.0
    assert "play" not in user.document.nodes["file_player1"].params  # the transport controls the file player
    user.press("shift+space")
    assert user.document.nodes["transport1"].params["play"] == 1.0
    user.press("ctrl+z")
    assert user.document.nodes["transport1"].params["play"] == 0.0
    before = user.document
    user.press("ctrl+home")
    assert engine.turns == [("transport1", "rewind", 1.0), ("transport1", "rewind", 0.0)]
    assert user.document is before


def test_play_controls_file_players_without_a_transport(user, engine):
    user.add("file_player")
    user.press("shift+space", "ctrl+home")
    assert user.document.nodes["file_player1"].params["play"] == 0.0
    assert [turn[:2] for turn in engine.turns] == [("file_player1", "restart")] * 2


def test_transport_in_a_subpatch_is_used(user, engine):
    user.add("file_player")
    user.add("transport")
    user.select("transport1")
    user.press("ctrl+g", "shift+space", "ctrl+home")
    (box,) = set(user.document.nodes) - {"file_player1"}
    assert user.patch.document.nested((box,)).nodes["transport1"].params["play"] == 0.0
    assert "play" not in user.document.nodes["file_player1"].params
    assert engine.turns == [(f"{box}/transport1", "rewind", 1.0), (f"{box}/transport1", "rewind", 0.0)]
    now = {"bar": 2.0, "phase": 0.0, "beat": 8.0, "bpm": 120.0, "run": 1.0}
    user.sound.values = {f"{box}/transport1.{port}": np.array([value]) for port, value in now.items()}
    assert status(user, "transport") == "bar 3 beat 1, 120 bpm"


def test_midi_in_in_a_subpatch_receives_piano_keys(user, engine):
    user.add("midi_in")
    user.select("midi_in1")
    user.press("ctrl+g", "ctrl+shift+k")
    assert "Ctrl+Shift+K turns them off" in user.message and "midi_in" not in user.message


@pytest.mark.parametrize(
    "beat, meter, run, text",
    [(0.0, 4.0, 1.0, "bar 1 beat 1, 120 bpm"), (9.5, 4.0, 1.0, "bar 3 beat 2, 120 bpm"),
     (8.0, 3.0, 0.0, "bar 3 beat 3, 120 bpm, stopped")],
)  # fmt: skip
def test_status_line_shows_bar_and_beat(user, beat, meter, run, text):
    user.add("transport")
    bars = beat / meter
    now = {"bar": np.floor(bars), "phase": bars % 1.0, "beat": beat, "bpm": 120.0, "run": run}
    user.sound.values = {f"transport1.{port}": np.array([value]) for port, value in now.items()}
    assert status(user, "transport") == text


# -- OSC ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_osc_sets_the_open_patch_and_later_patches(user, free_port):
    udp_client = pytest.importorskip("pythonosc.udp_client")
    user.add("ladder")
    user.presenter.run("osc")
    user.send(PanelEvent("osc", "port", str(free_port)), PanelEvent("osc", "go", None))
    assert status(user, "osc") == f"OSC at 127.0.0.1:{free_port}"
    assert ("/ladder1/cutoff",) in user.item("osc", "table").value[1]
    client = udp_client.SimpleUDPClient("127.0.0.1", free_port)
    assert sets_value(user, client, "/ladder1/cutoff", 440.0, "ladder1.cutoff")
    user.send(PanelEvent("osc", "table", (0, 0)))
    assert user.view.text.startswith("/ladder1/")
    user.press("ctrl+n")
    user.press_button("question", "Don't save")
    user.add("sine")
    assert sets_value(user, client, "/sine1/frequency", 550.0, "sine1.frequency")
    user.presenter.run("osc")
    user.send(PanelEvent("osc", "go", None))
    assert status(user, "osc") == ""


def sets_value(user, client, address, value, end):
    latest = time.monotonic() + 30.0
    while time.monotonic() < latest:
        client.send_message(address, value)
        time.sleep(0.02)  # the server runs in a separate thread
        user.wait(0.2, 4)
        if user.value(end) == value:
            return True
    return False


@pytest.mark.parametrize(
    "texts, problem",
    [({"port": "loud"}, "invalid UDP port"), ({"send": "nowhere"}, "HOST:PORT"), ({"host": "1.2.3.4"}, "1.2.3.4")],
)
def test_osc_reports_an_invalid_endpoint(user, texts, problem):
    pytest.importorskip("pythonosc")
    user.presenter.run("osc")
    user.send(*(PanelEvent("osc", item, text) for item, text in texts.items()), PanelEvent("osc", "go", None))
    assert problem in user.message and user.view.messages[-1][1]
    assert status(user, "osc") == ""


# -- flight log and recordings of wires --------------------------------------------------------------------------


def test_flight_log_runs_until_the_command_is_run_again(user, tmp_path):
    user.presenter.run("toggle_flight_log")
    assert user.view.asked_file["name"].endswith("take1.flight")
    user.choose(tmp_path / "mine")
    user.wait(1.0)
    assert status_of_sound(user)["flight"] == f"logging {tmp_path / 'mine.flight'}"
    user.presenter.run("toggle_flight_log")
    user.wait(1.0)
    assert str(tmp_path / "mine.flight") in user.message and "flight" not in status_of_sound(user)


def test_wire_recording_from_the_menu_leaves_the_patch_unchanged(user, tmp_path):
    user.chain("sine", "ladder", "audio_out")
    before = user.patch.document
    wire = ("sine1.out", "ladder1.audio")
    user.pick_item(user.right_click(wire)["Record wire…"])
    user.choose(tmp_path / "sine.flac")
    assert user.sound.now.wires == {"sine1.out": f"sine1.out to {tmp_path / 'sine.flac'}"}
    user.pick_item(user.right_click(Pin("ladder1", "out", True))["Record wire…"])
    user.choose(tmp_path / "filtered")
    assert user.sound.now.wires["ladder1.out"].endswith("filtered.wav")
    user.select()
    user.send(Pointer((0.0, 0.0), wire))
    user.press("ctrl+alt+r")  # stops the recording of the wire under the pointer
    user.wait(1.0)
    assert list(user.sound.now.wires) == ["ladder1.out"] and user.message == "Recorded sine1.out."
    assert user.patch.document is before


def test_frame_wire_cannot_be_recorded(user):
    user.chain("sine", "stft")
    user.pick_item(user.right_click(Pin("stft1", "spectrum", True))["Record wire…"])
    assert "no signal" in user.message and user.view.asked_file is None


def status_of_sound(user):
    return dict(user.view.status.parts)
