"""Distance between a sound and many others: log-mel spectra, and envelopes for what their windows blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .features import attack_envelope, log_mel

FLOOR = -80.0  # dBFS; lower levels count as this level
ENVELOPE_WEIGHT = 0.25
CHUNK = 64  # sounds compared together: their spectra stay in the cache


@dataclass(frozen=True)
class Target:
    """The features of the sound that others are compared with, at ``rate`` Hz.

    ``spectrum`` is float32 (frames, bands) and ``envelope`` float32 (segments,), both in dB and at least ``FLOOR``.
    """

    spectrum: np.ndarray
    envelope: np.ndarray
    rate: float

    @classmethod
    def of(cls, sound: np.ndarray, rate: float) -> Target:
        """Return the features of a sound (samples,)."""
        spectra, envelopes = features(sound[None], rate)
        return cls(spectra[0], envelopes[0], rate)

    def distances(self, sounds: np.ndarray) -> np.ndarray:
        """Return the distance of each of the sounds (N, samples), float64 (N,) in dB; they are as long as the target.

        It is the mean absolute difference of the log-mel spectra plus ``ENVELOPE_WEIGHT`` times that of the envelopes.
        A sound with NaN or Inf is infinitely far away.
        """
        found = np.empty(len(sounds))
        for start in range(0, len(sounds), CHUNK):
            part = sounds[start : start + CHUNK]
            spectra, envelopes = features(part, self.rate)
            spectra -= self.spectrum
            envelopes -= self.envelope
            found[start : start + len(part)] = mean_size(spectra) + ENVELOPE_WEIGHT * mean_size(envelopes)
        found[~np.isfinite(found)] = np.inf
        return found


def features(sounds: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return log-mel spectra (N, frames, bands) and envelopes (N, segments) in dB, at least ``FLOOR``."""
    spectra, envelopes = log_mel(sounds, rate), attack_envelope(sounds, rate)
    for array in (spectra, envelopes):
        np.maximum(array, np.float32(FLOOR), out=array)
    return spectra, envelopes


def mean_size(differences: np.ndarray) -> np.ndarray:
    """Return the mean absolute value of each row of differences (N, …), in place."""
    rows = differences.reshape(len(differences), -1)
    np.abs(rows, out=rows)
    means: np.ndarray = rows.mean(axis=1, dtype=np.float64)
    return means
