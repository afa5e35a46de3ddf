"""Sounds to be matched: section, channels, clipping, and refused sounds."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.estimator.target_sound import TargetSound, at_level_within, read_target, target_of
from nodegraph.measures.level import level_of
from nodegraph.measures.mono import UnusableSoundError

RATE = 16384.0


def tone(seconds, rate=RATE, level=0.5):
    return level * np.sin(2.0 * np.pi * 440.0 * np.arange(round(seconds * rate)) / rate)


def test_sound_of_the_right_length_is_unchanged():
    sound = tone(1.0).astype(np.float32)
    found = target_of(sound, RATE, 1.0, RATE)
    np.testing.assert_array_equal(found.samples, sound)
    assert found.notes == ()


@pytest.mark.parametrize("start", [0.0, 0.7, 3.21])
def test_section_of_a_long_sound_starts_with_its_onset(start):
    sound = np.concatenate([np.zeros(round(start * RATE)), tone(1.5), np.zeros(round(2.0 * RATE))])
    sound[: round(0.2 * RATE)] += tone(0.2, level=0.01)
    found = target_of(sound, RATE, 1.0, RATE)
    first = np.flatnonzero(np.abs(found.samples) > 0.02)[0]
    assert first <= 0.015 * RATE
    assert np.abs(found.samples[-200:]).max() > 0.4
    assert "1 s from" in found.notes[0]


def test_short_sound_is_followed_by_silence():
    found = target_of(tone(0.3), RATE, 1.0, RATE, "x.wav")
    assert len(found.samples) == RATE and not found.samples[round(0.3 * RATE) :].any()
    assert found.notes == ("x.wav lasts 0.3 s; it is followed by silence up to 1 s",)


def test_channels_are_averaged():
    found = target_of(np.stack([tone(1.0), 0.0 * tone(1.0)], axis=1), RATE, 1.0, RATE)
    np.testing.assert_allclose(found.samples, 0.5 * tone(1.0), atol=1e-6)
    assert "2 channels" in found.notes[0]


@pytest.mark.parametrize(("level", "is_noted"), [(0.9, False), (1.0, False), (1.4, True)])
def test_clipping_is_noted(level, is_noted):
    found = target_of(np.clip(tone(1.0, level=level), -1.0, 1.0), RATE, 1.0, RATE)
    assert any("clipped" in note for note in found.notes) == is_noted


def test_loud_float_sound_is_not_clipped():
    assert target_of(tone(1.0, level=3.0), RATE, 1.0, RATE).notes == ()


@pytest.mark.parametrize(
    ("sound", "rule"),
    [
        (np.zeros(20000), "silent"),
        (tone(1.0, level=5e-4), "silent"),
        (tone(0.01), "at least 0.05 s"),
        (np.full(20000, np.nan), "NaN"),
    ],
)
def test_useless_sound_is_refused_with_its_name(sound, rule):
    with pytest.raises(UnusableSoundError, match=rf"^x\.wav: .*{rule}"):
        target_of(sound, RATE, 1.0, RATE, "x.wav")


@pytest.mark.parametrize(("rate", "subtype"), [(8000, "PCM_U8"), (44100, "PCM_16"), (96000, "FLOAT")])
def test_rates_and_sample_formats_are_converted(tmp_path, rate, subtype):
    soundfile.write(tmp_path / "x.wav", tone(1.0, rate), rate, subtype=subtype)
    found = read_target(tmp_path / "x.wav", 1.0, RATE).samples
    assert len(found) == RATE
    middle = slice(2000, 14000)
    assert np.corrcoef(found[middle], tone(1.0)[middle])[0, 1] > 0.99


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"), [(-30.0, -20.0, -20.0), (-6.0, 0.0, -6.0), (-60.0, 0.0, -9.03)]
)
def test_level_outside_the_range_of_a_patch_is_moved_to_its_end(lowest, highest, expected):
    target = TargetSound(tone(1.0, level=0.5), ("a note",))
    found = at_level_within(target, lowest, highest)
    assert level_of(found.samples[None])[0] == pytest.approx(expected, abs=0.01)
    np.testing.assert_allclose(found.samples / np.abs(found.samples).max(), target.samples / 0.5, atol=1e-3)
    is_moved = expected != -9.03
    assert found.notes[0] == "a note" and len(found.notes) == 1 + is_moved
    assert not is_moved or f"{expected + 9.03:+.1f} dB" in found.notes[1]
