"""Baselines that every table has: random settings, the best of many, the nearest example, and a search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..features import log_mel
from ..matching import Matcher
from ..scoring import Budget
from .architectures import CLASSES
from .corpus import Corpus

DRAWS = 200
_CHUNK_ROWS = 2048

# sound (samples,), number of evaluations → values (P,) in the units of the ports
Search = Callable[[np.ndarray, int], np.ndarray]


def search_of(matcher: Matcher) -> Search:
    """Return the search of a matcher over class values; the same sound gives the same result."""

    def search(sound: np.ndarray, evaluations: int) -> np.ndarray:
        return matcher.match(sound, Budget(evaluations=evaluations), only_classes=True).values

    return search


def random_classes(corpus: Corpus, count: int, seed: int) -> np.ndarray:
    """Return random classes (count, P), independent of the examples of the corpus."""
    return np.random.default_rng([seed, 1]).integers(0, CLASSES, (count, corpus.classes.shape[1]))


def best_of_draws(corpus: Corpus, targets: np.ndarray, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return, for each sound of ``targets`` (N, samples), the nearest of its own random draws: classes (N, P)."""
    rng = np.random.default_rng([seed, 2])
    found = []
    for target in log_mel(targets, corpus.renderer.rate):
        classes = rng.integers(0, CLASSES, (draws, corpus.classes.shape[1]))
        spectra = log_mel(corpus.render(classes), corpus.renderer.rate)
        found.append(classes[_distances(target, spectra).argmin()])
    return np.stack(found)


def nearest_examples(corpus: Corpus, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return, for each sound of ``targets`` (N, samples), the nearest of the examples ``rows``: classes (N, P)."""
    spectra = log_mel(targets, corpus.renderer.rate)
    least, nearest = np.full(len(targets), np.inf), np.zeros(len(targets), np.int64)
    for start in range(0, len(rows), _CHUNK_ROWS):
        some = rows[start : start + _CHUNK_ROWS]
        table = log_mel(corpus.sounds(some), corpus.renderer.rate)
        for number, target in enumerate(spectra):
            distances = _distances(target, table)
            if distances.min() < least[number]:
                least[number], nearest[number] = distances.min(), some[distances.argmin()]
    return corpus.classes[nearest]


def _distances(target: np.ndarray, spectra: np.ndarray) -> np.ndarray:
    """Return the mean difference in dB (n,) between a log-mel spectrum and others (n, frames, bands)."""
    return np.abs(spectra - target).mean(axis=(1, 2))
