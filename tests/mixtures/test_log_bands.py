"""Logarithmic bands: levels, and filtering to other levels."""

import numpy as np
import pytest

from nodegraph.mixtures.log_bands import log_bands, smoothing_matrix


@pytest.fixture
def bands():
    return log_bands(32, 4, 60.0, 256, 8000.0)


def magnitudes():
    found = np.random.default_rng(0).uniform(0.0, 1.0, (129, 6)).astype(np.float32)
    found[:, 5] = 0.0
    return found


def test_bands_lie_in_the_octaves_below_half_the_rate(bands):
    assert bands.weights.shape == (32, 129)
    np.testing.assert_allclose(bands.weights.sum(axis=1), 1.0, rtol=1e-5)
    assert bands.centres[0] == 4000.0 / 2**4 and 3000.0 < bands.centres[-1] < 4000.0


def test_level_of_a_constant_spectrum_is_that_of_its_value(bands):
    levels = bands.levels(np.full((129, 2), 0.5, np.float32))
    np.testing.assert_allclose(levels, np.log1p(500.0), rtol=1e-5)


def test_filter_to_its_own_levels_changes_nothing(bands):
    found = magnitudes()
    np.testing.assert_allclose(bands.filtered(found, bands.levels(found)), found, atol=1e-5)


def test_filter_applies_a_uniform_gain(bands):
    found = magnitudes()
    levels = bands.levels(found) + np.float32(np.log(2.0))
    described = slice(8, None)  # 250 Hz, the lowest band
    filtered = bands.filtered(found, levels)
    np.testing.assert_allclose(filtered[described], 2.0 * found[described] + 1e-3, rtol=1e-4, atol=1e-5)


def test_bins_below_the_lowest_band_are_attenuated_but_not_amplified(bands):
    found = magnitudes()[:, :5]
    louder = bands.filtered(found, bands.levels(found) + 3.0)
    np.testing.assert_allclose(louder[:7], found[:7], rtol=1e-4)
    assert (bands.filtered(found, 0.5 * bands.levels(found))[:7] < found[:7]).all()


def test_filter_fills_silence_with_the_level(bands):
    found = np.zeros((129, 3), np.float32)
    levels = np.full((32, 3), np.log1p(400.0), np.float32)
    np.testing.assert_allclose(bands.levels(bands.filtered(found, levels)), levels, rtol=1e-5)


def test_smoothing_keeps_constants_and_spreads_a_peak():
    np.testing.assert_array_equal(smoothing_matrix(5, 0.0), np.eye(5))
    weights = smoothing_matrix(9, 2.0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-6)
    peak = weights @ np.eye(9)[4]
    assert (np.diff(peak[:5]) > 0.0).all()
    np.testing.assert_allclose(peak, peak[::-1], rtol=1e-6)
