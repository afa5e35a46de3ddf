"""Standard MIDI files: reading with exact times, salvage of truncated files, and writing."""

from __future__ import annotations

import io
from fractions import Fraction

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.midi.files import MidiFileError, midi_file_of, parse_midi_file, read_midi_file, score_of
from tests.midi.midi_files import file_bytes, generate, variable_length
from tests.rendering import Offline, patch_of

SR = 44100
END = "00 ff 2f 00"


def bytes_of(file):
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def piece(seed=1, tracks=4, notes=700, rest=0, longest=300):
    """Return a file with notes on several channels and tempo changes in all tracks."""
    rng = np.random.default_rng(seed)
    file = mido.MidiFile()
    for number in range(tracks):
        track = mido.MidiTrack()
        file.tracks.append(track)
        for _ in range(notes):
            if rng.random() < 0.05:
                tempo = int(rng.integers(200_000, 1_200_000))
                track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=int(rng.integers(0, 100))))
            key, wait = int(rng.integers(30, 90)), int(rng.integers(rest, longest))
            length = int(rng.integers(1, longest))
            track.append(mido.Message("note_on", channel=number, note=key, velocity=80, time=wait))
            track.append(mido.Message("note_off", channel=number, note=key, velocity=64, time=length))
    return file


def timed(tracks, division):
    """Return (exact time in s, bytes) of messages in tracks of (tick, message), by the formula of the specification."""
    events = sorted(
        ((tick, number, message) for number, track in enumerate(tracks) for tick, message in track),
        key=lambda event: event[:2],
    )
    frames, ticks = 256 - (division >> 8), division & 0xFF
    now, before, tempo, found = Fraction(0), 0, 500_000, []
    for tick, _, message in events:
        if division & 0x8000:
            now = Fraction(tick, (Fraction(30_000, 1001) if frames == 29 else frames) * ticks)
        else:
            now += Fraction((tick - before) * tempo, 1_000_000 * division)
        before = tick
        if message.type == "set_tempo":
            tempo = message.tempo
        elif not message.is_meta:
            found.append((now, bytes(message.bytes())))
    return found


def with_ticks(track):
    return list(zip(np.cumsum([message.time for message in track]).tolist(), track))


def messages_of(score):
    """Return (exact time in s, bytes) of the messages of a score."""
    return [(Fraction(time, score.units_per_second), bytes(message.bytes())) for time, message in score.messages]


def bytes_in(data):
    return [message.hex(" ") for _, message in messages_of(parse_midi_file(data, "x.mid"))]


def sounding(messages):
    """Return the keys that are down after a list of (time, bytes)."""
    down = {}
    for _, message in messages:
        if message[0] & 0xE0 == 0x80:
            down[message[0] & 15, message[1]] = message[0] & 0xF0 == 0x90 and message[2] > 0
    return {key for key, is_down in down.items() if is_down}


# -- valid files ---------------------------------------------------------------------------------------------


def test_random_files_are_read_as_by_mido_and_truncated_ones_are_salvaged():
    """Files of type 0, 1 and 2, in ticks and SMPTE frames, with running status; each complete and truncated."""
    rejected = 0
    for seed in range(200):
        file = generate(seed)
        reference = mido.MidiFile(file=io.BytesIO(file.data))
        tracks = [with_ticks(track) for track in reference.tracks]
        score = parse_midi_file(file.data, "x.mid")
        assert messages_of(score) == timed(tracks[:1] if file.kind == 2 else tracks, file.division), seed
        if file.kind != 2 and not file.division & 0x8000:
            assert score.seconds == pytest.approx(reference.length, rel=1e-6)

        cut = int(np.random.default_rng(seed).integers(14, len(file.data)))
        try:
            mido.MidiFile(file=io.BytesIO(file.data[:cut]))
        except EOFError:
            rejected += 1
        score = parse_midi_file(file.data[:cut], "x.mid")
        tracks = file.up_to(cut)
        complete = timed(tracks[:1] if file.kind == 2 else tracks, file.division)
        found = messages_of(score)
        assert any("is truncated" in line for line in score.problems), seed
        assert [entry for entry in found if entry in complete] == complete, seed
        added = [message for entry in found if entry not in complete for message in entry[1:]]
        assert all(message[0] & 0xF0 == 0x80 for message in added) and not sounding(found), seed
    assert rejected == 200


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_score_of_a_mido_file_has_exact_times(seed, tracks):
    file = piece(seed, tracks, notes=60)
    expected = timed([with_ticks(track) for track in file.tracks], 480)
    assert messages_of(score_of(file)) == expected == messages_of(parse_midi_file(bytes_of(file), "x.mid"))


