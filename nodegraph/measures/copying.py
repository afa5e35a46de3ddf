"""Copies of one sound in another: the maximum of their normalised cross-correlation."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft

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
    size = 1 << (len(x) + len(y) - 2).bit_length()
    spectrum = rfft(x.astype(np.float32), size)
    np.conjugate(spectrum, out=spectrum)
    spectrum *= rfft(y.astype(np.float32), size)
    products = np.abs(irfft(spectrum, size))
    del spectrum
    first = -(len(x) - 1)  # the lag of the first value
    values = np.concatenate([products[first:] if first else products[:0], products[: len(y)]])
    until = np.concatenate([[0.0], np.cumsum(y**2)])  # energy of y before each sample
    sections = until[len(x) :] - until[: len(y) - len(x) + 1]
    energy = np.concatenate([np.full(len(x) - 1, sections[0]), sections, np.full(len(x) - 1, sections[-1])])
    total = float(x @ x)
    if total == 0.0 or until[-1] == 0.0:
        return 0.0, 0
    audible = energy > SILENCE * until[-1]
    values[~audible] = 0.0
    values[audible] /= np.sqrt(total * energy[audible])
    best = int(np.argmax(values))
    return min(float(values[best]), 1.0), -(best + first)
