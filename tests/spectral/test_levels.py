"""Levels of sounds in mel bands and in segments."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.spectral.bands import hz_to_mel, mel_to_hz
from nodegraph.spectral.levels import MelAnalysis, segment_levels

RATE, BANDS, FLOOR = 16384.0, 64, -80.0


@pytest.mark.parametrize("size", [512, 1024])
def test_mel_levels_show_band_and_level_of_a_sine(size):
    for band in (30, 60):
        hz = float(mel_to_hz(hz_to_mel(RATE / 2, "slaney") * (band + 1) / (BANDS + 1), "slaney"))
        sine = 0.1 * np.sin(2 * np.pi * hz * np.arange(16384) / RATE, dtype=np.float32)
        found = MelAnalysis(RATE, size, 256, BANDS, FLOOR).levels(sine[None])[0, 5:-5]
        assert (found.argmax(axis=1) == band).all() and found[:, band] == pytest.approx(-20.0, abs=3.0)


def test_mel_frames_are_centred_on_their_hops():
    clicks = np.zeros((20, 5120), np.float32)
    clicks[np.arange(20), np.arange(20) * 256 + 128] = 1.0
    found = MelAnalysis(RATE, 1024, 256, BANDS, -150.0).levels(clicks)
    assert found.shape == (20, 20, BANDS) and found.max(axis=2).argmax(axis=1).tolist() == list(range(20))


def test_mel_levels_do_not_depend_on_the_other_sounds():
    sounds = np.random.default_rng(0).standard_normal((11, 3000)).astype(np.float32)
    together = MelAnalysis(RATE, 512, 256, BANDS, FLOOR).levels(sounds)
    assert together[9] == pytest.approx(MelAnalysis(RATE, 512, 256, BANDS, FLOOR).levels(sounds[9:10])[0], abs=1e-3)


def test_segment_levels_are_rms_in_decibels():
    sound = np.concatenate([np.zeros(10), np.full(10, 0.1), [-1.0, 1.0] * 5, np.ones(3)]).astype(np.float32)
    assert segment_levels(sound[None], 10, FLOOR)[0] == pytest.approx([FLOOR, -20.0, 0.0], abs=1e-4)


def test_correlations_are_those_of_numpy():
    sounds = np.random.default_rng(0).standard_normal((20, 3000)).astype(np.float32)
    sounds[3:] *= np.linspace(0.0, 1.0, 3000, dtype=np.float32)
    sounds[7] = 0.0
    analysis = MelAnalysis(RATE, 512, 256, BANDS, FLOOR)
    reference = analysis.reference(sounds[2])
    levels, found = analysis.levels_and_correlations(np.concatenate([sounds, 0.25 * sounds[2:3]]), reference)
    magnitudes = [analysis.reference(sound).magnitudes.ravel() for sound in sounds]
    right = [np.corrcoef(one, magnitudes[2])[0, 1] if one.any() else 0.0 for one in magnitudes]
    assert found[:20] == pytest.approx(right, abs=1e-6) and found[7] == 0.0
    assert found[[2, 20]] == pytest.approx([1.0, 1.0], abs=1e-7) and found.max() <= 1.0
    np.testing.assert_array_equal(levels[:20], analysis.levels(sounds))