def test_rendered_onsets_are_within_half_a_sample():
    """Compares all onsets of 4000 notes on four channels with the edges of a gate."""
    file = piece(seed=2, tracks=4, notes=1000, rest=10, longest=80)
    score = parse_midi_file(bytes_of(file), "x.mid")
    assert sum(message.type == "note_on" for _, message in score.messages) == 4000
    onsets = {}
    for time, message in timed([with_ticks(track) for track in file.tracks], 480):
        if message[0] & 0xF0 == 0x90:
            onsets.setdefault(message[0] & 0x0F, []).append(time * SR)
    for channel, exact in onsets.items():
        patch = patch_of("midi.out notes.events", "notes.gate out.audio", midi="midi_in", out="audio_out",
                         notes=("notes", {"voices": 1, "tail": 0.0, "channel": channel + 1}))  # fmt: skip
        engine = Offline(patch.document)
        score.play(engine)
        gate = engine.run(score.seconds + 0.1)[:, 0]
        edges = np.flatnonzero(np.diff(gate, prepend=0) > 0)
        assert len(edges) == len(exact)
        assert np.abs(edges - np.array(exact, float)).max() <= 0.5


def test_running_status_continues_after_a_lyric():
    track = "00 90 3c 64 83 60 3c 00 00 ff 05 02 6c 61 00 3e 64 83 60 3e 00 00 40 64 83 60 40 00"
    assert bytes_in(file_bytes(f"{track} {END}")) == [
        "90 3c 64",
        "90 3c 00",
        "90 3e 64",
        "90 3e 00",
        "90 40 64",
        "90 40 00",
    ]


def test_data_bytes_above_127_are_clipped():
    track = f"00 90 45 64 83 60 80 45 40 00 90 48 ff 83 60 80 48 40 {END}"
    assert bytes_in(file_bytes(track)) == ["90 45 64", "80 45 40", "90 48 7f", "80 48 40"]
    assert bytes_in(file_bytes(track)[:-1]) == bytes_in(file_bytes(track))


def test_note_without_note_off_ends_with_its_track():
    short, long = f"00 90 45 64 8f 00 {END[3:]}", f"00 91 40 64 8f 00 81 40 40 8f 00 {END[3:]}"
    found = messages_of(parse_midi_file(file_bytes(short, long, kind=1), "x.mid"))
    assert [(float(time), message.hex(" ")) for time, message in found] == [
        (0.0, "90 45 64"), (0.0, "91 40 64"), (2.0, "81 40 40"), (2.0, "80 45 40"),
    ]  # fmt: skip


def test_pedal_is_released_at_the_end_of_its_track():
    found = messages_of(parse_midi_file(file_bytes(f"00 b2 40 7f 8f 00 {END[3:]}"), "x.mid"))
    assert found == [(0, b"\xb2\x40\x7f"), (2, b"\xb2\x40\x00")]


@pytest.mark.parametrize("reverse", [False, True])
def test_note_off_precedes_note_on_of_another_track_at_the_same_tick(reverse):
    first, second = f"00 90 45 64 83 60 80 45 40 {END}", f"83 60 90 45 64 83 60 80 45 40 {END}"
    tracks = (second, first) if reverse else (first, second)
    assert bytes_in(file_bytes(*tracks, kind=1)) == ["90 45 64", "80 45 40", "90 45 64", "80 45 40"]


def test_note_of_zero_length_keeps_its_order():
    assert bytes_in(file_bytes(f"00 90 45 64 00 80 45 40 {END}")) == ["90 45 64", "80 45 40"]


def test_delta_time_of_an_unknown_meta_message_counts():
    score = parse_midi_file(file_bytes(f"83 60 ff 4b 01 00 00 90 45 64 83 60 80 45 40 {END}"), "x.mid")
    assert [float(time) for time, _ in messages_of(score)] == [0.5, 1.0] and not score.problems


def test_invalid_key_signature_is_ignored():
    data = file_bytes(f"83 60 ff 59 02 7f 07 00 90 45 64 83 60 80 45 40 {END}")
    with pytest.raises(mido.KeySignatureError):
        mido.MidiFile(file=io.BytesIO(data))
    score = parse_midi_file(data, "x.mid")
    assert [float(time) for time, _ in messages_of(score)] == [0.5, 1.0] and not score.problems


@pytest.mark.parametrize("before", [b"", b"LIST\x05\0\0\0INFO!\0", b"DISP\x04\0\0\0\0\0\0\0"])
def test_rmid_file_is_read_with_other_chunks_before_its_data(before):
    data = file_bytes(f"00 90 45 64 83 60 80 45 40 {END}")
    chunks = b"RMID" + before + b"data" + len(data).to_bytes(4, "little") + data
    assert bytes_in(b"RIFF" + len(chunks).to_bytes(4, "little") + chunks) == ["90 45 64", "80 45 40"]


