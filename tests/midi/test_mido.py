"""mido messages and files in the public API: sent to a patch, sent by a patch, rendered, logged."""

from __future__ import annotations

import time

import mido
import numpy as np
import pytest

import nodegraph
from nodegraph.engine.core import EngineError
from nodegraph.recording.replay import opened
from tests.midi.midi_files import write_piece
from tests.rendering import Offline, patch_of

SR = 44100
NOTES = [(0.0, 0.5, 60), (1.0, 0.5, 64)]


def keys():
    """Return a patch that outputs the gate of one voice."""
    return patch_of("midi.out notes.events", "notes.gate out.audio", midi="midi_in", out="audio_out",
                    notes=("notes", {"voices": 1, "tail": 0.0}))  # fmt: skip


def through():
    """Return a patch that sends received messages through two ``midi_out`` blocks."""
    return patch_of("midi.out all.events", "midi.out filter.events", "filter.out low.events", midi="midi_in",
                    all="midi_out", filter=("note_filter", {"high_key": 60}), low="midi_out")  # fmt: skip


def test_mido_message_plays_at_its_sample():
    engine = Offline(keys().document)
    engine.send(mido.Message("note_on", note=60, velocity=100), at=100)
    engine.send(mido.Message("note_off", note=60), at=900)
    gate = engine.run_samples(2048)[:, 0]
    assert np.array_equal(np.flatnonzero(gate), np.arange(100, 900))


def test_message_without_a_sample_plays_at_the_next_quantum():
    engine = Offline(keys().document)
    engine.run_samples(640)
    engine.send(mido.Message("note_on", note=60))
    assert engine.run_samples(64)[:, 0].all()


def test_message_reaches_only_blocks_of_its_port():
    patch = keys()
    patch.set("midi.port", "piano")
    engine = Offline(patch.document)
    engine.send(mido.Message("note_on", note=60), 0, port="Drums")
    assert not engine.run_samples(64).any()
    engine.send(mido.Message("note_on", note=60), 64, port="Stage Piano 1")
    assert engine.run_samples(64).all()


@pytest.mark.parametrize("message", [mido.MetaMessage("set_tempo"), b"\x90\xff\x40", b"\x90", "note_on"])
def test_send_rejects_invalid_messages(message):
    with pytest.raises(EngineError, match="MIDI"):
        Offline(keys().document).send(message)


def test_sent_returns_mido_messages_with_their_times():
    engine = Offline(through().document)
    played = [mido.Message("note_on", note=60, time=0.5), mido.Message("pitchwheel", pitch=-5, channel=3, time=0.7)]
    for message in played:
        engine.send(message, at=round(message.time * SR))
    engine.run(1.0)
    assert engine.sent("all") == engine.sent("low") == played
    assert engine.sent() == []
    engine.send(played[0], at=2 * SR)
    engine.run(1.1)
    assert engine.sent() == 2 * [played[0].copy(time=2.0)]


def test_sent_returns_all_messages_of_a_fast_clock():
    patch = patch_of("clock.out out.events", clock=("clock_out", {"tempo": 400.0}), out="midi_out")
    engine = Offline(patch.document, rate=8000.0)
    for _ in range(9):
        engine.run(60.0)
        assert len(engine.sent()) == pytest.approx(60 * 400 / 60 * 24, abs=2)


def test_player_receives_and_sends_mido_messages():
    with nodegraph.play(through(), null=True) as player:
        player.send(mido.Message("note_on", note=60, velocity=90))
        found, deadline = [], time.monotonic() + 10
        while not found and time.monotonic() < deadline:
            time.sleep(0.01)
            found += player.sent("all")
    assert [message.copy(time=0) for message in found] == [mido.Message("note_on", note=60, velocity=90)]
    assert 0 <= found[0].time < 10


def test_mido_file_renders_like_its_path(tmp_path):
    path = write_piece(tmp_path / "x.mid", NOTES)
    from_path, from_mido = (nodegraph.render(keys(), 1.0, SR, midi=midi) for midi in (path, mido.MidiFile(path)))
    assert np.array_equal(from_path, from_mido) and from_path.any()


def test_rendered_midi_output_plays_like_the_input_file(tmp_path):
    write_piece(tmp_path / "in.mid", NOTES)
    patch = patch_of("midi.out out.events", midi="midi_in", out="midi_out")
    for rate in (44100, 48000, 96000):
        first = nodegraph.render(patch, 1.5, rate, midi=tmp_path / "in.mid", midi_out=tmp_path / "out.mid")
        assert first.shape == (1.5 * rate, 1)
        sounds = [nodegraph.render(keys(), 1.5, rate, midi=tmp_path / name) for name in ("in.mid", "out.mid")]
        assert np.array_equal(*sounds) and sounds[0].any()


def test_flight_log_returns_played_messages_as_mido_messages(tmp_path):
    player = nodegraph.play(keys(), null=True, flight=tmp_path / "x.flight")
    played = [mido.Message("note_on", note=60, channel=2), mido.Message("control_change", control=7, value=3)]
    with player:
        for k, message in enumerate(played):
            player.send(message, at=player.clock + 2000 + k)
        time.sleep(0.3)
    with opened(tmp_path / "x.flight") as flight:
        found = flight.midi()
        assert [message.copy(time=0) for message in found] == played
        assert found[1].time - found[0].time == pytest.approx(1 / player.rate)
