"""Metrics of the paper against closed forms."""

import numpy as np
import pytest

from nodegraph.estimator.paper import metrics
from nodegraph.estimator.paper.groups import ALL, NAMES, READINGS, columns_of

CLASSES = 16


def descending(order):
    """Return scores (C,) so that ``order`` lists the classes from the highest score to the lowest."""
    scores = np.empty(len(order))
    scores[list(order)] = np.arange(len(order), 0, -1)
    return scores


def test_rank_is_the_place_of_the_correct_class():
    order = np.random.default_rng(0).permutation(CLASSES)
    scores = np.tile(descending(order), (CLASSES, 1, 1))
    found = metrics.ranks(scores, order[:, None])
    assert found[:, 0].tolist() == list(range(CLASSES))


def test_rank_of_equal_scores_follows_the_class():
    found = metrics.ranks(np.zeros((CLASSES, 1, CLASSES)), np.arange(CLASSES)[:, None])
    assert found[:, 0].tolist() == list(range(CLASSES))


@pytest.mark.parametrize("k", range(1, 6))
def test_top_k_accuracy_of_uniform_ranks_is_k_of_the_classes(k):
    found = np.arange(CLASSES)[:, None]
    assert metrics.top_k(found, k).mean() == k / CLASSES


def test_percentile_rank_is_linear_from_first_to_last():
    assert metrics.percentile_ranks(np.array([[0, CLASSES - 1]]), CLASSES).tolist() == [[100.0, 0.0]]
    assert metrics.percentile_ranks(np.arange(CLASSES), CLASSES).mean() == pytest.approx(50.0)


def test_class_error_of_a_fixed_guess_is_the_mean_distance():
    classes = np.arange(CLASSES)[:, None]
    scores = np.tile(descending([7, *(c for c in range(CLASSES) if c != 7)]), (CLASSES, 1, 1))
    assert metrics.class_errors(scores, classes).mean() == (7 * 8 / 2 + 8 * 9 / 2) / CLASSES


def test_scores_of_an_estimate_rank_classes_by_distance():
    scores = metrics.scores_of(np.array([[4.2]]), CLASSES)
    assert np.argsort(-scores[0, 0])[:4].tolist() == [4, 5, 3, 6]


def test_spectrogram_distance_of_a_gain_is_its_decibels_in_every_bin():
    spectrogram = np.random.default_rng(2).uniform(1.0, 128.0, (3, 64, 257))
    found = metrics.spectrogram_distance(spectrogram, spectrogram / 2.0, 128.0)
    assert found == pytest.approx(20 * np.log10(2) * np.sqrt(64 * 257))


def test_spectrogram_distance_ignores_levels_below_its_floor():
    silent = np.zeros((1, 8, 9))
    full = np.full((1, 8, 9), 128.0)
    assert metrics.spectrogram_distance(silent, full * 1e-5, 128.0) == pytest.approx(0.0)
    assert metrics.spectrogram_distance(silent, full, 128.0) == pytest.approx(-metrics.FLOOR_DB * np.sqrt(72))


def test_interval_of_a_mean_has_the_width_of_its_standard_error():
    values = np.random.default_rng(3).normal(5.0, 2.0, 4000)
    found = metrics.interval(values)
    error = values.std() / np.sqrt(len(values))
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert found.low < values.mean() < found.high


def test_interval_contains_the_true_median_about_as_often_as_its_level():
    rng = np.random.default_rng(4)
    found = [metrics.interval(rng.normal(size=100), np.median, samples=300) for _ in range(200)]
    assert 0.88 <= np.mean([part.low <= 0.0 <= part.high for part in found]) <= 1.0


def test_interval_of_equal_values_is_a_point():
    assert metrics.interval(np.full(10, 3.0)) == (3.0, 3.0, 3.0)


def test_groups_cover_the_parameters_of_the_paper_except_the_gate_in_the_text():
    parameters = [f"{letter}_{wave}" for letter in "fABv" for wave in ("sin", "saw", "sqr", "tri")]
    parameters += ["a", "d", "s", "r", "f_cut", "q", "f_gate"]
    assert columns_of(ALL, parameters) == list(range(23))
    covered = {
        reading: sorted(c for group in NAMES if group != ALL for c in columns_of(group, parameters, reading))
        for reading in READINGS
    }
    assert covered["as plotted"] == list(range(23))
    assert covered["as written"] == list(range(22))
