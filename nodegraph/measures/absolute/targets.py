"""Distances to a target: the levels of bands over time."""

from __future__ import annotations

import numpy as np

from nodegraph.spectral.bands import log_matrix

from ..level import level_difference
from ..mono import of_equal_length
from ..registry import Audition, MeasureError, measure
from ..spectrogram import magnitudes_of

SIZE, HOP = 4096, 2048  # samples
OCTAVES, PER_OCTAVE, LOWEST_HZ = 8, 3, 45.0
RANGE_DB = 50.0  # below the loudest band of the target; less counts as silence


@measure("dB", "0.7 dB for a gain of 6 dB; 0 for equal sounds, 1.5 to 3 for other noise of the same kind")
def spectral_distance(audition: Audition) -> float:
    """Return the mean difference from the target of the levels of bands, a third of an octave by 93 ms at 44.1 kHz.

    The mean is over the bands that are less than 50 dB below the loudest in either sound.
    """
    difference, is_audible = _differences(audition)
    return float(np.abs(difference[is_audible]).mean()) if is_audible.any() else 0.0


@measure("dB", "0.7 dB, for a gain of 6 dB")
def timbre_distance(audition: Audition) -> float:
    """Return the spectral distance from the target after the gain that makes it smallest."""
    difference, is_audible = _differences(audition)
    if not is_audible.any():
        return 0.0
    values = difference[is_audible]
    return float(np.abs(values - np.median(values)).mean())


@measure("dB", "0.01 dB")
def level_to_target(audition: Audition) -> float:
    """Return the RMS level minus that of the target."""
    return level_difference(audition.mono, _target(audition))


def _target(audition: Audition) -> np.ndarray:
    if audition.target is None:
        raise MeasureError("this measure needs a target: that of a lesson, or --target SOUND")
    mean: np.ndarray = audition.target.mean(axis=1)
    return mean


def _differences(audition: Audition) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of band levels in dB, (bands, frames), and the bands that are audible in either."""
    pair = of_equal_length(audition.mono, _target(audition))
    matrix = log_matrix(OCTAVES, PER_OCTAVE, LOWEST_HZ, SIZE, audition.rate)
    levels = [10.0 * np.log10(matrix @ magnitudes_of(sound, SIZE, HOP) ** 2 + 1e-20) for sound in pair]
    floor = levels[1].max() - RANGE_DB
    is_audible = np.maximum(*levels) > floor
    return np.maximum(levels[0], floor) - np.maximum(levels[1], floor), is_audible
