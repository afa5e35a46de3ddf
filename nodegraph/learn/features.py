"""Features fitted to training frames: what is subtracted from them and what they are multiplied by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from nodegraph.models.autoencoder import Features

SMALLEST = 1e-4  # of the largest scale: a bin that hardly ever sounds is not blown up
_AT_ONCE = 8192


def fit_features(features: Features, magnitudes: np.ndarray) -> Features:
    """``features`` with the offset and scale that its ``normalise`` asks for, found in (frames, bins) magnitudes.

    "frame", "global" and "bin" lead to 0…1 (a logarithm's floor becomes 0); "standardise" to mean 0 and variance 1.
    """
    plain = replace(features, offset=None, scale=None)
    lowest = math.log10(features.floor) if features.log else 0.0
    offset = np.array([lowest]) if features.log else None
    if features.normalise == "none":
        return plain
    if features.normalise == "frame":
        return replace(plain, offset=offset, scale=np.array([-1.0 / lowest])) if features.log else plain
    if features.normalise == "standardise":
        mean, deviation = _moments(plain, magnitudes)
        return replace(plain, offset=mean, scale=1.0 / _not_small(deviation))
    highest = np.max([plain.normalise_frames(part)[0].max(axis=0) for part in _parts(magnitudes)], axis=0) - lowest
    span = _not_small(highest) if features.normalise == "bin" else _not_small(highest.max(keepdims=True))
    return replace(plain, offset=offset, scale=1.0 / span)


def apply_features(features: Features, magnitudes: np.ndarray) -> np.ndarray:
    """Features (frames, bins) of many magnitudes, without copies of them all in between."""
    found = np.empty(magnitudes.shape, np.float32)
    for at in range(0, len(magnitudes), _AT_ONCE):
        found[at : at + _AT_ONCE] = features.normalise_frames(magnitudes[at : at + _AT_ONCE])[0]
    return found


def _parts(magnitudes: np.ndarray) -> list[np.ndarray]:
    return [magnitudes[at : at + _AT_ONCE] for at in range(0, len(magnitudes), _AT_ONCE)]


def _moments(plain: Features, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every bin, in two passes."""
    parts, count = _parts(magnitudes), len(magnitudes)
    mean = sum(plain.normalise_frames(part)[0].sum(axis=0, dtype=np.float64) for part in parts) / count
    squares = sum(np.square(plain.normalise_frames(part)[0] - mean).sum(axis=0) for part in parts)
    return mean, np.sqrt(squares / count)


def _not_small(values: np.ndarray) -> np.ndarray:
    largest = float(values.max(initial=0.0))
    return np.maximum(values, SMALLEST * largest if largest > 0 else 1.0)
