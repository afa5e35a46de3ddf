"""Log-spectral distance, multi-resolution STFT distance and spectral flatness against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.flatness import spectral_flatness
from nodegraph.measures.log_spectral import log_spectral_distance
from nodegraph.measures.multi_resolution import multi_resolution_stft
from tests.measures.sounds import clicks, noise, tone

DISTANCES = (log_spectral_distance, multi_resolution_stft)


@pytest.mark.parametrize("gain", [0.5, 0.9, 1.1, 2.0])
def test_distances_of_a_gain_match_the_closed_form(gain):
    assert log_spectral_distance(gain * noise(0), noise(0)) == pytest.approx(abs(20 * np.log10(gain)), rel=1e-3)
    expected = abs(1 - gain) + abs(np.log(gain))
    assert multi_resolution_stft(gain * noise(0), noise(0)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("distance", DISTANCES)
def test_distance_of_equal_sounds_is_0_and_grows_with_added_noise(distance):
    assert distance(tone(440.0), tone(440.0)) == distance(-tone(440.0), tone(440.0)) == 0.0
    near, far = (distance(tone(440.0) + level * noise(0), tone(440.0)) for level in (0.01, 0.1))
    assert 0.0 < near < far


@pytest.mark.parametrize("distance", DISTANCES)
def test_missing_end_is_a_difference(distance):
    assert distance(noise(0)[:11025], noise(0)) > 0.1
    assert distance(np.pad(noise(0)[:11025], (0, 11025)), noise(0)) == distance(noise(0)[:11025], noise(0))


@pytest.mark.parametrize("distance", DISTANCES)
def test_distances_of_silent_and_empty_sounds_are_finite(distance):
    silence = np.zeros(1000)
    for x, y in ((silence, silence), (silence, noise(0)), (noise(0), silence), (silence[:0], silence[:0])):
        assert np.isfinite(distance(x, y))
    assert distance(silence, silence) == 0.0


def test_silence_is_100_decibels_below_a_click():
    click = np.zeros(1024 - 256)
    click[-1] = 1.0
    assert log_spectral_distance(0.0 * click, click) == pytest.approx(100.0 * 3.0 / 6.0, rel=0.1)


def test_flatness_of_noise_tone_click_and_silence():
    expected = np.exp(-np.euler_gamma)  # the powers are exponentially distributed
    assert spectral_flatness(noise(0, 4.0)) == pytest.approx(expected, rel=0.02)
    assert spectral_flatness(tone(440.0)) < 0.01
    assert spectral_flatness(clicks([1.0])) == pytest.approx(1.0)
    assert spectral_flatness(np.zeros(1000)) == spectral_flatness(np.zeros(0)) == 0.0


def test_flatness_ignores_gain_and_silence_around_the_sound():
    fading = tone(440.0) * np.geomspace(1.0, 2e-3, 22050)
    assert spectral_flatness(fading) == pytest.approx(spectral_flatness(tone(440.0)), abs=0.005)
    assert spectral_flatness(0.01 * noise(0)) == pytest.approx(spectral_flatness(noise(0)))
    assert spectral_flatness(np.pad(noise(0, 4.0), 20000)) == pytest.approx(spectral_flatness(noise(0, 4.0)), rel=0.02)
