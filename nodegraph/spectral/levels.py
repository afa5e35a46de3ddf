"""Levels of many sounds at once, in dB: mel bands over time, and segments."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import rfft

from .bands import mel_matrix
from .windows import window as window_of

MIN_POWER = 1e-30  # the logarithm of 0 is infinite
CHUNK = 8  # sounds analysed together: their spectra stay in the cache


def mel_levels(sounds: np.ndarray, rate: float, size: int, hop: int, bands: int, floor: float) -> np.ndarray:
    """Return the levels in mel bands of sounds (N, samples): float32 (N, frames, bands) in dB, at least ``floor``.

    Hann windows of ``size`` samples are centred on samples ``(k + 1/2) hop``, with zeros around the sound; a sine of
    amplitude 1 in the middle of a band is near 0 dB.
    """
    frames = -(-sounds.shape[1] // hop)
    before = max(size - hop, 0) // 2
    mel, window = _mel_weights(bands, size, rate), _scaled_hann(size)
    found = np.empty((len(sounds), frames, bands), np.float32)
    padded = np.zeros((CHUNK, max((frames - 1) * hop + size, before + sounds.shape[1])), np.float32)
    for start in range(0, len(sounds), CHUNK):
        part = sounds[start : start + CHUNK]
        padded[: len(part), before : before + part.shape[1]] = part
        cut = np.lib.stride_tricks.sliding_window_view(padded[: len(part)], size, axis=1)[:, ::hop][:, :frames]
        power = rfft(cut * window).view(np.float32)
        np.square(power, out=power)
        levels = to_decibels(power.reshape(len(part) * frames, -1) @ mel, floor)
        found[start : start + CHUNK] = levels.reshape(len(part), frames, bands)
    return found


def segment_levels(sounds: np.ndarray, length: int, floor: float) -> np.ndarray:
    """Return the RMS levels of segments of sounds (N, samples): float32 (N, segments) in dB, at least ``floor``.

    An incomplete segment at the end is left out.
    """
    whole = sounds[:, : sounds.shape[1] // length * length].reshape(len(sounds), -1, length)
    return to_decibels(np.einsum("nsk,nsk->ns", whole, whole) / np.float32(length), floor)


def to_decibels(power: np.ndarray, floor: float) -> np.ndarray:
    """Convert float32 powers to dB in place, and return them; ``floor`` is the lowest level."""
    np.maximum(power, np.float32(MIN_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return np.maximum(power, np.float32(floor), out=power)


@lru_cache(maxsize=16)
def _scaled_hann(size: int) -> np.ndarray:
    """Return a Hann window whose sum is 2: a sine of amplitude 1 has magnitude 1."""
    window = window_of("hann", size)
    return (window * (2.0 / window.sum())).astype(np.float32)


@lru_cache(maxsize=16)
def _mel_weights(bands: int, size: int, rate: float) -> np.ndarray:
    """Return the weights of squared real and imaginary parts, alternating: float32 (2 bins, bands)."""
    weights = mel_matrix(bands, size, rate, norm="peak")
    return np.ascontiguousarray(np.repeat(weights.T, 2, axis=0), np.float32)
