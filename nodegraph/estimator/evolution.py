"""Differential evolution with success history and a shrinking population, by batches.

Tanabe & Fukunaga, Improving the search performance of SHADE using linear population size reduction (CEC, 2014), with
the mutation and the archive of JADE: Zhang & Sanderson, JADE: adaptive differential evolution with optional external
archive (IEEE Transactions on Evolutionary Computation, 2009).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MEMORY = 10  # entries of the success history
BEST = 0.15  # part of the population that attracts mutants
SMALLEST = 8  # final population
SPREAD = 0.1  # of the control parameters around their memory

Score = Callable[[np.ndarray], np.ndarray]
"""Distances (N,) of positions (N, P) in 0–1."""


def evolve(
    score: Score, positions: np.ndarray, distances: np.ndarray, rng: np.random.Generator, progress: Callable[[], float]
) -> tuple[np.ndarray, np.ndarray]:
    """Improve a population, positions (N, P) in 0–1 with their distances (N,), until ``progress`` returns 1.

    Return the last population, the best first; its size shrinks with the progress. No distance grows.
    """
    positions, distances = positions.copy(), distances.copy()
    first_size = len(positions)
    factors, rates = np.full(MEMORY, 0.5), np.full(MEMORY, 0.5)
    archive = positions[:0]
    turn = 0
    while (done := progress()) < 1.0:
        size = max(min(SMALLEST, first_size), round(first_size + (SMALLEST - first_size) * done))
        order = np.argsort(distances, kind="stable")[:size]
        positions, distances = positions[order], distances[order]
        size = len(positions)
        archive = archive[:size]
        slot = rng.integers(MEMORY, size=size)
        factor = _cauchy(rng, factors[slot])
        rate = np.clip(rng.normal(rates[slot], SPREAD), 0.0, 1.0)
        trials = _trials(rng, positions, archive, factor, rate)
        found = score(trials)
        better = found < distances
        if better.any():
            weight = distances[better] - found[better]
            weight = np.where(np.isfinite(weight), weight, 1.0)
            factors[turn] = _lehmer_mean(factor[better], weight)
            rates[turn] = _lehmer_mean(rate[better], weight)
            turn = (turn + 1) % MEMORY
            archive = np.concatenate([archive, positions[better]])
            archive = archive[rng.permutation(len(archive))[:size]]
        kept = found <= distances
        positions[kept], distances[kept] = trials[kept], found[kept]
    order = np.argsort(distances, kind="stable")
    return positions[order], distances[order]


def _trials(
    rng: np.random.Generator, positions: np.ndarray, archive: np.ndarray, factor: np.ndarray, rate: np.ndarray
) -> np.ndarray:
    """Return a trial for each member of a sorted population: current-to-pbest/1 mutation, binomial crossover."""
    size, count = positions.shape
    best = positions[rng.integers(max(2, int(BEST * size)), size=size) % size]
    other = positions[(np.arange(size) + rng.integers(1, max(size, 2), size)) % size]
    pool = np.concatenate([positions, archive])
    third = pool[rng.integers(len(pool), size=size)]
    mutants = positions + factor[:, None] * (best - positions + other - third)
    mutants = np.where(mutants < 0.0, positions / 2.0, mutants)
    mutants = np.where(mutants > 1.0, (1.0 + positions) / 2.0, mutants)
    crossed = rng.random((size, count)) < rate[:, None]
    crossed[np.arange(size), rng.integers(count, size=size)] = True
    return np.where(crossed, mutants, positions)


def _cauchy(rng: np.random.Generator, centre: np.ndarray) -> np.ndarray:
    """Draw from Cauchy distributions around ``centre``, at most 1; values below 0 are replaced by the centre's."""
    drawn = centre + SPREAD * np.tan(np.pi * (rng.random(len(centre)) - 0.5))
    return np.clip(np.where(drawn > 0.0, drawn, np.abs(drawn) + 1e-3), 1e-3, 1.0)


def _lehmer_mean(values: np.ndarray, weights: np.ndarray) -> float:
    total = float((weights * values).sum())
    return float((weights * values**2).sum()) / total if total > 0.0 else 0.0
