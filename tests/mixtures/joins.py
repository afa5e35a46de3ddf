"""Levels and spectral flux of a sound, frame by frame, to find joins that can be heard."""

import numpy as np

from nodegraph.spectral.stft import stft

SIZE, HOP = 256, 64


def level_and_flux(sound):
    """Return the level in dB and the flux, ``‖|X[m]| - |X[m - 1]|‖ / ‖|X[m]|‖``, of each frame, and frames' centres.

    Only frames whose windows are inside the sound.
    """
    magnitudes = np.abs(stft(sound, SIZE, HOP))[:, SIZE // HOP - 1 : len(sound) // HOP]
    norms = np.linalg.norm(magnitudes, axis=0)
    flux = np.linalg.norm(np.diff(magnitudes, axis=1), axis=0) / norms[1:]
    return 20.0 * np.log10(norms[1:]), flux, np.arange(1, len(norms)) * HOP + SIZE / 2.0


def outliers(sound, samples, width):
    """Return how many frames within ``width`` of given samples lie outside the range of all other frames.

    The range is a quarter wider at each end, since in random sounds any frame may be the loudest.
    """
    count = 0
    *values, centres = level_and_flux(sound)
    near = np.abs(centres[:, None] - np.asarray(samples)).min(axis=1) <= width
    assert near.any() and not near.all()
    for value in values:
        low, high = value[~near].min(), value[~near].max()
        margin = 0.25 * (high - low)
        count += int(((value[near] < low - margin) | (value[near] > high + margin)).sum())
    return count
