"""Spectral flatness."""

from __future__ import annotations

import numpy as np

from .spectrogram import RANGE, magnitudes_of

SIZE, HOP = 1024, 256  # samples
QUIET = 1e-6  # -60 dB; frames below this part of the power of the loudest are left out


def spectral_flatness(sound: np.ndarray) -> float:
    """Return the spectral flatness of a sound (samples,), 0–1: the geometric over the arithmetic mean of the powers.

    The mean over frames, at any gain; frames more than 60 dB below the loudest are left out. Near 0 for tones,
    ``e^-γ = 0.56`` for white noise, 1 for a click, 0 for silence. Gray & Markel, A spectral-flatness measure
    (IEEE Trans. ASSP, 1974).
    """
    power = magnitudes_of(sound, SIZE, HOP)[1:-1] ** 2  # without DC and half the sample rate, which are real
    means = power.mean(axis=0)
    loudest = means.max(initial=0.0)
    if loudest == 0.0:
        return 0.0
    loud = means >= QUIET * loudest
    power, means = power[:, loud], means[loud]
    logarithms = np.log(np.maximum(power, RANGE**2 * power.max(axis=0))).mean(axis=0)
    return float(np.minimum(np.exp(logarithms) / means, 1.0).mean())
