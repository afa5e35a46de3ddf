"""Calibration: temperatures make the confidence the share of estimates that are right."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nodegraph.estimator.calibration import (  # noqa: E402
    HeldOut,
    calibration_error,
    confidences,
    fit_calibration,
    sure_share,
)
from tests.models.test_estimator import model  # noqa: E402

EXAMPLES = 4000


def overconfident(scale: float) -> HeldOut:
    """Return outputs whose true classes follow the softmax of the logits over ``scale`` (noisy: twice that)."""
    rng = np.random.default_rng(0)
    counts = model().layout.classes
    noise = np.where(np.arange(EXAMPLES) % 2 == 0, 0.0, 0.5)
    logits = np.full((EXAMPLES, len(counts), max(counts)), -1e4)
    places = np.empty((EXAMPLES, len(counts)))
    for column, count in enumerate(counts):
        drawn = rng.normal(0.0, 2.0, (EXAMPLES, count))
        divisor = np.where(noise > 0.0, 2.0 * scale, scale)[:, None]
        gumbel = rng.gumbel(size=drawn.shape)
        places[:, column] = (drawn / divisor + gumbel).argmax(axis=1)
        logits[:, column, :count] = drawn
    return HeldOut(torch.from_numpy(logits), places, np.ones(places.shape, bool), noise)


def test_fitted_temperatures_are_those_that_the_errors_have():
    fitted = fit_calibration(model(inaudible=()), overconfident(2.0)).calibration
    assert fitted.clean == pytest.approx([2.0] * 4, rel=0.25)
    assert fitted.noisy == pytest.approx([4.0] * 4, rel=0.5)


def test_calibration_lowers_the_calibration_error():
    held_out = overconfident(3.0)
    plain = model(inaudible=())
    before, after = (calibration_error(*confidences(m, held_out)) for m in (plain, fit_calibration(plain, held_out)))
    assert after < 0.03 < before


def test_calibration_error_is_the_gap_between_confidence_and_share():
    assert calibration_error(np.full(1000, 0.9), np.arange(1000) < 700) == pytest.approx(0.2)
    assert calibration_error(np.full(1000, 0.7), np.arange(1000) < 700) == pytest.approx(0.0)


def test_sure_share_counts_confidences_from_90_percent():
    confidence = np.array([0.95, 0.9, 0.89, 0.2])
    assert sure_share(confidence, np.array([True, False, True, True])) == (0.5, 0.5)


def test_no_sure_estimate_gives_no_share():
    assert np.isnan(sure_share(np.zeros(3), np.ones(3, bool))[1])


def test_within_one_class_counts_neighbours_only_if_there_are_many_classes():
    held_out = overconfident(1.0)
    moved = held_out._replace(places=held_out.logits.argmax(dim=-1).numpy() + 1.0)
    right = confidences(SimpleNamespace(layout=model().layout, calibration=model().calibration), moved)[1]
    assert right[:, [0, 2, 3]].all() and not right[:, 1].any()
