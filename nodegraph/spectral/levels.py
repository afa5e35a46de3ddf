"""Levels of many sounds at once, in dB: mel bands over time, and segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .bands import hz_to_mel, mel_to_hz
from .batch_spectra import TriangularBands, mel_power_and_sums_of, mel_power_of, stft_of
from .windows import window as window_of

MIN_POWER = 1e-30  # the logarithm of 0 is infinite


@dataclass(frozen=True)
class Reference:
    """A sound that others are correlated with: its magnitudes (frames, bins), their sum, and that of their squares."""

    magnitudes: np.ndarray
    total: float
    square: float


@dataclass(frozen=True)
class MelAnalysis:
    """Levels of sounds at ``rate`` Hz in mel bands: Hann windows of ``size`` samples, a power of two from 8.

    They are centred on samples ``(k + 1/2) hop``, with zeros around the sound. Levels are in dB, at least ``floor``; a
    sine of amplitude 1 in the middle of a band is near 0 dB.
    """

    rate: float
    size: int
    hop: int
    bands: int
    floor: float

    def levels(self, sounds: np.ndarray) -> np.ndarray:
        """Return the levels of sounds (N, samples): float32 (N, frames, bands)."""
        power = mel_power_of(sounds, self._window, self.hop, self._before, self._triangles)
        return to_decibels(power, self.floor)

    def reference(self, sound: np.ndarray) -> Reference:
        """Return a sound (samples,) as one that others are correlated with."""
        magnitudes = stft_of(sound[None], self._window, self.hop, self._before)[0]
        total, square, _ = self._power_and_sums(sound[None], magnitudes)[1][0]
        return Reference(magnitudes, total, square)

    def levels_and_correlations(self, sounds: np.ndarray, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
        """Return the levels of sounds (N, samples), and how their magnitudes correlate with those of a reference.

        Pearson's correlations are float64 (N,): 1 for the reference at any gain, 0 for silence.
        """
        power, sums = self._power_and_sums(sounds, reference.magnitudes)
        total, square, product = sums.T
        mean = reference.total / reference.magnitudes.size
        covariance = product - total * mean
        variances = (square - total * (total / reference.magnitudes.size)) * (reference.square - reference.total * mean)
        found = np.divide(covariance, np.sqrt(np.maximum(variances, 0.0)), out=np.zeros(len(sums)), where=variances > 0)
        return to_decibels(power, self.floor), np.minimum(found, 1.0)

    def _power_and_sums(self, sounds: np.ndarray, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return mel_power_and_sums_of(sounds, self._window, self.hop, self._before, self._triangles, magnitudes)

    @cached_property
    def _window(self) -> np.ndarray:
        window = window_of("hann", self.size)
        return window * (2.0 / window.sum())

    @cached_property
    def _triangles(self) -> TriangularBands:
        mel = np.linspace(0.0, hz_to_mel(self.rate / 2.0, "slaney"), self.bands + 2)
        return TriangularBands.between(mel_to_hz(mel, "slaney"), self.size, self.rate)

    @property
    def _before(self) -> int:
        return max(self.size - self.hop, 0) // 2


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