def test_first_of_independent_patterns_is_played():
    file = next(file for file in map(generate, range(99)) if file.kind == 2 and len(file.tracks) > 1)
    score = parse_midi_file(file.data, "x.mid")
    count = len(file.tracks)
    assert score.problems == [f"'x.mid' contains {count} independent patterns (format 2); the first one is played."]


# -- damaged and hostile files -------------------------------------------------------------------------------


def test_file_truncated_at_any_byte_keeps_its_complete_events():
    file = next(file for file in map(generate, range(99)) if file.kind == 1 and len(file.tracks) > 1)
    for cut in range(14, len(file.data)):
        score = parse_midi_file(file.data[:cut], "x.mid")
        complete = timed(file.up_to(cut), file.division)
        assert [entry for entry in messages_of(score) if entry in complete] == complete
        assert any("is truncated" in line for line in score.problems) and not sounding(messages_of(score))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 50), st.lists(st.tuples(st.integers(14, 2000), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_file_gives_complete_messages_in_order(seed, damage):
    data = bytearray(generate(seed).data)
    for at, byte in damage:
        data[min(at, len(data) - 1)] = byte
    try:
        score = parse_midi_file(bytes(data), "x.mid")
    except MidiFileError as error:
        assert "x.mid" in str(error)
        return
    times = [time for time, _ in score.messages]
    assert times == sorted(times) and not sounding(messages_of(score))


def test_variable_length_number_of_a_million_bytes_is_rejected_quickly():
    """mido reads such a number in quadratic time."""
    data = file_bytes(b"\x00\x90\x45\x64" + b"\xff" * 1_000_000)
    assert bytes_in(data) == ["90 45 64", "80 45 40"]


def test_long_piece_ends_after_a_week():
    day, later = (variable_length(int(seconds / 0.5)) for seconds in (24 * 3600, 30 * 24 * 3600))
    data = file_bytes(day + b"\x90\x45\x64" + later + b"\x80\x45\x40" + bytes.fromhex(END), division=1)
    score = parse_midi_file(data, "x.mid")
    assert score.problems == ["'x.mid' is longer than a week; its first week is played."]
    week = 7 * 24 * 3600
    assert score.seconds == week and messages_of(score) == [(week / 7, b"\x90\x45\x64"), (week, b"\x80\x45\x40")]


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF....WAVE", b"RIFF....RMID", b"RIFF....RMIDLIST", b"hello" * 10])
def test_other_file_raises_one_line(data, tmp_path):
    (tmp_path / "x.mid").write_bytes(data)
    with pytest.raises(MidiFileError, match=r"'x.mid' is not a standard MIDI file\. Export it as one"):
        read_midi_file(tmp_path / "x.mid")


def test_file_without_a_beat_length_is_refused():
    with pytest.raises(MidiFileError, match=r"'x\.mid' does not define the length of a beat"):
        parse_midi_file(file_bytes(END, division=0), "x.mid")


def test_missing_or_too_large_file_is_refused(tmp_path):
    with pytest.raises(MidiFileError, match=r"x\.mid: cannot be read \(No such file or directory\)"):
        read_midi_file(tmp_path / "x.mid")
    with (tmp_path / "x.mid").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(MidiFileError, match=r"x\.mid: is larger than 16 MB"):
        read_midi_file(tmp_path / "x.mid")


# -- writing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000, 192000, 384000])
def test_written_messages_are_read_at_the_same_samples(rate, tmp_path):
    rng = np.random.default_rng(rate)
    samples = np.sort(rng.integers(0, 100 * rate, 500)).tolist()
    messages = [mido.Message("note_on", note=k % 128, time=sample / rate) for k, sample in enumerate(samples)]
    midi_file_of(messages, rate).save(tmp_path / "x.mid")
    found = list(read_midi_file(tmp_path / "x.mid").at_rate(rate))
    assert [(at, message.note) for at, message in found if message.type == "note_on"] == [
        (sample, k % 128) for k, sample in enumerate(samples)
    ]
    assert mido.MidiFile(tmp_path / "x.mid").length == pytest.approx(samples[-1] / rate)


def test_realtime_messages_are_omitted_from_files():
    messages = [mido.Message("clock", time=0.1), mido.Message("start"), mido.Message("note_on", note=60, time=0.2)]
    assert [message.type for message in midi_file_of(messages, SR).tracks[0]] == ["set_tempo", "note_on"]
