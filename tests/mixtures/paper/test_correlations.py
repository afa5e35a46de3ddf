"""Definitions of cross-correlation, the pulse, and the hypervolume, by closed forms."""

import numpy as np
import pytest

from nodegraph.mixtures.paper.correlations import raw_correlation, spectrogram_correlation, waveform_correlation
from nodegraph.mixtures.paper.hypervolume import hypervolume
from nodegraph.mixtures.paper.pulse import pulse

RATE = 22050.0


def noise(seed, samples=22050):
    return np.random.default_rng(seed).normal(size=samples).astype(np.float32)


def test_shifted_copy_at_another_gain_has_the_largest_correlations():
    sound = noise(0)
    shifted = np.concatenate([np.zeros(2560, np.float32), -0.5 * sound])
    assert waveform_correlation(shifted, sound) == pytest.approx(100.0, abs=1e-3)
    assert spectrogram_correlation(shifted, sound) == pytest.approx(100.0, abs=0.5)
    assert raw_correlation(shifted, sound) == pytest.approx(0.5 * np.sum(sound.astype(np.float64) ** 2), rel=1e-6)


def test_independent_noises_correlate_by_their_spectrograms_only():
    first, second = noise(0), noise(1)
    assert waveform_correlation(first, second) < 5.0
    assert spectrogram_correlation(first, second) == pytest.approx(100.0 * np.pi / 4.0, abs=2.0)


def test_pulse_is_that_of_the_content():
    t = np.arange(round(3 * RATE)) / RATE
    beat, other = (np.exp(-60.0 * (t % period)) * noise(3, len(t)) for period in (0.5, 0.37))
    assert pulse(beat, beat, RATE) > 0.7
    assert pulse(other, beat, RATE) < 0.3 and abs(pulse(noise(4, len(t)), beat, RATE)) < 0.3


def test_pulse_of_a_sound_that_is_too_short_is_zero():
    assert pulse(noise(0, 2000), noise(1, 2000), RATE) == 0.0


def test_hypervolume_is_the_dominated_area():
    assert hypervolume([]) == 0.0
    assert hypervolume([(0.5, 0.4)]) == pytest.approx(0.2)
    assert hypervolume([(1.0, 0.2), (0.5, 0.6), (0.4, 0.5), (0.1, 1.0)]) == pytest.approx(0.2 + 0.5 * 0.4 + 0.1 * 0.4)
    assert hypervolume([(1.0, -0.2), (-1.0, 1.0)]) == 0.0
