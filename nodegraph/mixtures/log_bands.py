"""Spectra on logarithmic bands, and the way back by filtering the spectra of the content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nodegraph.spectral.bands import log_matrix


@dataclass(frozen=True)
class LogBands:
    """The bands: weights (bands, bins) whose rows sum to 1, centres in Hz, and the distance of bins in Hz.

    ``floor`` is the magnitude at which levels turn from linear to logarithmic.
    """

    weights: np.ndarray
    centres: np.ndarray
    bin_width: float
    floor: float

    def levels(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return log levels ``ln(1 + m / floor)``, float32 (bands, frames), of magnitudes (bins, frames) up to 1."""
        return np.log1p(self.weights @ magnitudes / self.floor).astype(np.float32)

    def filtered(self, magnitudes: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Return magnitudes (bins, frames) with other levels (bands, frames).

        Each bin is multiplied by the ratio of the new to the old level, interpolated between the centres of the bands
        over log frequency: within a band, the spectrum keeps its shape. Bins below the lowest band, which the levels do
        not describe, are never amplified.
        """
        gains = np.maximum(levels, 0.0) - self.levels(magnitudes)
        below = int(np.ceil(self.centres[0] / self.bin_width - 0.5))
        frequencies = np.maximum(np.arange(magnitudes.shape[0]) * self.bin_width, 1e-3)
        positions = np.interp(np.log2(frequencies), np.log2(self.centres), np.arange(len(self.centres)))
        low = np.minimum(positions.astype(int), len(self.centres) - 2)
        part = (positions - low)[:, None]
        ratio = np.exp((1.0 - part) * gains[low] + part * gains[low + 1])
        ratio[:below] = np.minimum(ratio[:below], 1.0)
        filtered: np.ndarray = np.maximum((magnitudes + self.floor) * ratio - self.floor, 0.0)
        return filtered.astype(np.float32)


def smoothing_matrix(bands: int, deviation: float) -> np.ndarray:
    """Return Gaussian averages over neighbouring bands, float32 (bands, bands), whose rows sum to 1."""
    if deviation == 0.0:
        return np.eye(bands, dtype=np.float32)
    distances = np.arange(bands)[:, None] - np.arange(bands)
    weights = np.exp(-0.5 * (distances / deviation) ** 2)
    smoothed: np.ndarray = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return smoothed


def log_bands(bands: int, octaves: int, decibels: float, size: int, rate: float) -> LogBands:
    """Return ``bands`` of equal width in the ``octaves`` below half the sample rate; levels reach down ``decibels``."""
    per_octave = -(-bands // octaves)
    low = rate / 2.0 * 2.0 ** (-bands / per_octave)
    weights = log_matrix(octaves, per_octave, low, size, rate)[:bands]
    centres = low * 2.0 ** (np.arange(bands) / per_octave)
    return LogBands(weights.astype(np.float32), centres, rate / size, 10.0 ** (-decibels / 20.0))
