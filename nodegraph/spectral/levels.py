"""Levels of many sounds at once, in dB: mel bands over time, and segments."""

from __future__ import annotations

import numpy as np

from .bands import hz_to_mel, mel_to_hz
from .batch_spectra import mel_power_of
from .windows import window as window_of

MIN_POWER = 1e-30  # the logarithm of 0 is infinite


def mel_levels(sounds: np.ndarray, rate: float, size: int, hop: int, bands: int, floor: float) -> np.ndarray:
    """Return the levels in mel bands of sounds (N, samples): float32 (N, frames, bands) in dB, at least ``floor``.

    Hann windows of ``size`` samples, a power of two from 8, are centred on samples ``(k + 1/2) hop``, with zeros around
    the sound; a sine of amplitude 1 in the middle of a band is near 0 dB.
    """
    edges = mel_to_hz(np.linspace(0.0, hz_to_mel(rate / 2.0, "slaney"), bands + 2), "slaney")
    window = window_of("hann", size)
    power = mel_power_of(sounds, window * (2.0 / window.sum()), hop, max(size - hop, 0) // 2, edges, rate)
    return to_decibels(power, floor)


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
