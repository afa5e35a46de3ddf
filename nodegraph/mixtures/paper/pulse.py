"""The pulse of a content in a mixture."""

from __future__ import annotations

import numpy as np

from nodegraph.measures.onsets import HOP, LEAD, RATE, onset_strength

SHORTEST, LONGEST = 0.15, 0.8  # seconds between beats: 400 to 75 a minute


def pulse(sound: np.ndarray, content: np.ndarray, rate: float) -> float:
    """Return the autocorrelation of the onset strength of a sound at the period of the content, -1–1.

    The period is the lag, from 0.15 to 0.8 s, at which the autocorrelation of the content's onset strength is largest.
    Sounds are (samples,) at ``rate`` Hz. 0 for a steady noise. Raises LibrosaMissingError.
    """
    found, expected = (_autocorrelation(onset_strength(values, rate)) for values in (sound, content))
    first, last = round(SHORTEST * RATE / HOP), min(round(LONGEST * RATE / HOP), len(expected) - 1, len(found) - 1)
    if last <= first:
        return 0.0
    return float(found[first + int(np.argmax(expected[first : last + 1]))])


def _autocorrelation(flux: np.ndarray) -> np.ndarray:
    """Return the normalised autocorrelation at lags from 0, without the onset that silence before the sound causes."""
    values = flux[round((LEAD + 0.1) * RATE / HOP) :]
    if not len(values):
        return np.zeros(0)
    centred = values - values.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    found = np.fft.irfft(spectrum)[: len(centred)]
    return found / found[0] if found[0] > 0.0 else np.zeros(len(centred))
