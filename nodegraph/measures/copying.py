"""Copies of one sound in another: the maximum of their normalised cross-correlation."""

from __future__ import annotations

import numpy as np

SILENCE = 1e-8  # of the energy of the longer sound (-80 dB); quieter parts of it cannot be a copy


def copying(sound: np.ndarray, style: np.ndarray) -> tuple[float, int]:
    """Return the largest normalised cross-correlation of two sounds at one rate, 0–1, and its lag in samples.

    The shorter sound x (samples,) slides over the longer y, at all lags at which they overlap:
    ``max_d |Σ x[n] y[n + d]| / (‖x‖ ‖y_d‖)``, where y_d is the section of y that x covers; beyond an end of y, the
    first or last section as long as x. It is 1 if one sound contains the other at any gain and polarity, about p if
    they share one section with the fraction p of the energy of each, √p if the sound is a sum of which the style is the
    fraction p of the energy, about ``√(2 ln N / N)`` for independent noises of N samples, and 0 if one is silent. The
    sound at sample n + lag resembles the style at sample n. Steady tones of one frequency are copies of each other.
    """
    x, y = np.asarray(sound, np.float64), np.asarray(style, np.float64)
    if not len(x) or not len(y):
        return 0.0, 0
    if len(x) > len(y):
        value, lag = copying(style, sound)
        return value, -lag
    lags = np.arange(-(len(x) - 1), len(y))
    size = 1 << (len(x) + len(y) - 2).bit_length()
    products = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)[lags]
    until = np.concatenate([[0.0], np.cumsum(y**2)])  # energy of y before each sample
    starts = np.clip(lags, 0, len(y) - len(x))
    energy = until[starts + len(x)] - until[starts]
    total = float(x @ x)
    if total == 0.0 or until[-1] == 0.0:
        return 0.0, 0
    audible = energy > SILENCE * until[-1]
    values = np.zeros(len(lags))
    np.divide(np.abs(products), np.sqrt(total * energy), out=values, where=audible)
    best = int(np.argmax(values))
    return min(float(values[best]), 1.0), -int(lags[best])
