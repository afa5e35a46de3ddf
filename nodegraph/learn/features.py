"""Offset and scale of features, fitted to training frames."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from nodegraph.models.autoencoder import Features

SMALLEST = 1e-4  # relative to the largest span, so that almost silent bins are not amplified
_CHUNK_FRAMES = 8192


def fit_features(features: Features, magnitudes: np.ndarray) -> Features:
    """Return ``features`` with offset and scale fitted to magnitudes (frames, bins), as ``normalise`` requires.

    "frame", "global" and "bin" give 0…1 (the floor of a logarithm becomes 0), "standardise" gives mean 0, variance 1.
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
        return replace(plain, offset=mean, scale=1.0 / _clamp_small(deviation))
    highest = np.max([plain.normalise_frames(part)[0].max(axis=0) for part in _parts(magnitudes)], axis=0) - lowest
    span = _clamp_small(highest) if features.normalise == "bin" else _clamp_small(highest.max(keepdims=True))
    return replace(plain, offset=offset, scale=1.0 / span)


def apply_features(features: Features, magnitudes: np.ndarray) -> np.ndarray:
    """Return the features (frames, width) of magnitudes, computed in chunks to save memory."""
    found = np.empty((len(magnitudes), features.width), np.float32)
    for at in range(0, len(magnitudes), _CHUNK_FRAMES):
        found[at : at + _CHUNK_FRAMES] = features.normalise_frames(magnitudes[at : at + _CHUNK_FRAMES])[0]
    return found


def _parts(magnitudes: np.ndarray) -> list[np.ndarray]:
    return [magnitudes[at : at + _CHUNK_FRAMES] for at in range(0, len(magnitudes), _CHUNK_FRAMES)]


def _moments(plain: Features, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of every bin, in two passes."""
    parts, count = _parts(magnitudes), len(magnitudes)
    mean = sum(plain.normalise_frames(part)[0].sum(axis=0, dtype=np.float64) for part in parts) / count
    squares = sum(np.square(plain.normalise_frames(part)[0] - mean).sum(axis=0) for part in parts)
    return mean, np.sqrt(squares / count)


def _clamp_small(values: np.ndarray) -> np.ndarray:
    largest = float(values.max(initial=0.0))
    return np.maximum(values, SMALLEST * largest if largest > 0 else 1.0)
