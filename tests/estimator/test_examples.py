"""Random examples: a function of the seed and the row, without silent sounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph
from nodegraph.estimator.examples import SilentPatchError, draw, examples, is_silent
from nodegraph.estimator.parameters import Parameter, parameters_of
from nodegraph.estimator.rendering import BatchRenderer
from nodegraph.patch import SetControl
from tests.rendering import patch_of

TWO = (Parameter("a", "osc.amplitude", 0.0, 1.0), Parameter("b", "osc.frequency", 100.0, 1600.0, "log", (100.0, 400.0)))


@given(st.integers(0, 2**63), st.integers(0, 2**40), st.integers(0, 60))
def test_draw_is_a_function_of_seed_row_and_attempt(seed, row, attempt):
    first = draw(TWO, seed, row, attempt)
    assert (first == draw(TWO, seed, row, attempt)).all()
    assert (first != draw(TWO, seed, row + 1, attempt)).all()
    assert (first != draw(TWO, seed, row, attempt + 1)).all()
    assert (first != draw(TWO, seed + 1, row, attempt)).all()


def test_draws_are_uniform_along_the_taper():
    values = np.array([draw(TWO, 0, row) for row in range(4000)])
    assert np.quantile(values[:, 0], [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.03)
    assert np.quantile(values[:, 1], [0.25, 0.5, 0.75]) == pytest.approx([200.0, 400.0, 800.0], rel=0.08)


def test_draws_of_classes_have_no_other_value():
    values = np.array([draw(TWO, 0, row, only_classes=True) for row in range(1000)])
    assert set(values[:, 1]) == {100.0, 400.0}
    assert len(set(values[:, 0])) == 16


def quiet(limit: float) -> nodegraph.Patch:
    """Return a patch whose amplitude is below -60 dBFS at some of its settings."""
    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    patch.do(SetControl("loudness", "osc.amplitude", 1e-6, limit, "log"))
    return patch


def test_rejected_silence_moves_no_other_example():
    patch = quiet(1.0)
    parameters = parameters_of(patch.document)
    with BatchRenderer(patch.document, parameters, 0.1) as renderer:
        sounds, values = examples(renderer, parameters, 7, range(40))
        assert not is_silent(sounds).any()
        first_draws = np.array([draw(parameters, 7, row) for row in range(40)])
        rejected = (values != first_draws).any(axis=1)
        assert 0 < rejected.sum() < 40
        assert (values[~rejected] == first_draws[~rejected]).all()
        for rows in ([3], [39, 0], range(5, 20)):
            part, settings = examples(renderer, parameters, 7, rows)
            np.testing.assert_array_equal(part, sounds[list(rows)])
            np.testing.assert_array_equal(settings, values[list(rows)])


def test_silent_patch_is_refused_with_one_line():
    patch = quiet(1e-4)
    parameters = parameters_of(patch.document)
    with BatchRenderer(patch.document, parameters, 0.1) as renderer:
        with pytest.raises(SilentPatchError, match="the patch is silent at 64 random settings"):
            examples(renderer, parameters, 0, range(3))
