"""The measures of the paper, for each example, and the confidence intervals of their means and medians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

FLOOR_DB = -90.0  # of a full-scale sine, for differences of spectrograms in dB
_CHUNK_SAMPLES = 50  # bootstrap samples at a time


class Interval(NamedTuple):
    """A statistic with its confidence interval."""

    value: float
    low: float
    high: float


def ranks(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the rank (N, P) of the correct class, 0 for the highest score.

    ``scores`` is (N, P, C), ``classes`` (N, P) in 0…C-1. Of equal scores, the lower class ranks first.
    """
    correct = np.take_along_axis(scores, classes[..., None].astype(np.int64), axis=-1)
    index = np.arange(scores.shape[-1])
    before = (scores > correct) | ((scores == correct) & (index < classes[..., None]))
    return before.sum(axis=-1)


def scores_of(estimates: np.ndarray, count: int) -> np.ndarray:
    """Return scores (N, P, C) for estimates (N, P) in classes, which fall with the distance from the estimate."""
    return -np.abs(np.arange(count) - np.asarray(estimates, dtype=np.float64)[..., None])


def top_k(found: np.ndarray, k: int) -> np.ndarray:
    """Return 1.0 where the correct class is among the first ``k`` (N, P), else 0.0, from ranks."""
    return (found < k).astype(np.float64)


def percentile_ranks(found: np.ndarray, count: int) -> np.ndarray:
    """Return percentile ranks (N, P) from ranks among ``count`` classes: 100 is the first, 0 the last, 50 chance."""
    return 100.0 * (1.0 - found / (count - 1))


def class_errors(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the distance in classes (N, P) between the class with the highest score and the correct one."""
    return np.abs(scores.argmax(axis=-1) - classes.astype(np.int64)).astype(np.float64)


def spectrogram_distance(first: np.ndarray, second: np.ndarray, full_scale: float) -> np.ndarray:
    """Return F_delta (N,): the Frobenius norm of the difference of two spectrograms in dB.

    ``full_scale`` is the magnitude of a full-scale sine; smaller magnitudes count as at least ``FLOOR_DB`` below it.
    """
    floor = full_scale * 10.0 ** (FLOOR_DB / 20.0)
    a, b = (20.0 * np.log10(np.maximum(np.asarray(x, dtype=np.float64), floor)) for x in (first, second))
    return np.sqrt(np.square(a - b).sum(axis=tuple(range(1, a.ndim))))


def interval(
    values: np.ndarray,
    statistic: Callable[..., Any] = np.mean,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a statistic of values (N,) with its bootstrap interval: percentiles over resampled examples.

    ``statistic`` takes an axis, such as ``np.mean`` or ``np.median``.
    """
    values = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, samples, _CHUNK_SAMPLES):
        count = min(_CHUNK_SAMPLES, samples - start)
        found.append(statistic(values[rng.integers(0, len(values), (count, len(values)))], axis=1))
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(np.concatenate(found), [tail, 100.0 - tail])
    return Interval(float(statistic(values, axis=0)), float(low), float(high))
