"""Scoring of settings against a target sound: rendered, compared and remembered, within a budget."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .distance import Target
from .parameters import from_classes, from_unit, to_classes
from .rendering import BatchRenderer

PARTS = 32  # sounds that a thread compares at once


@dataclass(frozen=True)
class Budget:
    """Limits of a search: seconds, evaluations, or both, whichever is reached first. None is no limit."""

    seconds: float | None = None
    evaluations: int | None = None


class Scorer:
    """The distance of settings to a target, and the best setting so far.

    Positions are float64 (N, P) in 0–1 along the tapers. With ``only_classes`` each parameter takes the nearest of its
    class values. ``threads`` sounds are compared at the same time; the renderer has threads of its own. The budget
    starts when the scorer is made.
    """

    def __init__(
        self,
        renderer: BatchRenderer,
        target: Target,
        budget: Budget,
        only_classes: bool = False,
        threads: int = 1,
    ) -> None:
        self.renderer, self.target, self.budget, self.only_classes = renderer, target, budget, only_classes
        self.parameters = renderer.parameters
        self.started = time.monotonic()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.evaluations = 0
        self._known: dict[bytes, float] = {}  # distances of settings of class values
        self.best = np.full(len(self.parameters), 0.5)
        self.distance = np.inf

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """Return the distances, float64 (N,), of positions (N, P).

        Settings of class values are rendered once: a search comes back to many of them.
        """
        self.evaluations += len(positions)
        values = self.values(positions)
        if not self.only_classes:
            return self.compare(positions, self.renderer.render(values))
        keys = [row.tobytes() for row in values]
        new = {key: row for row, key in enumerate(keys) if key not in self._known}
        rows = list(new.values())
        distances = self.compare(positions[rows], self.renderer.render(values[rows]))
        self._known.update(zip(new, distances, strict=True))
        return np.array([self._known[key] for key in keys])

    def compare(self, positions: np.ndarray, sounds: np.ndarray) -> np.ndarray:
        """Return the distances of positions whose sounds (N, samples) are known; they count as no evaluations."""
        if len(positions) == 0:
            return np.empty(0)
        if self._pool is None:
            distances = self.target.distances(sounds)
        else:
            parts = [sounds[start : start + PARTS] for start in range(0, len(sounds), PARTS)]
            distances = np.concatenate(list(self._pool.map(self.target.distances, parts)))
        first = int(np.argmin(distances))
        if distances[first] < self.distance:
            self.best, self.distance = positions[first].copy(), float(distances[first])
        return distances

    def values(self, positions: np.ndarray) -> np.ndarray:
        """Return the values (N, P), in the units of the ports, that are rendered for positions (N, P)."""
        values = from_unit(self.parameters, positions)
        if self.only_classes:
            values = from_classes(self.parameters, to_classes(self.parameters, values))
        return values

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def progress(self) -> float:
        """The part of the budget that is used, 0 to 1 or more; 0 without limits."""
        parts = [0.0]
        if self.budget.seconds is not None:
            parts.append(self.elapsed / self.budget.seconds if self.budget.seconds > 0.0 else 1.0)
        if self.budget.evaluations is not None:
            parts.append(self.evaluations / self.budget.evaluations if self.budget.evaluations > 0 else 1.0)
        return max(parts)

    @property
    def expected_evaluations(self) -> float:
        """The number of evaluations within the budget, at the speed so far."""
        counts = [np.inf if self.budget.evaluations is None else float(self.budget.evaluations)]
        if self.budget.seconds is not None:
            counts.append(self.evaluations * self.budget.seconds / max(self.elapsed, 1e-9))
        return min(counts)

    def close(self) -> None:
        """Release the threads."""
        if self._pool is not None:
            self._pool.shutdown()
