"""Onsets that two sounds have in common."""

from __future__ import annotations

import numpy as np

from nodegraph.files.sound_file import resampled

from .librosa_import import import_librosa

RATE, HOP = 22050, 128  # Hz, samples: onsets are measured in steps of 5.8 ms
TOLERANCE = 0.05  # seconds
LEAD = 0.5  # seconds of silence before a sound, so that its first onset is found
RANGE = 60.0  # dB


def onset_f1(sound: np.ndarray, reference: np.ndarray, rate: float) -> float:
    """Return the F1 score of the onsets of a sound against those of the reference, (samples,) at ``rate`` Hz.

    ``2 m / (a + b)`` for a and b onsets and m pairs at most 50 ms apart, each onset in one pair at most: 1 for equal
    sounds at any gain, 0 if no onset is shared, 1 if neither has an onset. Raises LibrosaMissingError.
    """
    return f1_score(onset_times(sound, rate), onset_times(reference, rate))


def onset_times(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return the onsets of a sound (samples,) in seconds: the peaks of :func:`onset_strength`.

    A steady sound has an onset at 0, because silence precedes it.
    """
    flux = onset_strength(sound, rate)
    if not len(flux):
        return np.zeros(0)
    found = import_librosa().onset.onset_detect(onset_envelope=flux, sr=RATE, hop_length=HOP, units="time")
    return np.maximum(found - LEAD, 0.0)


def onset_strength(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return librosa's spectral flux of a sound (samples,) on mel bands, one value each 5.8 ms.

    0.5 s of silence precede the sound. Levels are limited to 60 dB below the loudest. Silence has no values. Raises
    LibrosaMissingError.
    """
    librosa = import_librosa()
    samples = resampled(np.asarray(sound, np.float32), rate, RATE)
    peak = np.abs(samples).max(initial=0.0)
    if peak == 0.0:
        return np.zeros(0)
    padded = np.pad(samples / peak, (round(LEAD * RATE), 0))
    power = librosa.feature.melspectrogram(y=padded, sr=RATE, hop_length=HOP)
    levels = librosa.power_to_db(power, ref=np.max, top_db=RANGE)
    flux: np.ndarray = librosa.onset.onset_strength(S=levels, sr=RATE, hop_length=HOP)
    return flux


def f1_score(first: np.ndarray, second: np.ndarray, tolerance: float = TOLERANCE) -> float:
    """Return the F1 score of two increasing lists of times in seconds; 1 if both are empty.

    The pairs are as many as possible: taking the earliest that fit is optimal for one tolerance.
    """
    if not len(first) and not len(second):
        return 1.0
    pairs = i = j = 0
    while i < len(first) and j < len(second):
        if abs(first[i] - second[j]) <= tolerance:
            pairs, i, j = pairs + 1, i + 1, j + 1
        elif first[i] < second[j]:
            i += 1
        else:
            j += 1
    return 2.0 * pairs / (len(first) + len(second))
