"""Standard MIDI files: exact times, and what is whole of what is not."""

from __future__ import annotations

import io
from fractions import Fraction

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.midi.files import MidiFileError, parse_midi_file, read_midi_file
from tests.rendering import Offline, patch_of

SR = 44100


def bytes_of(file):
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def piece(seed=1, tracks=4, notes=700, kind=1, division=480, rest=0, longest=300):
    """Notes on several channels, tempo changes in one track or in all."""
    rng = np.random.default_rng(seed)
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    for number in range(tracks):
        track = mido.MidiTrack()
        file.tracks.append(track)
        for _ in range(notes):
            if rng.random() < 0.05:
                tempo = int(rng.integers(200_000, 1_200_000))
                track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=int(rng.integers(0, 100))))
            if rng.random() < 0.02:
                track.append(mido.Message("sysex", data=(1, 2, 3), time=int(rng.integers(0, 9))))
            key, wait = int(rng.integers(30, 90)), int(rng.integers(rest, longest))
            length = int(rng.integers(1, longest))
            track.append(mido.Message("note_on", channel=number, note=key, velocity=80, time=wait))
            track.append(mido.Message("note_off", channel=number, note=key, velocity=64, time=length))
    return file


def expected(file):
    """Messages with exact times in s, computed from ticks and tempos of all tracks."""
    timed = []
    for number, track in enumerate(file.tracks):
        tick = 0
        for order, message in enumerate(track):
            tick += message.time
            timed.append((tick, number, order, message))
    timed.sort(key=lambda event: event[:3])
    now, before, tempo, found = Fraction(0), 0, 500_000, []
    for tick, _, _, message in timed:
        now += Fraction((tick - before) * tempo, 1_000_000 * file.ticks_per_beat)
        before = tick
        if message.type == "set_tempo":
            tempo = message.tempo
        elif not message.is_meta:
            found.append((now, bytes(message.bytes())))
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([24, 96, 480, 32767]))
def test_every_message_has_its_exact_time(seed, tracks, division):
    file = piece(seed, tracks, notes=60, division=division)
    score = parse_midi_file(bytes_of(file), "x.mid")
    found = [(Fraction(time, score.per_second), message) for time, message in score.messages]
    assert found == expected(file) and not score.problems
    assert score.seconds == pytest.approx(file.length, abs=1e-6)


def test_a_file_of_one_track():
    file = piece(tracks=1, kind=0)
    assert [m for _, m in parse_midi_file(bytes_of(file), "x.mid").messages] == [m for _, m in expected(file)]


def test_film_time():
    data = bytearray(bytes_of(piece(tracks=1, notes=5)))
    data[12:14] = bytes((256 - 25, 40))  # 25 frames of 40 ticks: a tick is a millisecond
    score = parse_midi_file(bytes(data), "x.mid")
    ticks, first = 0, None
    for message in piece(tracks=1, notes=5).tracks[0]:
        ticks += message.time
        if message.type == "note_on" and first is None:
            first = Fraction(ticks, 1000)
    assert Fraction(score.messages[0][0], score.per_second) == first


def test_running_status_and_the_end():
    track = bytes.fromhex("00 90 3c 40 83 00 3c 00 83 00 ff 2f 00")
    data = b"MThd" + bytes((0, 0, 0, 6, 0, 0, 0, 1, 1, 128)) + b"MTrk" + len(track).to_bytes(4, "big") + track
    score = parse_midi_file(data, "x.mid")
    assert [message.hex() for _, message in score.messages] == ["903c40", "903c00"]
    assert score.seconds == 2 * 384 / 384 * 0.5


def test_a_piece_of_a_few_thousand_notes_renders_each_onset_within_a_sample():
    """Every onset of every note of four channels, heard as the edge of a gate."""
    file = piece(seed=2, tracks=4, notes=1000, rest=10, longest=80)
    score = parse_midi_file(bytes_of(file), "x.mid")
    assert sum(message[0] & 0xF0 == 0x90 for _, message in score.messages) == 4000
    onsets = {}
    for time, message in expected(file):
        if message[0] & 0xF0 == 0x90:
            onsets.setdefault(message[0] & 0x0F, []).append(time * SR)
    for channel, exact in onsets.items():
        patch = patch_of("midi.out notes.events", "notes.gate out.audio", midi="midi_in", out="audio_out",
                         notes=("notes", {"voices": 1, "tail": 0.0, "channel": channel + 1}))  # fmt: skip
        engine = Offline(patch.document)
        for sample, message in score.at_rate(SR):
            engine.send(message, sample)
        gate = engine.run(score.seconds + 0.1)[:, 0]
        heard = np.flatnonzero(np.diff(gate, prepend=0) > 0)
        assert len(heard) == len(exact)
        assert np.abs(heard - np.array(exact, float)).max() <= 0.5


# -- what is not whole ---------------------------------------------------------------------------------------


def test_a_file_that_is_cut_short_anywhere_plays_what_is_whole():
    data = bytes_of(piece(tracks=2, notes=20))
    whole = parse_midi_file(data, "x.mid").messages
    for end in range(14, len(data)):
        score = parse_midi_file(data[:end], "x.mid")
        assert len(score.problems) == 1 and "is cut short" in score.problems[0], end
        played = [message for message in score.messages if message in whole]
        ends = [message for message in score.messages if message not in whole]
        assert len(played) <= len(whole) and all(message[0] & 0xF0 == 0x80 for _, message in ends)
        on = {}
        for _, message in score.messages:
            on[message[0] & 15, message[1]] = message[0] & 0xF0 == 0x90
        assert not any(on.values()), "a note that was cut off hangs"
    assert len(parse_midi_file(data[: len(data) - 4], "x.mid").messages) == len(whole)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(14, 2000), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_file_gives_whole_messages(damage):
    data = bytearray(bytes_of(piece(tracks=2, notes=60)))
    for at, byte in damage:
        data[min(at, len(data) - 1)] = byte
    try:
        score = parse_midi_file(bytes(data), "x.mid")
    except MidiFileError as error:
        assert "x.mid" in str(error)
        return
    times = [time for time, _ in score.messages]
    assert times == sorted(times)


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF....WAVE", b"hello" * 10])
def test_another_file_is_refused_in_a_sentence(data, tmp_path):
    (tmp_path / "x.mid").write_bytes(data)
    with pytest.raises(MidiFileError, match=r"'x.mid' is not a standard MIDI file\. Save it as one"):
        read_midi_file(tmp_path / "x.mid")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MidiFileError, match=r"x\.mid: cannot be read \(No such file or directory\)"):
        read_midi_file(tmp_path / "x.mid")


def test_separate_patterns_play_the_first():
    file = piece(tracks=2, notes=3, kind=2)
    score = parse_midi_file(bytes_of(file), "x.mid")
    assert "separate patterns" in score.problems[0]
    assert {message[0] & 15 for _, message in score.messages} == {0}
