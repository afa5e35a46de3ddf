"""Levels and relative distances."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.level import at_unit_level, level_difference, level_of
from nodegraph.measures.relative import relative_distance
from tests.measures.sounds import noise, tone


@pytest.mark.parametrize("decibels", [-20.0, 0.0, 6.0])
def test_level_difference_is_the_gain(decibels):
    assert level_difference(10.0 ** (decibels / 20.0) * noise(0), noise(0)) == pytest.approx(decibels)


def test_level_of_a_sine_is_3_decibels_below_its_amplitude():
    assert level_of(2.0 * tone(441.0)[None]) == pytest.approx([-10.0 * np.log10(2.0)], abs=1e-6)
    assert level_of(np.zeros((1, 10))) == [-200.0]


def test_unit_level_removes_any_gain():
    for gain in (1e-200, 1.0, 1e100):
        np.testing.assert_allclose(at_unit_level(gain * noise(0)), noise(0) / np.sqrt(np.mean(noise(0) ** 2)))
    assert not at_unit_level(np.zeros(10)).any()


def test_relative_distance_of_equal_orthogonal_and_opposite_arrays():
    x = np.array([3.0, 4.0])
    assert relative_distance(x, x) == relative_distance(0.0 * x, 0.0 * x) == 0.0
    assert relative_distance(x, np.array([-4.0, 3.0])) == pytest.approx(1.0)
    assert relative_distance(x, 0.0 * x) == pytest.approx(1.0)
    assert relative_distance(x, -x) == pytest.approx(np.sqrt(2.0))
