"""Confidence of each parameter of a match, from the distances of other values in its range."""

from __future__ import annotations

import numpy as np

from .parameters import CLASSES
from .scoring import Scorer

STEP = 1.0 / (CLASSES - 1)  # one class of positions
SURE = 0.9  # confidence from which a parameter counts as found

# Logistic regression on 60 matches of the 23-parameter synthesizer, with searches of 1,000 to 6,000 evaluations:
# constant, and weight of the log-odds of the share.
WEIGHTS = (1.223, 1.496)
POINTS = 16  # positions over the range of each parameter
SOFTNESS = 0.4  # a position that raises the distance by this part of it has the weight 1/e
SMALLEST = 0.01  # dB, added to the distance
LEAST = 1e-3  # added to sums of weights


def near_share(scorer: Scorer, position: np.ndarray, distance: float) -> np.ndarray:
    """Return which part of the range of each parameter that fits the target lies within one class: (P,) in 0–1.

    Each parameter alone takes positions over its range, which are weighted by how little they raise the distance.
    """
    count = len(position)
    places = np.linspace(0.0, 1.0, POINTS)
    rows = np.arange(count)
    trials = np.repeat(position[None], count * POINTS, axis=0).reshape(count, POINTS, count)
    trials[rows, :, rows] = places
    found = scorer(trials.reshape(-1, count)).reshape(count, POINTS)
    weights = np.exp(-np.maximum(found - distance, 0.0) / (SOFTNESS * (distance + SMALLEST)))
    near = np.abs(places - position[:, None]) <= 1.02 * STEP
    share: np.ndarray = ((weights * near).sum(axis=1) + LEAST) / (weights.sum(axis=1) + 2.0 * LEAST)
    return share


def confidences(share: np.ndarray) -> np.ndarray:
    """Return the probability, float64 (P,), that each parameter lies within one class of the truth, from its share."""
    constant, slope = WEIGHTS
    found: np.ndarray = 1.0 / (1.0 + np.exp(-constant - slope * np.log(share / (1.0 - share))))
    return found
