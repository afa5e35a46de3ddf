"""Evaluation of an estimator on examples that were not trained on: parameters, confidence, and sounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.models.estimation import Inference
from nodegraph.models.estimator import Estimator

from .calibration import HeldOut, calibration_error, confidences, sure_share
from .example_stream import ExampleSource
from .features import attack_envelope, log_mel

SOUNDS = 64  # that candidates are rendered for
CANDIDATES = 64  # per sound
RANDOM = 200  # random settings per sound
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
    audible = np.array([name not in model.inaudible for name in model.names])
    confidence, right = confidences(model, held_out)
    error = np.abs(held_out.logits.argmax(dim=-1).numpy() - held_out.places)
    sure, sure_right = sure_share(confidence[:, audible], right[:, audible])
    means = right.mean(axis=0), error.mean(axis=0)
    return {
        "examples": len(held_out.places),
        "exact": _round((error < 0.5)[:, audible].mean()),
        "within_one_class": _round(right[:, audible].mean()),
        "error_in_classes": _round(error[:, audible].mean()),
        "calibration_error": _round(calibration_error(confidence[:, audible], right[:, audible])),
        "sure": _round(sure),
        "sure_and_right": _round(sure_right),
        "parameters": {
            name: {"within_one_class": _round(share), "error_in_classes": _round(classes)}
            for name, share, classes in zip(model.names, *means)
            if name not in model.inaudible
        },
    }


def sound_results(model: Estimator, source: ExampleSource, first: int) -> dict[str, Any]:
    """Return mean distances of rendered estimates from clean sounds: the best candidate, the values alone, random."""
    targets = source.sounds(first)[0][:SOUNDS]
    pool = np.concatenate([source.sounds(first + 1 + number)[0] for number in range(POOL_CHUNKS)])
    heard, pooled = _aspects(targets, source.features.rate), _aspects(pool, source.features.rate)
    estimates = Inference(model).estimate(targets, candidates=CANDIDATES - 1, seed=source.seed % (1 << 32))
    rng = np.random.default_rng(source.seed)
    best, alone, random = [], [], []
    for number in range(len(targets)):
        settings = np.concatenate([estimates.values[number, None], estimates.candidates[number]])
        target = [aspect[number] for aspect in heard]
        found = _distances(target, _aspects(source.renderer.render(settings), source.features.rate))
        chosen = rng.choice(len(pool), RANDOM, replace=False)
        best.append(found.min())
        alone.append(found[0])
        random.append(_distances(target, [aspect[chosen] for aspect in pooled]).min())
    return {
        "sounds": len(targets),
        "candidates": CANDIDATES,
        "best_candidate": _round(np.mean(best)),
        "values_alone": _round(np.mean(alone)),
        "best_of_200_random": _round(np.mean(random)),
        "ratio": _round(np.mean(best) / np.mean(random)),
    }


def _aspects(sounds: np.ndarray, rate: float) -> list[np.ndarray]:
    return [log_mel(sounds, rate), attack_envelope(sounds, rate)]


def _distances(target: list[np.ndarray], aspects: list[np.ndarray]) -> np.ndarray:
    """Return the distance in dB of each sound: mean differences of log-mel spectra and envelopes."""
    mel, envelope = (np.abs(values - wanted) for values, wanted in zip(aspects, target))
    return mel.mean(axis=(1, 2)) + 0.5 * envelope.mean(axis=1)


def _round(value: Any) -> float | None:
    """Return a number for JSON; None if there is none."""
    return round(float(value), DIGITS) if np.isfinite(value) else None
