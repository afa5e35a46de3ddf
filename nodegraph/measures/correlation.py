"""Correlation of sounds by their spectra."""

from __future__ import annotations

import numpy as np

from .mono import of_equal_length
from .spectrogram import magnitudes_of

SIZE, HOP = 1024, 256  # samples


def spectral_correlation(sound: np.ndarray, reference: np.ndarray) -> float:
    """Return Pearson's correlation of the STFT magnitudes of sounds (samples,) at one rate: 1 at any gain, 0 if silent.

    The sounds must be aligned. The windows are Hann, 1024 samples every 256.
    """
    first, second = of_equal_length(sound, reference)
    return float(pearson(magnitudes_of(first, SIZE, HOP)[None], magnitudes_of(second, SIZE, HOP)[None])[0])


def pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation (N,) of two arrays (N, …); 0 where one of them is constant."""
    a, b = (np.asarray(x, dtype=np.float64).reshape(len(x), -1) for x in (first, second))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    norm = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), norm, out=np.zeros(len(a)), where=norm > 0)


def fourier_magnitudes(sounds: np.ndarray) -> np.ndarray:
    """Return the magnitudes (N, samples / 2 + 1) of the Fourier transform of whole sounds (N, samples)."""
    return np.abs(np.fft.rfft(sounds, axis=-1))
