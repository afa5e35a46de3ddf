"""Calibration: temperatures that make the confidence in an estimate the share of estimates that are right."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nodegraph.models.estimation import EXACT_BELOW, Inference, within_one_class
from nodegraph.models.estimator import SURE, Calibration, Estimator

from .example_stream import ExampleSource
from .losses import class_costs
from .targets import class_places, groups_of, match_units, permute_units, smoothed

TEMPERATURES = np.geomspace(0.1, 10.0, 81)
BINS = 15  # of confidence, in the calibration error
MIN_PROBABILITY = 1e-4


class HeldOut(NamedTuple):
    """Outputs for examples that were not trained on.

    ``logits`` (N, P, classes); ``places`` (N, P) are the true places on the axis of classes, interchangeable units
    matched to the logits; ``audible`` (N, P) tells which can be heard; ``noise`` (N,) is the amount in each example.
    """

    logits: Tensor
    places: np.ndarray
    audible: np.ndarray
    noise: np.ndarray

    def part(self, chosen: np.ndarray) -> HeldOut:
        """Return the examples that a mask (N,) selects."""
        logits = self.logits[torch.from_numpy(chosen)]
        return HeldOut(logits, self.places[chosen], self.audible[chosen], self.noise[chosen])


def hear(model: Estimator, source: ExampleSource, first: int, count: int) -> HeldOut:
    """Return the outputs of the network for the chunks ``first … first + count − 1`` of held-out examples."""
    inference = Inference(model)
    counts, groups = torch.tensor(model.layout.classes), groups_of(model)
    parts = []
    for number in range(first, first + count):
        chunk = source.chunk(number)
        found = inference.forward(chunk.features, chunk.noise)[1]
        true = torch.from_numpy(class_places(model.parameters, chunk.values))
        audible = torch.from_numpy(chunk.audible)
        for columns in groups:
            targets = smoothed(true, counts) * audible[..., None]
            order = match_units(class_costs(found.log_softmax(dim=-1), targets, columns))
            true, audible = permute_units(true, columns, order), permute_units(audible, columns, order)
        parts.append(HeldOut(found, true.numpy(), audible.numpy(), chunk.noise))
    logits, *others = zip(*parts)
    return HeldOut(torch.cat(logits), *(np.concatenate(part) for part in others))


def fit_calibration(model: Estimator, held_out: HeldOut) -> Estimator:
    """Return the model with the temperatures at which its confidences are the most likely ones."""
    is_noisy = held_out.noise > 0.0
    clean, noisy = (_temperatures(model, held_out.part(chosen)) for chosen in (~is_noisy, is_noisy))
    return replace(model, calibration=Calibration(clean, noisy))


def _temperatures(model: Estimator, held_out: HeldOut) -> tuple[float, ...]:
    likelihood = np.empty((len(TEMPERATURES), len(model.parameters)))
    for row, temperature in enumerate(TEMPERATURES):
        confidence, right = _confidences(model, held_out.logits / temperature, held_out.places)
        logs = np.log(np.where(right, confidence, 1.0 - confidence))
        likelihood[row] = (logs * held_out.audible).sum(axis=0)
    return tuple(round(float(value), 4) for value in TEMPERATURES[likelihood.argmax(axis=0)])


def confidences(model: Estimator, held_out: HeldOut) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence (N, P) in each estimate, and whether it lies within one class of the truth."""
    temperatures = torch.from_numpy(model.calibration.temperatures(held_out.noise))
    return _confidences(model, held_out.logits / temperatures[..., None], held_out.places)


def _confidences(model: Estimator, logits: Tensor, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shares = logits.double().softmax(dim=-1).numpy()
    best = shares.argmax(axis=-1)
    tolerance = np.where(np.array(model.layout.classes) < EXACT_BELOW, 0.5, 1.5)
    confidence = np.clip(within_one_class(shares, best, model), MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    return confidence, np.abs(best - places) < tolerance


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error, 0–1: the mean of |share of right ones − confidence| over 15 bins."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1).ravel()
    gaps = np.bincount(bins, (right - confidence).ravel(), BINS)
    return float(np.abs(gaps).sum() / confidence.size)


def sure_share(confidence: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Return the share of estimates called sure, and the share of these that are right (nan if there are none)."""
    sure = confidence >= SURE
    return float(sure.mean()), float(right[sure].mean()) if sure.any() else float("nan")
