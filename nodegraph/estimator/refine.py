"""Line search along single parameters, in batches: the last step of a search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .evolution import Score

REACHES = (0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.008, 0.004, 0.002, 0.001)  # half widths of the searched intervals
POINTS = 4  # positions tried on each side of a parameter


def line_search(
    score: Score,
    best: np.ndarray,
    distance: float,
    rng: np.random.Generator,
    progress: Callable[[], float],
    largest: float = 0.5,
) -> tuple[np.ndarray, float]:
    """Improve one setting, positions (P,) in 0–1, parameter by parameter, until ``progress`` returns 1.

    In each round all parameters are tried alone at random distances within a reach; the improvements are then combined,
    the largest first. The reach, at first ``largest``, shrinks after a round without success. Return the best setting
    and its distance, never larger than ``distance``.
    """
    best = best.copy()
    count = len(best)
    reaches = [reach for reach in REACHES if reach <= largest]
    level = 0
    while level < len(reaches) and progress() < 1.0:
        steps = reaches[level] * rng.random((count, POINTS)) ** 2 * np.where(np.arange(POINTS) % 2, 1.0, -1.0)
        trials = np.repeat(best[None], count * POINTS, axis=0).reshape(count, POINTS, count)
        rows = np.arange(count)
        trials[rows, :, rows] = np.clip(best[:, None] + steps, 0.0, 1.0)
        found = score(trials.reshape(-1, count)).reshape(count, POINTS)
        chosen = found.argmin(axis=1)
        gains = distance - found[rows, chosen]
        order = np.argsort(-gains, kind="stable")
        order = order[gains[order] > 0.0]
        if len(order) == 0:
            level += 1
            continue
        combined = np.repeat(best[None], len(order), axis=0)
        for number, row in enumerate(order):
            combined[number:, row] = trials[row, chosen[row], row]
        distances = score(combined[1:]) if len(order) > 1 else np.empty(0)
        distances = np.concatenate([[distance - gains[order[0]]], distances])
        first = int(np.argmin(distances))
        best, distance = combined[first].copy(), float(distances[first])
    return best, distance
