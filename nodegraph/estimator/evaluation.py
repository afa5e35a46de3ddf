"""Evaluation of an estimator on examples that were not trained on: parameters, confidence, and sounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.models.estimation import Inference
from nodegraph.models.estimator import Estimator

from .calibration import HeldOut, calibration_error, confidences, sure_share
from .distance import Target
from .example_stream import ExampleSource
from .matching import RANDOM

SOUNDS = 32  # that candidates are rendered for
CANDIDATES = 64  # per sound
POOL_CHUNKS = 4  # of examples that random settings are taken from
DIGITS = 4


def evaluate(model: Estimator, held_out: HeldOut, source: ExampleSource, first: int) -> dict[str, Any]:
    """Return all results as plain data; ``first`` is the first chunk of ``source`` for sounds."""
    is_clean = held_out.noise == 0.0
    return {
        "clean": parameter_results(model, held_out.part(is_clean)),
        "noisy": parameter_results(model, held_out.part(~is_clean)),
        "sounds": sound_results(model, source, first),
    }


def parameter_results(model: Estimator, held_out: HeldOut) -> dict[str, Any]:
    """Return the accuracy and the calibration over all audible parameters, and the accuracy of each."""
    confidence, right = confidences(model, held_out)
    heard = held_out.audible
    error = np.abs(held_out.logits.argmax(dim=-1).numpy() - held_out.places)
    sure, sure_right = sure_share(confidence[heard], right[heard])
    count = np.maximum(heard.sum(axis=0), 1)
    rows = zip(model.names, (right * heard).sum(axis=0) / count, (error * heard).sum(axis=0) / count)
    return {
        "examples": len(held_out.places),
        "exact": rounded((error < 0.5)[heard].mean()),
        "within_one_class": rounded(right[heard].mean()),
        "error_in_classes": rounded(error[heard].mean()),
        "calibration_error": rounded(calibration_error(confidence[heard], right[heard])),
        "sure": rounded(sure),
        "sure_and_right": rounded(sure_right),
        "parameters": {
            name: {"within_one_class": rounded(share), "error_in_classes": rounded(classes)}
            for name, share, classes in rows
            if name not in model.inaudible
        },
    }


def sound_results(model: Estimator, source: ExampleSource, first: int) -> dict[str, Any]:
    """Return mean distances of rendered estimates from clean sounds: the best candidate, the values alone, random."""
    sounds = source.sounds(first)[0][:SOUNDS]
    pool = np.concatenate([source.sounds(first + 1 + number)[0] for number in range(POOL_CHUNKS)])
    estimates = Inference(model).estimate(sounds, candidates=CANDIDATES - 1)
    rng = np.random.default_rng(source.seed)
    best, alone, random = [], [], []
    for sound, values, candidates in zip(sounds, estimates.values, estimates.candidates):
        target = Target.of(sound, source.features.rate)
        found = target.distances(source.renderer.render(np.concatenate([values[None], candidates])))
        best.append(found.min())
        alone.append(found[0])
        random.append(target.distances(pool[rng.choice(len(pool), RANDOM, replace=False)]).min())
    return {
        "sounds": len(sounds),
        "candidates": CANDIDATES,
        "best_candidate": rounded(np.mean(best)),
        "values_alone": rounded(np.mean(alone)),
        "best_of_200_random": rounded(np.mean(random)),
        "ratio": rounded(np.mean(best) / np.mean(random)),
    }


def rounded(value: Any) -> float | None:
    """Return a number for JSON; None if there is none."""
    return round(float(value), DIGITS) if np.isfinite(value) else None
