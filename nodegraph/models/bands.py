"""Bands of magnitudes at logarithmic distances, and the magnitudes with such bands."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SPACINGS = ("linear", "mel", "log")
LOWEST = 40.0  # Hz, of the first band at logarithmic distances


@lru_cache(maxsize=8)
def band_matrix(rate: float, size: int, spacing: str, bands: int) -> np.ndarray:
    """Return the weights (bands, bins) of bands: triangles from one centre to the next, at least one bin wide.

    Each band is a weighted mean of magnitudes. Centres are equally far apart in mel (O'Shaughnessy, 1987) from 0 Hz, or
    in octaves from LOWEST, up to half the ``rate``.
    """
    bins, top = size // 2 + 1, rate / 2.0
    if spacing == "mel":
        mel = np.linspace(0.0, np.log1p(top / 700.0), bands)
        centres = 700.0 * np.expm1(mel)
    else:
        centres = np.geomspace(LOWEST, top, bands)
    widths = np.maximum(np.gradient(centres) if bands > 1 else top, rate / size)
    hertz = np.linspace(0.0, top, bins)
    weights = np.maximum(1.0 - np.abs(hertz - centres[:, None]) / widths[:, None], 0.0)
    weights[0, hertz < centres[0]] = 1.0  # so that no bin is lost
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=8)
def inverse_bands(rate: float, size: int, spacing: str, bands: int) -> np.ndarray:
    """Return the matrix (bins, bands) that gives the smallest magnitudes with these bands, by least squares."""
    weights = band_matrix(rate, size, spacing, bands).astype(np.float64)
    return np.ascontiguousarray(np.linalg.pinv(weights, rcond=1e-3), np.float32)
