"""Shared onsets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from nodegraph.measures.onsets import TOLERANCE, f1_score, onset_f1, onset_times
from tests.measures.sounds import RATE, clicks, noise, tone

TIMES = [0.2, 0.55, 0.9, 1.4]


def test_onsets_of_clicks_are_their_times():
    assert onset_times(clicks(TIMES), RATE) == pytest.approx(TIMES, abs=0.012)


def test_equal_sounds_share_all_onsets_at_any_gain():
    for sound in (clicks(TIMES), noise(0), tone(440.0), np.zeros(1000)):
        assert onset_f1(sound, sound, RATE) == 1.0
        assert onset_f1(0.25 * sound, sound, RATE) == 1.0


@pytest.mark.parametrize(("shift", "expected"), [(0.03, 1.0), (-0.03, 1.0), (0.08, 0.0), (-0.08, 0.0)])
def test_shifted_clicks_match_within_the_tolerance_only(shift, expected):
    shifted = clicks([time + shift for time in TIMES])
    assert onset_f1(shifted, clicks(TIMES), RATE) == expected


def test_missing_and_additional_clicks_lower_the_score():
    assert onset_f1(clicks(TIMES[:3]), clicks(TIMES), RATE) == pytest.approx(6.0 / 7.0)
    assert onset_f1(clicks([*TIMES, 1.7]), clicks(TIMES), RATE) == pytest.approx(8.0 / 9.0)
    assert onset_f1(np.zeros(44100), clicks(TIMES), RATE) == 0.0


def test_onset_at_the_beginning_is_found():
    assert onset_times(tone(440.0), RATE) == pytest.approx([0.0], abs=0.02)


def test_score_of_times_matches_the_closed_form():
    assert f1_score([], []) == 1.0 and f1_score([1.0], []) == f1_score([], [1.0]) == 0.0
    assert f1_score([1.0, 2.0], [1.0 + TOLERANCE - 1e-9, 2.0 + TOLERANCE + 1e-9]) == 0.5
    assert f1_score([1.0, 1.01], [1.0]) == pytest.approx(2.0 / 3.0)  # one onset has one partner


def test_pairs_are_as_many_as_possible():
    rng = np.random.default_rng(0)
    for _ in range(50):
        first, second = np.sort(rng.uniform(0, 0.6, 7)), np.sort(rng.uniform(0, 0.6, 9))
        near = np.abs(first[:, None] - second) <= TOLERANCE
        rows, found = linear_sum_assignment(near, maximize=True)
        assert f1_score(first, second) == pytest.approx(2.0 * near[rows, found].sum() / 16.0)
