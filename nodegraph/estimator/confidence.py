"""Confidence of each parameter of a match, from the distances of other values in its range."""

from __future__ import annotations

import numpy as np

from .evolution import Score
from .parameters import CLASSES

STEP = 1.0 / (CLASSES - 1)  # one class of positions
SURE = 0.9  # confidence from which a parameter counts as found

# Logistic regressions on matches of the 23-parameter synthesizer: 60 without a model, by searches of 1,000 to 6,000
# evaluations, and 120 with it, of 6,000. Constant, and weights of the log-odds of the share and of the log of the rise
# relative to the distance; where a search has left the estimate of a model, it is often wrong.
WEIGHTS = (1.791, 1.124, 0.385)
LEFT_WEIGHTS = (-0.096, 0.365, 0.111)
AGREED_WEIGHTS = (0.561, 0.826)  # constant, and weight of the log-odds of the model's own confidence
POINTS = 16  # positions over the range of each parameter
SOFTNESS = 0.4  # a position that raises the distance by this part of it has the weight 1/e
SMALLEST = 0.01  # dB, added to distances
LEAST = 1e-3  # added to sums of weights
COST = POINTS + 2  # evaluations for each parameter


def near_share(score: Score, position: np.ndarray, distance: float, chosen: np.ndarray) -> np.ndarray:
    """Return which part of the range of chosen parameters (C,) that fits the target lies within one class: 0–1.

    Each parameter alone takes positions over its range, which are weighted by how little they raise the distance.
    """
    count = len(chosen)
    places = np.linspace(0.0, 1.0, POINTS)
    trials = np.repeat(position[None], count * POINTS, axis=0).reshape(count, POINTS, len(position))
    trials[np.arange(count), :, chosen] = places
    found = score(trials.reshape(-1, len(position))).reshape(count, POINTS)
    weights = np.exp(-np.maximum(found - distance, 0.0) / (SOFTNESS * (distance + SMALLEST)))
    near = np.abs(places - position[chosen, None]) <= 1.02 * STEP
    share: np.ndarray = ((weights * near).sum(axis=1) + LEAST) / (weights.sum(axis=1) + 2.0 * LEAST)
    return share


def rises(score: Score, position: np.ndarray, distance: float, chosen: np.ndarray) -> np.ndarray:
    """Return how much the distance rises if a chosen parameter (C,) moves by one class, the smaller of both sides: dB.

    At an end of a range there is only one side. It is 0 if the distance falls.
    """
    count = len(chosen)
    rows = np.arange(count)
    trials = np.repeat(position[None], 2 * count, axis=0)
    trials[rows, chosen] -= STEP
    trials[count + rows, chosen] += STEP
    inside = (trials >= 0.0).all(axis=1) & (trials <= 1.0).all(axis=1)
    found = np.full(2 * count, np.inf)
    found[inside] = score(trials[inside])
    smaller: np.ndarray = np.maximum(found.reshape(2, count).min(axis=0) - distance, 0.0)
    return smaller


def confidences(
    score: Score, position: np.ndarray, distance: float, chosen: np.ndarray, has_left_model: bool = False
) -> np.ndarray:
    """Return the probability that each chosen parameter (C,) of a match lies within one class of the truth: 0–1.

    ``has_left_model``: these parameters are farther than one class from the estimate of a model.
    """
    if len(chosen) == 0:
        return np.empty(0)
    share, rise = (measure(score, position, distance, chosen) for measure in (near_share, rises))
    constant, odds, slope = LEFT_WEIGHTS if has_left_model else WEIGHTS
    logit = constant + odds * _log_odds(share)
    logit += slope * np.log((rise + SMALLEST) / (distance + SMALLEST))
    return _probability(logit)


def agreed_confidence(confidence: np.ndarray) -> np.ndarray:
    """Return the probabilities of a model (N,), 0–1, where a search has stayed within one class of its estimate."""
    constant, odds = AGREED_WEIGHTS
    return _probability(constant + odds * _log_odds(np.clip(confidence, LEAST, 1.0 - LEAST)))


def _log_odds(probability: np.ndarray) -> np.ndarray:
    return np.log(probability / (1.0 - probability))


def _probability(log_odds: np.ndarray) -> np.ndarray:
    found: np.ndarray = 1.0 / (1.0 + np.exp(-log_odds))
    return found
