"""Preparation of sounds: channels, rates, lengths, and refused sounds."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.measures.mono import UnusableSoundError, at_common_rate, mono_of, of_equal_length, read_mono
from tests.measures.sounds import RATE, noise, tone


def test_mono_is_the_mean_of_the_channels():
    found = mono_of(np.stack([noise(0), noise(1)], axis=1), RATE)
    np.testing.assert_allclose(found.samples, 0.5 * (noise(0) + noise(1)), atol=1e-6)
    assert found.seconds == 1.0


def test_pair_has_the_lower_rate_and_the_same_sound():
    first, second = mono_of(tone(440.0), RATE), mono_of(tone(440.0, rate=44100.0), 44100.0)
    for pair in ((first, second), (second, first)):
        x, y, rate = at_common_rate(*pair)
        assert rate == RATE and len(x) == len(y) == RATE
        np.testing.assert_allclose(x[500:-500], y[500:-500], atol=1e-3)
    assert at_common_rate(*[mono_of(noise(0), 96000.0)] * 2)[2] == 48000.0


def test_shorter_sound_is_continued_with_silence():
    x, y = of_equal_length(np.ones(3), np.ones(5))
    assert x.tolist() == [1, 1, 1, 0, 0] and y.tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("sound", "rate", "rule"),
    [
        (np.zeros(20000), RATE, "silent"),
        (np.stack([tone(440.0), -tone(440.0)], axis=1), RATE, "silent"),
        (noise(0, 0.01), RATE, "at least 0.05 s, got 0.00998 s"),
        (np.zeros(0), RATE, "at least 0.05 s, got 0 s"),
        (np.full(20000, np.nan), RATE, "NaN"),
        (np.full(20000, -np.inf), RATE, "infinity"),
        (np.full(20000, 1e30), RATE, "peak must be at most"),
        (noise(0), 500.0, "rate must be at least 1000 Hz"),
    ],
)
def test_unusable_sound_is_refused_with_its_name(sound, rate, rule):
    with pytest.raises(UnusableSoundError, match=rf"^x\.wav: .*{rule}"):
        mono_of(sound, rate, "x.wav")


def test_nan_in_a_file_is_refused(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.where(np.arange(22050) == 99, np.nan, noise(0)), 22050, subtype="FLOAT")
    with pytest.raises(UnusableSoundError, match=r"^x\.wav: must not contain NaN"):
        read_mono(tmp_path / "x.wav")
