"""Bands at logarithmic distances: weighted means of bins, and back."""

import numpy as np
import pytest

from nodegraph.models.autoencoder import Autoencoder, Features, Layer
from nodegraph.models.bands import band_matrix, inverse_bands
from nodegraph.models.model_file import ModelError

RATE, SIZE = 22050.0, 2048
every_spacing = pytest.mark.parametrize("spacing", ["mel", "log"])


@every_spacing
def test_bands_are_means_of_bins_near_rising_centres(spacing):
    weights = band_matrix(RATE, SIZE, spacing, 200)
    assert weights.shape == (200, 1025) and weights.min() >= 0.0
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    centres = weights @ np.linspace(0.0, RATE / 2, 1025)
    assert (np.diff(centres) >= 0.0).all() and centres[-1] > 0.97 * RATE / 2
    octaves = np.log2(centres[150] / centres[100]), np.log2(centres[100] / centres[50])
    assert octaves[0] == pytest.approx(octaves[1], rel=0.02 if spacing == "log" else 0.7)


@every_spacing
def test_smooth_spectra_survive_bands(spacing):
    hertz = np.linspace(0.0, RATE / 2, 1025)
    smooth = np.exp(-hertz / 3000.0) * (1.2 + np.cos(np.log1p(hertz / 500.0) * 6.0))
    back = inverse_bands(RATE, SIZE, spacing, 200) @ (band_matrix(RATE, SIZE, spacing, 200) @ smooth)
    assert np.linalg.norm(back - smooth) < 0.02 * np.linalg.norm(smooth)


@every_spacing
def test_bands_of_restored_magnitudes_are_those_given(spacing):
    features = Features(rate=RATE, size=SIZE, spacing=spacing, bands=128, power=0.5)
    heard = np.random.default_rng(0).gamma(1.0, 1.0, (3, 1025)).astype(np.float32)
    y, level = features.normalise_frames(heard)
    assert y.shape == (3, 128) and y.max() == pytest.approx(1.0)
    again, _ = features.normalise_frames(features.restore_frames(y, level))
    assert np.abs(again - y).mean() < 0.02


def test_model_of_bands_is_saved_and_loaded(tmp_path):
    features = Features(rate=RATE, size=SIZE, spacing="mel", bands=64)
    layers = (Layer(np.eye(64, dtype=np.float32)),)
    Autoencoder(features, layers, layers).save(tmp_path / "m.safetensors")
    loaded = Autoencoder.load(tmp_path / "m.safetensors")
    assert (loaded.features.spacing, loaded.features.bands, loaded.features.width) == ("mel", 64, 64)
    with pytest.raises(ModelError, match="the decoder must have 64 outputs, one per band, got 3"):
        Autoencoder(features, layers, (Layer(np.ones((3, 64), np.float32)),))


@pytest.mark.parametrize(
    ("spacing", "bands", "message"),
    [
        ("linear", 8, "bands must be 0 with spacing linear"),
        ("mel", 0, "bands must be 2–1025"),
        ("bark", 8, "spacing must be linear, mel, log"),
    ],
)
def test_impossible_bands_are_refused(spacing, bands, message):
    with pytest.raises(ModelError, match=message):
        Features(rate=RATE, size=SIZE, spacing=spacing, bands=bands)
