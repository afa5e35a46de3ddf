"""``render --midi``, ``run --midi-file`` and ``render --midi-out``: MIDI files played into patches, and written."""

from __future__ import annotations

import mido
import numpy as np
import pytest
import soundfile

import nodegraph
from tests.midi.midi_files import write_piece

SR = 44100
NOTES = [(0.0, 0.5, 60), (1.0, 0.5, 64), (1.5, 0.5, 67)]  # half a beat is 11025 samples


@pytest.fixture
def keys(tmp_path):
    """``keys.json``: the gate of one voice, for as long as a key is down."""
    patch = nodegraph.Patch()
    patch.add("midi_in", "midi")
    patch.add("notes", "notes", voices=1, tail=0.0)
    patch.add("audio_out", "out")
    patch.connect("midi.out", "notes.events")
    patch.connect("notes.gate", "out.audio")
    patch.save(tmp_path / "keys.json")
    write_piece(tmp_path / "piece.mid", NOTES, beats=3)
    return patch


def test_piece_is_rendered_to_its_end_and_until_silence(cli, keys, tmp_path):
    assert cli("render", "keys.json", "--midi", "piece.mid", "-o", "out.wav").status == 0
    gate, _ = soundfile.read("out.wav", dtype="float32")
    expected = np.zeros(len(gate), np.float32)
    for start, length, _ in NOTES:
        expected[round(start * SR / 2) : round((start + length) * SR / 2)] = 1.0
    assert np.array_equal(gate, expected)
    assert 2 * SR <= len(gate) < 2 * SR + 16384  # a second of silence after the last note
    again = nodegraph.render(keys, len(gate) / SR, midi=tmp_path / "piece.mid")
    assert np.array_equal(gate, again[:, 0])


def test_tail_is_rendered(cli, keys):
    keys.disconnect("notes.gate", "out.audio")
    keys.add("adsr", "envelope", release=4.0)
    keys.connect("notes.gate", "envelope.gate")
    keys.connect("envelope.out", "out.audio")
    keys.save()
    found = cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "--json").json
    sound, _ = soundfile.read("out.wav", dtype="float32")
    assert np.abs(sound[round(2.5 * SR)]) > 0.01 and np.abs(sound[-SR // 2 :]).max() < 1e-4
    assert found["seconds"] < 10 and not found["interrupted"]


def test_patch_that_is_never_silent_is_rendered_30_s_longer(cli, keys):
    keys.add("sine", "hum")
    keys.connect("hum.out", "out.audio")
    keys.save()
    assert cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "--json").json["seconds"] == 31.5


def test_seconds_set_the_length(cli, keys):
    assert (
        cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "-s", 0.5, "--json").json["samples"] == SR // 2
    )


def test_truncated_file_is_played_and_reported(cli, keys, tmp_path):
    whole = (tmp_path / "piece.mid").read_bytes()
    (tmp_path / "cut.mid").write_bytes(whole[:-12])
    outcome = cli("render", "keys.json", "--midi", "cut.mid", "-o", "out.wav")
    assert outcome.status == 0 and outcome.line.endswith(
        "'cut.mid' is truncated in track 1; its complete events are played."
    )
    gate, _ = soundfile.read("out.wav")
    assert gate[100] == 1.0 and gate[-1] == 0.0


@pytest.mark.parametrize(("file", "line"), [
    ("none.mid", "none.mid: cannot be read (No such file or directory)."),
    ("keys.json", "'keys.json' is not a standard MIDI file. Export it as one (.mid)."),
])  # fmt: skip
def test_file_that_is_not_midi_is_refused(cli, keys, file, line):
    outcome = cli("render", "keys.json", "--midi", file, "-o", "out.wav")
    assert outcome.status == 1 and outcome.line == f"error: {line}"


def test_patch_without_midi_in_is_refused(cli, beep, keys):
    outcome = cli("render", "beep.json", "--midi", "piece.mid", "-o", "out.wav")
    assert outcome.line == "error: piece.mid: the patch has no midi_in to play it. Add one and wire it to notes."


def test_lost_events_are_reported(cli, keys):
    chords = []
    for k in range(3):  # each note becomes 4096
        keys.add("chord", f"chord{k}", intervals=[float(x) for x in range(16)])
        keys.connect(chords[-1] if chords else "midi.out", f"chord{k}.events")
        chords.append(f"chord{k}.out")
    keys.connect(chords[-1], "notes.events")
    keys.save()
    outcome = cli("render", "keys.json", "--midi", "piece.mid", "-o", "out.wav", "-s", 1)
    assert outcome.status == 1
    assert "events were lost: the event wire was full. Send fewer events at the same time." in outcome.err


def test_piece_plays_live(cli, keys):
    found = cli("run", "keys.json", "--null", "--seconds", 1, "--midi-file", "piece.mid", "--json").json
    assert found["peak"] == 1.0 and found["problems"] == []


def test_sent_messages_are_written_as_a_midi_file(cli, keys):
    keys.add("transpose_notes", "up", semitones=12.0)
    keys.add("midi_out", "sender")
    keys.connect("midi.out", "up.events")
    keys.connect("up.out", "sender.events")
    keys.save()
    outcome = cli("render", "keys.json", "-m", "piece.mid", "--midi-out", "sent.mid", "-o", "out.wav", "--json")
    assert outcome.status == 0 and outcome.json["recordings"] == ["sent.mid"]
    notes = [message for message in mido.MidiFile("sent.mid") if message.type == "note_on"]
    assert [message.note for message in notes] == [key + 12 for _, _, key in NOTES]
    assert cli("render", "keys.json", "-m", "sent.mid", "-o", "again.wav").status == 0
    first, again = (soundfile.read(name)[0] for name in ("out.wav", "again.wav"))
    assert np.array_equal(first[: 2 * SR], again[: 2 * SR])


def test_midi_file_in_a_missing_folder_is_refused(cli, keys):
    keys.add("midi_out", "sender")
    keys.save()
    outcome = cli("render", "keys.json", "--midi-out", "none/sent.mid", "-o", "out.wav", "-s", 0.1)
    assert outcome.status == 1
    assert outcome.line == "error: none/sent.mid: not writable (No such file or directory). Choose another folder."


def test_clocks_that_a_midi_file_cannot_contain_are_reported(cli, keys):
    keys.add("clock_out", "clock", tempo=60.0)
    keys.add("midi_out", "sender")
    keys.connect("clock.out", "sender.events")
    keys.save()
    outcome = cli("render", "keys.json", "--midi-out", "sent.mid", "-o", "out.wav", "-s", 1)
    assert "sent.mid: 26 real-time messages are omitted, because MIDI files cannot contain them" in outcome.err


@pytest.mark.parametrize(("file", "line"), [
    ("sent.mid", "sent.mid: the patch has no midi_out, so it sends no MIDI. Add one."),
    ("piece.mid", "piece.mid: the output would overwrite a file that is in use. Choose another name."),
])  # fmt: skip
def test_midi_file_that_cannot_be_written_is_refused(cli, keys, file, line):
    outcome = cli("render", "keys.json", "-m", "piece.mid", "--midi-out", file, "-o", "out.wav")
    assert outcome.status == 1 and outcome.line == f"error: {line}"
