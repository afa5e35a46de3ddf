"""Levels of sounds, and their difference."""

from __future__ import annotations

import numpy as np


def level_of(sounds: np.ndarray) -> np.ndarray:
    """Return the RMS of sounds (N, samples) in dBFS, at least -200: float64 (N,)."""
    power = np.mean(np.square(sounds, dtype=np.float64), axis=1)
    levels: np.ndarray = 10.0 * np.log10(np.maximum(power, 1e-20))
    return levels


def level_difference(sound: np.ndarray, reference: np.ndarray) -> float:
    """Return the RMS level of a sound (samples,) minus that of the reference in dB, each over its own length.

    Silence has the level -200 dBFS.
    """
    return float(level_of(sound[None])[0] - level_of(reference[None])[0])


def at_unit_level(sound: np.ndarray) -> np.ndarray:
    """Return a sound (samples,) with an RMS of 1, float64; silence remains silence."""
    samples = np.asarray(sound, np.float64)
    peak = np.abs(samples).max(initial=0.0)
    if peak == 0.0:
        return samples
    samples = samples / peak  # the square of a very quiet sound would be 0
    return samples / np.sqrt(np.mean(samples**2))
