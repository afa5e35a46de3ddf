"""Features fitted to frames: their ranges and their inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.learn.features import apply_features, fit_features
from nodegraph.models.autoencoder import NORMALISATIONS, Features

SIZE = 32
BINS = SIZE // 2 + 1


def spectra(count=50, seed=0, scale=100.0):
    rng = np.random.default_rng(seed)
    return (scale * rng.gamma(0.5, 1.0, (count, BINS)) * np.linspace(2, 0.01, BINS)).astype(np.float32)


@given(
    normalise=st.sampled_from(NORMALISATIONS),
    power=st.sampled_from([0.4, 1.0]),
    log=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_fitted_features_are_invertible(normalise, power, log, seed):
    magnitudes = spectra(seed=seed) + 0.5
    fitted = fit_features(Features(8000, SIZE, 8, power=power, log=log, floor=1e-8, normalise=normalise), magnitudes)
    y, level = fitted.normalise_frames(magnitudes)
    assert np.allclose(fitted.restore_frames(y, level), magnitudes, rtol=2e-3)
    assert np.array_equal(apply_features(fitted, magnitudes), y)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("normalise", ["frame", "global", "bin"])
def test_fitted_features_are_between_0_and_1(normalise, log):
    y = apply_features(fit_features(Features(8000, SIZE, 8, log=log, normalise=normalise), spectra()), spectra())
    assert y.min() >= 0.0 and y.max() == pytest.approx(1.0, abs=1e-5)
    tops = {"frame": y.max(axis=1), "bin": y.max(axis=0), "global": y.max(keepdims=True)}[normalise]
    assert np.allclose(tops, 1.0, atol=1e-5)


def test_standardised_bins_have_mean_0_and_variance_1():
    magnitudes = spectra()
    y = apply_features(
        fit_features(Features(8000, SIZE, 8, power=0.5, normalise="standardise"), magnitudes), magnitudes
    )
    assert np.allclose(y.mean(axis=0), 0.0, atol=1e-4) and np.allclose(y.std(axis=0), 1.0, atol=1e-3)


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_silent_bins_give_finite_features(normalise):
    magnitudes = spectra()
    magnitudes[:, 5:] = 0.0
    fitted = fit_features(Features(8000, SIZE, 8, normalise=normalise), magnitudes)
    y, level = fitted.normalise_frames(spectra(seed=1))
    assert np.isfinite(y).all() and np.isfinite(fitted.restore_frames(y, level)).all()
    assert np.isfinite(
        apply_features(fit_features(Features(8000, SIZE, 8, normalise=normalise), 0 * magnitudes), magnitudes)
    ).all()
