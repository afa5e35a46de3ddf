"""Correlation of spectra."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.correlation import fourier_magnitudes, pearson, spectral_correlation
from tests.measures.sounds import noise, tone


def test_pearson_of_a_line_is_the_sign_of_its_slope_and_0_for_a_constant():
    x = np.random.default_rng(1).random((4, 6, 5))
    y = x * np.array([3.0, -2.0, 0.0, 1e-3])[:, None, None] + 0.5
    assert pearson(x, y) == pytest.approx([1.0, -1.0, 0.0, 1.0])


def test_pearson_of_orthogonal_sines_is_the_share_they_have_in_common():
    t = 2 * np.pi * np.arange(1000) / 1000
    one, other = np.sin(3 * t), np.sin(7 * t)
    mixed = np.cos(0.3) * one + np.sin(0.3) * other
    assert pearson(one[None], mixed[None]) == pytest.approx([np.cos(0.3)])


def test_fourier_magnitude_of_a_sine_is_one_line():
    n, bin_number = 1024, 40
    found = fourier_magnitudes(np.sin(2 * np.pi * bin_number * np.arange(n) / n)[None])
    assert found.shape == (1, n // 2 + 1)
    assert found[0, bin_number] == pytest.approx(n / 2)
    assert np.delete(found[0], bin_number).max() < 1e-9


def test_spectral_correlation_is_1_at_any_gain_and_small_for_other_sounds():
    assert spectral_correlation(-0.1 * noise(0), noise(0)) == pytest.approx(1.0)
    assert abs(spectral_correlation(noise(0), noise(1))) < 0.15
    assert abs(spectral_correlation(tone(440.0), tone(2000.0))) < 0.05
    assert spectral_correlation(0.0 * noise(0), noise(0)) == 0.0
