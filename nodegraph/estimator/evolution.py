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
    score: Score,
    positions: np.ndarray,
    distances: np.ndarray,
    rng: np.random.Generator,
    progress: Callable[[], float],
    batch: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Improve a population, positions (N, P) in 0–1 with their distances (N,), until ``progress`` returns 1.

    A population smaller than ``batch`` has as many trials of each member as fill the batch, which is what ``score``
    compares most efficiently. Return the last population, the best first; its size shrinks with the progress. No
    distance grows.
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
        members = np.tile(np.arange(size), max(batch // size, 1))
        slot = rng.integers(MEMORY, size=len(members))
        factor = _cauchy(rng, factors[slot])
        rate = np.clip(rng.normal(rates[slot], SPREAD), 0.0, 1.0)
        trials = _trials(rng, positions, members, archive, factor, rate)
        found = score(trials)
        better = found < distances[members]
        if better.any():
            weight = distances[members[better]] - found[better]
            weight = np.where(np.isfinite(weight), weight, 1.0)
            factors[turn] = _lehmer_mean(factor[better], weight)
            rates[turn] = _lehmer_mean(rate[better], weight)
            turn = (turn + 1) % MEMORY
            archive = np.concatenate([archive, positions[np.unique(members[better])]])
            archive = archive[rng.permutation(len(archive))[:size]]
        nearest = found.reshape(-1, size).argmin(axis=0) * size + np.arange(size)
        kept = found[nearest] <= distances
        positions[kept], distances[kept] = trials[nearest[kept]], found[nearest[kept]]
    order = np.argsort(distances, kind="stable")
    return positions[order], distances[order]


def _trials(
    rng: np.random.Generator,
    positions: np.ndarray,
    members: np.ndarray,
    archive: np.ndarray,
    factor: np.ndarray,
    rate: np.ndarray,
) -> np.ndarray:
    """Return a trial for each of ``members`` of a sorted population: current-to-pbest/1, binomial crossover."""
    size, (count, parameters) = len(positions), (len(members), positions.shape[1])
    parents = positions[members]
    best = positions[rng.integers(max(2, int(BEST * size)), size=count) % size]
    other = positions[(members + rng.integers(1, max(size, 2), count)) % size]
    pool = np.concatenate([positions, archive])
    third = pool[rng.integers(len(pool), size=count)]
    mutants = parents + factor[:, None] * (best - parents + other - third)
    mutants = np.where(mutants < 0.0, parents / 2.0, mutants)
    mutants = np.where(mutants > 1.0, (1.0 + parents) / 2.0, mutants)
    crossed = rng.random((count, parameters)) < rate[:, None]
    crossed[np.arange(count), rng.integers(parameters, size=count)] = True
    return np.where(crossed, mutants, parents)


def _cauchy(rng: np.random.Generator, centre: np.ndarray) -> np.ndarray:
    """Draw from Cauchy distributions around ``centre``, at most 1; values below 0 are replaced by the centre's."""
    drawn = centre + SPREAD * np.tan(np.pi * (rng.random(len(centre)) - 0.5))
    return np.clip(np.where(drawn > 0.0, drawn, np.abs(drawn) + 1e-3), 1e-3, 1.0)


def _lehmer_mean(values: np.ndarray, weights: np.ndarray) -> float:
    total = float((weights * values).sum())
    return float((weights * values**2).sum()) / total if total > 0.0 else 0.0
