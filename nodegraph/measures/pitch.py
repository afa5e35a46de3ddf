"""Pitches and pitch classes that two sounds have in common, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph.files.sound_file import resampled

from .librosa_import import import_librosa
from .mono import of_equal_length

RATE, HOP = 22050, 512  # Hz, samples: frames of 23 ms
LOWEST_HZ = 65.40639132514966  # C2
PITCHES = 72  # semitones, C2 to B7
SOUND_RANGE, FRAME_RANGE = 40.0, 20.0  # dB below the loudest of the sound and of the frame


class PitchOverlap(NamedTuple):
    """Jaccard indices of pitches and of pitch classes, 0–1."""

    pitch: float
    chroma: float


def pitch_overlap(sound: np.ndarray, reference: np.ndarray, rate: float) -> PitchOverlap:
    """Return ``Σ_t |A_t ∩ B_t| / Σ_t |A_t ∪ B_t|`` of the pitches, and of the pitch classes, of sounds (samples,).

    A_t and B_t are the active pitches of frame t (:func:`active_pitches`); frames last 23 ms, at 22050 Hz. 1 for equal
    sounds at any gain, 0 if no pitch is shared; 1 if neither has a pitch. Strong harmonics count as pitches, and so do
    peaks of noise: independent white noises share a sixth of the pitches, but most pitch classes. Raises
    LibrosaMissingError.
    """
    first, second = (active_pitches(x, rate) for x in of_equal_length(sound, reference))
    return PitchOverlap(jaccard(first, second), jaccard(_classes(first), _classes(second)))


def active_pitches(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return the active pitches of a sound (samples,), bool (72, frames): semitones from C2 to B7 at A = 440 Hz.

    A pitch is active if its constant-Q magnitude (librosa, 12 bins per octave) is no smaller than those of the
    semitones beside it, at most 20 dB below the largest of the frame and 40 dB below the largest of the sound.
    """
    librosa = import_librosa()
    samples = resampled(np.asarray(sound, np.float32), rate, RATE)
    padded = np.pad(samples, (0, max(RATE - len(samples), 0)))  # the lowest filters are long
    magnitudes = np.abs(
        librosa.cqt(padded, sr=RATE, hop_length=HOP, fmin=LOWEST_HZ, n_bins=PITCHES, bins_per_octave=12, tuning=0.0)
    )
    below = np.pad(magnitudes, ((1, 0), (0, 0)))[:-1]
    above = np.pad(magnitudes, ((0, 1), (0, 0)))[1:]
    least = np.maximum(
        magnitudes.max(axis=0) * 10.0 ** (-FRAME_RANGE / 20.0), magnitudes.max() * 10.0 ** (-SOUND_RANGE / 20.0)
    )
    active: np.ndarray = (magnitudes > 0.0) & (magnitudes >= np.maximum(np.maximum(below, above), least))
    return active


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    """Return the number of places that are true in both arrays over that in any; 1 if there is none."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _classes(pitches: np.ndarray) -> np.ndarray:
    """Return the active pitch classes, bool (12, frames)."""
    return np.logical_or.reduce(pitches.reshape(-1, 12, pitches.shape[1]))
