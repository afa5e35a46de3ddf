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
def engine(hand, monkeypatch):
    engine = FakeEngine()
    monkeypatch.setattr(hand.sound, "engine", engine, raising=False)
    monkeypatch.setattr(hand.presenter, "_tick", lambda now: None)  # retrospective recording needs a real engine
    return engine


def status(hand, key):
    from nodegraph.editor.sound.monitor import status as of

    return dict(of(hand.desk, SoundState()).parts).get(key, "")


# -- piano -------------------------------------------------------------------------------------------------------


def test_letter_keys_play_notes_while_piano_keys_are_on(hand, engine):
    hand.presses("ctrl+shift+k")
    assert "midi_in" in hand.message  # the patch has no midi_in to receive the notes
    hand.presses("z", "z", "q")  # the second z is a key repeat
    assert engine.midi == [(bytes([0x90, 60, 100]), "keyboard"), (bytes([0x90, 72, 100]), "keyboard")]
    assert status(hand, "piano") == "piano keys from C4"
    hand.presses("pageup", "x")
    assert engine.notes() == [60, 72, 74] and status(hand, "piano") == "piano keys from C5"
    hand.does(KeyReleased("z"), KeyReleased("a"), KeyReleased("x"))
    assert engine.notes() == [72]
    assert not hand.document.nodes and hand.view.palette is None


def test_turning_piano_keys_off_releases_all_notes(hand, engine):
    hand.presses("ctrl+shift+k", "z", "c", "ctrl+shift+k")
    assert engine.notes() == [] and status(hand, "piano") == ""
    hand.presses("n")
    assert hand.view.palette is not None and len(engine.midi) == 4


def test_shortcuts_and_typing_work_while_piano_keys_are_on(hand, engine):
    hand.presses("ctrl+shift+k")
    hand.does(*(KeyReleased("k"),))
    hand.presses("insert")
    assert hand.view.palette is not None
    hand.presses("z", "x")
    assert not engine.midi
    hand.picks("sine")
    hand.presses("ctrl+z")
    assert not hand.document.nodes and not engine.midi


def test_piano_keys_stay_on_in_the_next_patch(hand, engine):
    hand.presses("ctrl+shift+k", "z", "ctrl+n")
    hand.does(KeyReleased("z"))
    hand.presses("x")
    assert engine.notes() == [62]


# -- transport ---------------------------------------------------------------------------------------------------


def test_play_edits_the_patch_and_rewind_does_not(hand, engine):
    hand.presses("shift+space", "ctrl+home")
    assert not hand.document.nodes and not engine.turns  # the patch has no players
    hand.adds("transport")
    hand.adds("file_player")
    hand.presses("shift+space")
    assert hand.document.nodes["transport1"].params["play"] == 0.0
    assert "play" not in hand.document.nodes["file_player1"].params  # the transport controls the file player
    hand.presses("shift+space")
    assert hand.document.nodes["transport1"].params["play"] == 1.0
    hand.presses("ctrl+z")
    assert hand.document.nodes["transport1"].params["play"] == 0.0
    before = hand.document
    hand.presses("ctrl+home")
    assert engine.turns == [("transport1", "rewind", 1.0), ("transport1", "rewind", 0.0)]
    assert hand.document is before


def test_play_controls_file_players_without_a_transport(hand, engine):
    hand.adds("file_player")
    hand.presses("shift+space", "ctrl+home")
    assert hand.document.nodes["file_player1"].params["play"] == 0.0
    assert [turn[:2] for turn in engine.turns] == [("file_player1", "restart")] * 2


def test_transport_in_a_subpatch_is_used(hand, engine):
    hand.adds("file_player")
    hand.adds("transport")
    hand.selects("transport1")
    hand.presses("ctrl+g", "shift+space", "ctrl+home")
    (box,) = set(hand.document.nodes) - {"file_player1"}
    assert hand.patch.document.nested((box,)).nodes["transport1"].params["play"] == 0.0
    assert "play" not in hand.document.nodes["file_player1"].params
    assert engine.turns == [(f"{box}/transport1", "rewind", 1.0), (f"{box}/transport1", "rewind", 0.0)]
    now = {"bar": 2.0, "phase": 0.0, "beat": 8.0, "bpm": 120.0, "run": 1.0}
    hand.sound.values = {f"{box}/transport1.{port}": np.array([value]) for port, value in now.items()}
    assert status(hand, "transport") == "bar 3 beat 1, 120 bpm"


def test_midi_in_in_a_subpatch_receives_piano_keys(hand, engine):
    hand.adds("midi_in")
    hand.selects("midi_in1")
    hand.presses("ctrl+g", "ctrl+shift+k")
    assert "Ctrl+Shift+K turns them off" in hand.message and "midi_in" not in hand.message


