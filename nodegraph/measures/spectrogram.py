"""Magnitude spectrograms of whole sounds, and the ratio of two."""

from __future__ import annotations

import numpy as np

from nodegraph.spectral.stft import stft

RANGE = 1e-5  # -100 dB; lower magnitudes than this part of the largest count as this
_EPSILON = 1e-20


def magnitudes_of(sound: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return the magnitudes of the STFT of a sound (samples,): float64 (size / 2 + 1, frames), Hann windows."""
    return np.abs(stft(sound, size, hop)).astype(np.float64)


def log_ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return ``ln |X| / |Y|`` of magnitudes of one shape, each at least -100 dB relative to the largest of all.

    Without this limit bins that are silent in one of the sounds would decide alone.
    """
    largest = max(float(first.max(initial=0.0)), float(second.max(initial=0.0)))
    least = max(RANGE * largest, _EPSILON)
    ratio: np.ndarray = np.log(np.maximum(first, least) / np.maximum(second, least))
    return ratio
