"""Log-spectral distance."""

from __future__ import annotations

import numpy as np

from .mono import of_equal_length
from .spectrogram import log_ratio, magnitudes_of

SIZE, HOP = 1024, 256  # samples


def log_spectral_distance(sound: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean over frames of ``√(mean_k (20 log10 |X| / |Y|)²)`` in dB, of sounds (samples,) at one rate.

    0 for equal sounds, \\|g\\| for a gain of g dB; silence is 100 dB below the other sound. Gray & Markel, Distance
    measures for speech processing (IEEE Trans. ASSP, 1976). Magnitudes are clamped as in ``log_ratio``.
    """
    first, second = of_equal_length(sound, reference)
    decibels = 20.0 / np.log(10.0) * log_ratio(magnitudes_of(first, SIZE, HOP), magnitudes_of(second, SIZE, HOP))
    return float(np.sqrt((decibels**2).mean(axis=0)).mean()) if decibels.size else 0.0
