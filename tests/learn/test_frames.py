"""Frames from sound: magnitudes, split by file, and skipped sources."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph import Patch
from nodegraph.learn import AudioSource, LearnError, collect, magnitudes_of, sources_of
from nodegraph.learn.split import PARTS, SHARES, by_source
from nodegraph.models.autoencoder import Features
from nodegraph.spectral.stft import stft
from tests.learn.conftest import HOP, RATE, SIZE, notes

FEATURES = Features(RATE, SIZE, HOP)


def tone(pitch, seconds=3.0, level=0.5):
    """Return a source that is identifiable by its frames: a sine at the centre of bin ``pitch``."""
    t = np.arange(round(seconds * RATE)) / RATE
    return AudioSource(
        f"tone{pitch}", seconds, lambda rate: (level * np.sin(2 * np.pi * pitch * RATE / SIZE * t)).astype("f4")
    )


def pitches(frames):
    return set(frames.argmax(axis=1).tolist())


def test_magnitudes_equal_those_of_the_stft():
    sound = notes(1.0, 0)
    ours = magnitudes_of(sound, FEATURES)
    theirs = np.abs(stft(sound, SIZE, HOP))[:, (SIZE - HOP) // HOP :].T
    assert len(ours) == 1 + (len(sound) - SIZE) // HOP
    assert np.abs(ours - theirs[: len(ours)]).max() < 1e-3


@given(st.lists(st.floats(0.01, 1000), min_size=3, max_size=40), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_split_assigns_every_source_and_leaves_no_part_empty(lengths, seed):
    parts = by_source(lengths, np.random.default_rng(seed))
    assert len(parts) == len(lengths) and set(parts) == set(PARTS)


def test_split_of_many_sources_approximates_the_shares():
    lengths = np.random.default_rng(0).uniform(1, 10, 200)
    parts = np.array(by_source(lengths, np.random.default_rng(1)))
    for part, share in zip(PARTS, SHARES):
        assert lengths[parts == part].sum() / lengths.sum() == pytest.approx(share, rel=0.05)


def test_frames_of_one_source_are_never_in_two_parts():
    found = collect([tone(pitch) for pitch in range(5, 26)], FEATURES)
    groups = [pitches(getattr(found, part)) for part in PARTS]
    assert sum(map(len, groups)) == 21 and len(set.union(*groups)) == 21
    for part, group in zip(PARTS, groups):
        assert {f"tone{pitch}" for pitch in group} == set(found.sources[part])


def test_single_recording_is_split_into_disjoint_segments():
    # in a chirp, the pitch gives the time
    t = np.arange(40 * RATE) / RATE
    chirp = AudioSource("chirp", 40.0, lambda rate: np.sin(2 * np.pi * (200 + 40 * t) * t).astype("f4"))
    found = collect([chirp], FEATURES)
    shares = np.array([len(getattr(found, part)) for part in PARTS], float)
    assert shares / shares.sum() == pytest.approx(SHARES, abs=0.02)
    train, valid, test = (getattr(found, part).argmax(axis=1) for part in PARTS)
    assert train.max() <= valid.min() and valid.max() <= test.min()
    ends = np.concatenate([magnitudes_of(chirp.read(RATE), FEATURES), np.zeros((1, FEATURES.bins))])
    assert sum(map(len, (train, valid, test))) <= len(ends) - 1 - 2 * (SIZE // HOP)


def test_max_frames_is_shared_out_by_length_of_sources():
    found = collect([tone(5, 40.0), *(tone(pitch, 10.0) for pitch in range(6, 20))], FEATURES, max_frames=700)
    sizes = [len(getattr(found, part)) for part in PARTS]
    assert sizes == pytest.approx([500, 100, 100], abs=15)
    counts = np.bincount(np.concatenate([getattr(found, part) for part in PARTS]).argmax(axis=1))
    assert counts[5] > 2 * counts[6:20].max()


def test_seed_determines_the_selected_frames():
    a, b, c = (collect([tone(p) for p in range(5, 12)], FEATURES, 300, seed) for seed in (1, 1, 2))
    assert np.array_equal(a.train, b.train) and a.sources == b.sources
    assert a.train.shape != c.train.shape or not np.array_equal(a.train, c.train)


def test_silent_frames_are_left_out():
    def half(rate):
        return np.concatenate([np.zeros(4 * RATE), notes(4.0, 1)]).astype("f4")

    found = collect([AudioSource(f"{i}", 8.0, half) for i in range(3)], FEATURES)
    assert len(found.train) < 4.1 * RATE / HOP
    assert found.train.max(axis=1).min() > 0.001 * SIZE / 4


@pytest.mark.parametrize("rate, channels, ending", [(44100, 2, "wav"), (16000, 1, "flac"), (48000, 3, "ogg")])
def test_rate_channels_and_file_format_do_not_change_frames(tmp_path, rate, channels, ending):
    t = np.arange(2 * rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 1000 * t)
    for i in range(3):
        soundfile.write(tmp_path / f"{i}.{ending}", np.repeat(tone[:, None], channels, 1), rate)
    found = collect(sources_of([tmp_path])[0], FEATURES)
    assert pitches(found.train) == {1000 * SIZE // RATE}
    assert np.median(found.train.max(axis=1)) == pytest.approx(0.5 * SIZE / 4, rel=0.02)
    assert found.seconds == pytest.approx(6.0, abs=0.05)


def test_patches_are_rendered(tmp_path):
    for i in range(3):
        patch = Patch()
        patch.add("sine", "osc", frequency=1000.0, amplitude=0.5)
        patch.add("audio_out", "out")
        patch.connect("osc.out", "out.audio")
        patch.save(tmp_path / f"{i}.json")
    found = collect(sources_of(tmp_path.glob("*.json"), seconds=2.0)[0], FEATURES)
    assert pitches(found.train) == {16} and found.seconds == pytest.approx(6.0)


def test_unreadable_and_silent_files_are_skipped_and_listed(tmp_path, recordings):
    (tmp_path / "deep").mkdir()
    for i in range(4):
        soundfile.write(tmp_path / "deep" / f"{i}.wav", notes(3.0, i), RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    (tmp_path / "broken.wav").write_bytes(b"RIFF no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a sound file")
    complete = (tmp_path / "deep" / "0.wav").read_bytes()
    (tmp_path / "cut.flac").write_bytes(complete[:30])
    sources, skipped = sources_of([tmp_path])
    found = collect(sources, FEATURES, skipped=skipped)
    assert len(found.skipped) == 4
    for name in ("silent.wav", "broken.wav", "empty.wav", "cut.flac"):
        (line,) = (line for line in found.skipped if name in line)
        assert len(line.splitlines()) == 1
    assert sum(len(getattr(found, part)) for part in PARTS) > 1000


def test_invalid_patch_is_skipped(tmp_path, recordings):
    (tmp_path / "bad.json").write_text("{")
    sources, skipped = sources_of([recordings, tmp_path / "bad.json"])
    assert any("bad.json" in line for line in collect(sources, FEATURES, skipped=skipped).skipped)


def test_one_long_recording_with_short_ones_is_enough():
    found = collect([tone(5, 20.0), tone(6, 0.05), tone(7, 0.05)], FEATURES)
    assert min(len(getattr(found, part)) for part in PARTS) > 100


def test_duplicate_file_is_used_once(recordings):
    assert len(sources_of([recordings, recordings / "take1.wav"])[0]) == 7


@pytest.mark.parametrize("case", ["folder", "missing", "nothing"])
def test_missing_sources_are_a_one_line_error(tmp_path, case):
    paths = {"folder": [tmp_path], "missing": [tmp_path / "none.wav"], "nothing": []}[case]
    with pytest.raises(LearnError) as raised:
        sources_of(paths)
    assert len(str(raised.value).splitlines()) == 1


def test_silence_and_too_few_frames_are_errors():
    silence = AudioSource("s.wav", 1.0, lambda rate: np.zeros(RATE, "f4"))
    with pytest.raises(LearnError, match=r"no sound to train on: s\.wav: no frame above -60 dB"):
        collect([silence], FEATURES)
    with pytest.raises(LearnError, match="3 files were skipped"):
        collect([silence] * 3, FEATURES)
    with pytest.raises(LearnError, match="too few frames"):
        collect([tone(5, 0.1), tone(6, 0.1), tone(7, 0.1)], FEATURES)
    with pytest.raises(LearnError, match="too few frames"):
        collect([tone(5, 0.01)], FEATURES)
