"""Distance between a sound and many others: log-mel spectra, envelopes and partials.

The envelopes show what the windows of the spectra blur, and the correlation of the magnitudes what their bands blur:
the frequencies of loud partials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nodegraph.spectral.levels import Reference

from .features import attack_envelope, mel_analysis

FLOOR = -80.0  # dBFS; lower levels count as this level
ENVELOPE_WEIGHT = 0.25
CORRELATION_WEIGHT = 1.0  # dB, added for a sound that is not correlated with the target
CHUNK = 64  # sounds compared together: their spectra stay in the cache


@dataclass(frozen=True)
class Target:
    """The features of the sound that others are compared with, at ``rate`` Hz.

    ``spectrum`` is float32 (frames, bands) and ``envelope`` float32 (segments,), both in dB and at least ``FLOOR``.
    """

    spectrum: np.ndarray
    envelope: np.ndarray
    reference: Reference
    rate: float

    @classmethod
    def of(cls, sound: np.ndarray, rate: float) -> Target:
        """Return the features of a sound (samples,)."""
        spectra, envelopes = features(sound[None], rate)
        return cls(spectra[0], envelopes[0], mel_analysis(rate).reference(sound), rate)

    def distances(self, sounds: np.ndarray) -> np.ndarray:
        """Return the distance of each of the sounds (N, samples), float64 (N,) in dB; they are as long as the target.

        It is the mean absolute difference of the log-mel spectra, plus ``ENVELOPE_WEIGHT`` times that of the envelopes,
        plus ``CORRELATION_WEIGHT`` times 1 less the correlation of the STFT magnitudes. A sound with NaN or Inf is
        infinitely far away.
        """
        analysis = mel_analysis(self.rate)
        found = np.empty(len(sounds))
        for start in range(0, len(sounds), CHUNK):
            part = sounds[start : start + CHUNK]
            spectra, correlations = analysis.levels_and_correlations(part, self.reference)
            spectra, envelopes = at_least_floor(spectra), at_least_floor(attack_envelope(part, self.rate))
            spectra -= self.spectrum
            envelopes -= self.envelope
            distances = mean_size(spectra) + ENVELOPE_WEIGHT * mean_size(envelopes)
            found[start : start + len(part)] = distances + CORRELATION_WEIGHT * (1.0 - correlations)
        found[~np.isfinite(found)] = np.inf
        return found


def features(sounds: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return log-mel spectra (N, frames, bands) and envelopes (N, segments) in dB, at least ``FLOOR``."""
    return at_least_floor(mel_analysis(rate).levels(sounds)), at_least_floor(attack_envelope(sounds, rate))


def at_least_floor(levels: np.ndarray) -> np.ndarray:
    """Raise levels below ``FLOOR`` in place, and return them."""
    return np.maximum(levels, np.float32(FLOOR), out=levels)


def mean_size(differences: np.ndarray) -> np.ndarray:
    """Return the mean absolute value of each row of differences (N, …), in place."""
    rows = differences.reshape(len(differences), -1)
    np.abs(rows, out=rows)
    means: np.ndarray = rows.mean(axis=1, dtype=np.float64)
    return means
