"""``render --midi`` and ``run --midi-file``: pieces played into patches."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import nodegraph
from tests.midi.pieces import write_piece

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


def test_a_piece_is_rendered_to_its_end_and_until_it_is_silent(cli, keys, tmp_path):
    assert cli("render", "keys.json", "--midi", "piece.mid", "-o", "out.wav").status == 0
    gate, _ = soundfile.read("out.wav", dtype="float32")
    expected = np.zeros(len(gate), np.float32)
    for start, length, _ in NOTES:
        expected[round(start * SR / 2) : round((start + length) * SR / 2)] = 1.0
    assert np.array_equal(gate, expected)
    assert 2 * SR <= len(gate) < 2 * SR + 16384  # a second of silence after the last note
    again = nodegraph.render(keys, len(gate) / SR, midi=tmp_path / "piece.mid")
    assert np.array_equal(gate, again[:, 0])


def test_a_tail_is_kept_and_ends(cli, keys):
    keys.disconnect("notes.gate", "out.audio")
    keys.add("adsr", "envelope", release=4.0)
    keys.connect("notes.gate", "envelope.gate")
    keys.connect("envelope.out", "out.audio")
    keys.save()
    found = cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "--json").json
    sound, _ = soundfile.read("out.wav", dtype="float32")
    assert np.abs(sound[round(2.5 * SR)]) > 0.01 and np.abs(sound[-SR // 2 :]).max() < 1e-4
    assert found["seconds"] < 10 and not found["interrupted"]


def test_a_patch_that_never_falls_silent_ends_all_the_same(cli, keys):
    keys.add("sine", "hum")
    keys.connect("hum.out", "out.audio")
    keys.save()
    assert cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "--json").json["seconds"] == 31.5


def test_seconds_are_obeyed(cli, keys):
    assert (
        cli("render", "keys.json", "-m", "piece.mid", "-o", "out.wav", "-s", 0.5, "--json").json["samples"] == SR // 2
    )


def test_a_file_that_is_cut_short_is_played_and_said(cli, keys, tmp_path):
    whole = (tmp_path / "piece.mid").read_bytes()
    (tmp_path / "cut.mid").write_bytes(whole[:-12])
    outcome = cli("render", "keys.json", "--midi", "cut.mid", "-o", "out.wav")
    assert outcome.status == 0 and outcome.line.endswith("'cut.mid' is cut short in track 1; what is whole is played.")
    gate, _ = soundfile.read("out.wav")
    assert gate[100] == 1.0 and gate[-1] == 0.0


@pytest.mark.parametrize(("file", "line"), [
    ("none.mid", "none.mid: cannot be read (No such file or directory)."),
    ("keys.json", "'keys.json' is not a standard MIDI file. Save it as one (.mid) in the program it is from."),
])  # fmt: skip
def test_what_is_no_midi_file_is_refused(cli, keys, file, line):
    outcome = cli("render", "keys.json", "--midi", file, "-o", "out.wav")
    assert outcome.status == 1 and outcome.line == f"error: {line}"


def test_a_patch_that_does_not_listen_is_told(cli, beep, keys):
    outcome = cli("render", "beep.json", "--midi", "piece.mid", "-o", "out.wav")
    assert (
        outcome.line == "error: piece.mid: the patch has no midi_in that could hear it. Add one and wire it to notes."
    )


def test_events_that_are_lost_are_told(cli, keys):
    chords = []
    for k in range(3):  # each note becomes 4096
        keys.add("chord", f"chord{k}", intervals=[float(x) for x in range(16)])
        keys.connect(chords[-1] if chords else "midi.out", f"chord{k}.events")
        chords.append(f"chord{k}.out")
    keys.connect(chords[-1], "notes.events")
    keys.save()
    outcome = cli("render", "keys.json", "--midi", "piece.mid", "-o", "out.wav", "-s", 1)
    assert outcome.status == 1
    assert "events were lost: more came than a wire holds. Send fewer at once." in outcome.err


def test_a_piece_plays_live(cli, keys):
    found = cli("run", "keys.json", "--null", "--seconds", 1, "--midi-file", "piece.mid", "--json").json
    assert found["peak"] == 1.0 and found["problems"] == []
