"""Distance of Gram matrices of random features: a style measure that no method of style transfer is trained on.

The features are those of one random, wide, shallow network of 1-D convolutions over time with frequency bands as
channels (Ulyanov & Lebedev, Audio texture synthesis and style transfer, 2016), here on logarithmic bands.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nodegraph.spectral.bands import log_matrix

from .level import at_unit_level
from .relative import relative_distance
from .spectrogram import magnitudes_of

SEED = 749_231_066  # used by no method of generation: the features are held out
FILTERS, WIDTH = 256, 11  # filters, frames
OCTAVES, PER_OCTAVE, LOWEST_HZ = 8, 12, 40.0
WINDOW_SECONDS = 0.0464  # rounded to a power of two in samples: 1024 at 22050 Hz
GAIN = 100.0  # of magnitudes before log(1 + x): an amplitude of 1 % of the RMS is at the knee


def gram_distance(first: np.ndarray, second: np.ndarray, rate: float) -> float:
    """Return the relative distance of the Gram matrices of two sounds (samples,) at ``rate`` Hz, 0–1.

    0 for equal sounds at any gain; order in time matters within 0.13 s only. The sounds need not be aligned or
    equally long. Silence is at distance 1 from any sound, and 0 from silence.
    """
    return relative_distance(gram_matrix(first, rate), gram_matrix(second, rate))


def gram_matrix(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return ``F F^T / frames`` of the rectified random features F of a sound (samples,): (256, 256)."""
    frames = log_frames(sound, rate)
    padded = np.pad(frames, ((0, max(WIDTH - len(frames), 0)), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WIDTH, axis=0)
    features = np.maximum(windows.reshape(len(windows), -1) @ _filters(), 0.0)
    return features.T @ features / len(features)


def log_frames(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return ``ln(1 + 100 a)`` of the mean amplitudes in logarithmic bands, (frames, bands); the sound's RMS is 1."""
    size = 2 ** round(np.log2(WINDOW_SECONDS * rate))
    amplitudes = magnitudes_of(at_unit_level(sound), size, size // 4) * (
        4.0 / size
    )  # a sine has its amplitude in its bin
    return np.log1p(GAIN * (log_matrix(OCTAVES, PER_OCTAVE, LOWEST_HZ, size, rate) @ amplitudes)).T


@lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    """Return uniform weights with the variance of He et al. (ICCV, 2015): (bands × width, filters)."""
    inputs = OCTAVES * PER_OCTAVE * WIDTH
    limit = np.sqrt(6.0 / inputs)
    return np.random.Generator(np.random.PCG64(SEED)).random((inputs, FILTERS)) * (2.0 * limit) - limit
