"""Confidence of each parameter of a match, from how fast the distance rises around it."""

from __future__ import annotations

import numpy as np

from .parameters import CLASSES
from .scoring import Scorer

STEP = 1.0 / (CLASSES - 1)  # one class of positions
SURE = 0.9  # confidence from which a parameter counts as found

# Weights of a logistic regression on 80 matches of the 23-parameter synthesizer, with searches of 1,200 and 4,000
# evaluations: constant, log of the rise relative to the distance, log of the distance relative to random draws.
WEIGHTS = (0.684, 0.575, -0.157)
SMALLEST = 0.01  # dB, added to distances before the logarithm


def rises(scorer: Scorer, position: np.ndarray, distance: float) -> np.ndarray:
    """Return how much the distance rises if a parameter moves by one class, the smaller of both sides: (P,) in dB.

    At an end of a range there is only one side. It is 0 if the distance falls.
    """
    count = len(position)
    trials = np.repeat(position[None], 2 * count, axis=0)
    rows = np.arange(count)
    trials[rows, rows] -= STEP
    trials[count + rows, rows] += STEP
    inside = (trials >= 0.0).all(axis=1) & (trials <= 1.0).all(axis=1)
    found = np.full(2 * count, np.inf)
    found[inside] = scorer(trials[inside])
    smaller: np.ndarray = np.maximum(found.reshape(2, count).min(axis=0) - distance, 0.0)
    return smaller


def confidences(rise: np.ndarray, distance: float, random_distance: float) -> np.ndarray:
    """Return the probability, float64 (P,), that each parameter lies within one class of the truth.

    ``random_distance`` is that of the best of 200 random settings.
    """
    constant, slope, ratio = WEIGHTS
    logit = constant + slope * np.log((rise + SMALLEST) / (distance + SMALLEST))
    logit += ratio * np.log((distance + SMALLEST) / (random_distance + SMALLEST))
    found: np.ndarray = 1.0 / (1.0 + np.exp(-logit))
    return found