@pytest.mark.parametrize(
    "beat, meter, run, text",
    [(0.0, 4.0, 1.0, "bar 1 beat 1, 120 bpm"), (9.5, 4.0, 1.0, "bar 3 beat 2, 120 bpm"),
     (8.0, 3.0, 0.0, "bar 3 beat 3, 120 bpm, stopped")],
)  # fmt: skip
def test_status_line_shows_bar_and_beat(hand, beat, meter, run, text):
    hand.adds("transport")
    bars = beat / meter
    now = {"bar": np.floor(bars), "phase": bars % 1.0, "beat": beat, "bpm": 120.0, "run": run}
    hand.sound.values = {f"transport1.{port}": np.array([value]) for port, value in now.items()}
    assert status(hand, "transport") == text


# -- OSC ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_osc_sets_the_open_patch_and_the_next_one(hand, free_port):
    udp_client = pytest.importorskip("pythonosc.udp_client")
    hand.adds("ladder")
    hand.presenter.run("osc")
    hand.does(PanelEvent("osc", "port", str(free_port)), PanelEvent("osc", "go", None))
    assert status(hand, "osc") == f"OSC at 127.0.0.1:{free_port}"
    assert ("/ladder1/cutoff",) in hand.item("osc", "table").value[1]
    client = udp_client.SimpleUDPClient("127.0.0.1", free_port)
    assert sets_value(hand, client, "/ladder1/cutoff", 440.0, "ladder1.cutoff")
    hand.does(PanelEvent("osc", "table", (0, 0)))
    assert hand.view.text.startswith("/ladder1/")
    hand.presses("ctrl+n")
    hand.presses_button("question", "Don't save")
    hand.adds("sine")
    assert sets_value(hand, client, "/sine1/frequency", 550.0, "sine1.frequency")
    hand.presenter.run("osc")
    hand.does(PanelEvent("osc", "go", None))
    assert status(hand, "osc") == ""


def sets_value(hand, client, address, value, end):
    latest = time.monotonic() + 30.0
    while time.monotonic() < latest:
        client.send_message(address, value)
        time.sleep(0.02)  # the server runs in a separate thread
        hand.waits(0.2, 4)
        if hand.value(end) == value:
            return True
    return False


@pytest.mark.parametrize(
    "texts, problem",
    [({"port": "loud"}, "invalid UDP port"), ({"send": "nowhere"}, "HOST:PORT"), ({"host": "1.2.3.4"}, "1.2.3.4")],
)
def test_osc_reports_an_invalid_endpoint(hand, texts, problem):
    pytest.importorskip("pythonosc")
    hand.presenter.run("osc")
    hand.does(*(PanelEvent("osc", item, text) for item, text in texts.items()), PanelEvent("osc", "go", None))
    assert problem in hand.message and hand.view.messages[-1][1]
    assert status(hand, "osc") == ""


# -- flight log and recordings of wires --------------------------------------------------------------------------


def test_flight_log_runs_until_the_command_is_run_again(hand, tmp_path):
    hand.presenter.run("toggle_flight_log")
    assert hand.view.asked_file["name"].endswith("take1.flight")
    hand.chooses(tmp_path / "mine")
    hand.waits(1.0)
    assert status_of_sound(hand)["flight"] == f"logging {tmp_path / 'mine.flight'}"
    hand.presenter.run("toggle_flight_log")
    hand.waits(1.0)
    assert str(tmp_path / "mine.flight") in hand.message and "flight" not in status_of_sound(hand)


def test_wire_recording_from_the_menu_leaves_the_patch_unchanged(hand, tmp_path):
    hand.chain("sine", "ladder", "audio_out")
    before = hand.patch.document
    wire = ("sine1.out", "ladder1.audio")
    hand.picks_item(hand.right_clicks(wire)["Record wire…"])
    hand.chooses(tmp_path / "sine.flac")
    assert hand.sound.now.wires == {"sine1.out": f"sine1.out to {tmp_path / 'sine.flac'}"}
    hand.picks_item(hand.right_clicks(Pin("ladder1", "out", True))["Record wire…"])
    hand.chooses(tmp_path / "filtered")
    assert hand.sound.now.wires["ladder1.out"].endswith("filtered.wav")
    hand.selects()
    hand.does(Pointer((0.0, 0.0), wire))
    hand.presses("ctrl+alt+r")  # stops the recording of the wire under the pointer
    hand.waits(1.0)
    assert list(hand.sound.now.wires) == ["ladder1.out"] and hand.message == "Recorded sine1.out."
    assert hand.patch.document is before


def test_frame_wire_cannot_be_recorded(hand):
    hand.chain("sine", "stft")
    hand.picks_item(hand.right_clicks(Pin("stft1", "spectrum", True))["Record wire…"])
    assert "no signal" in hand.message and hand.view.asked_file is None


def status_of_sound(hand):
    return dict(hand.view.status.parts)
