"""Gram distance of random features."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.gram import FILTERS, gram_distance, gram_matrix, log_frames
from tests.measures.sounds import RATE, noise, tone


def test_distance_of_equal_sounds_is_0_at_any_gain():
    for gain in (1e-3, -1.0, 5.0):
        assert gram_distance(gain * noise(0), noise(0), RATE) < 1e-6
    assert gram_distance(np.zeros(1000), np.zeros(1000), RATE) == 0.0
    assert gram_distance(np.zeros(22050), noise(0), RATE) == pytest.approx(1.0)


def test_halves_of_noise_are_nearer_than_noise_and_a_tone():
    near, far = gram_distance(noise(0), noise(1), RATE), gram_distance(noise(0), tone(440.0), RATE)
    assert near < 0.1 < 0.5 < far <= 1.0
    assert far == pytest.approx(gram_distance(tone(440.0), noise(0), RATE))


def test_distance_ignores_the_order_of_sections():
    sections = [tone(300.0, 2.0), noise(0, 2.0)]
    one, other = np.concatenate(sections), np.concatenate(sections[::-1])
    assert gram_distance(one, other, RATE) < 0.1


def test_gram_matrix_is_symmetric_and_the_same_each_time():
    found = gram_matrix(noise(0), RATE)
    assert found.shape == (FILTERS, FILTERS)
    np.testing.assert_array_equal(found, gram_matrix(noise(0), RATE))
    np.testing.assert_allclose(found, found.T)


def test_frames_show_the_band_of_a_tone_at_any_gain():
    frames = log_frames(tone(1280.0), RATE)
    assert np.argmax(frames[20]) == 12 * 5  # five octaves above 40 Hz
    np.testing.assert_allclose(log_frames(0.01 * tone(1280.0), RATE), frames, atol=1e-4)


@pytest.mark.parametrize("rate", [1000.0, 8000.0, 48000.0])
def test_short_sounds_at_any_rate_have_a_matrix(rate):
    assert np.isfinite(gram_matrix(noise(0)[: round(0.05 * rate)], rate)).all()
