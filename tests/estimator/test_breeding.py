"""Breeding: variants by mutation and crossing, their level, and the settings nearest to a sound."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.control.random_values import safe_knobs
from nodegraph.estimator.breeding import Breeder, at_one_level, most_different, nearest_apart, offspring
from nodegraph.estimator.examples import SilentPatchError
from nodegraph.estimator.parameters import ParameterError, parameters_of, parameters_of_knobs
from nodegraph.estimator.scoring import Budget
from nodegraph.estimator.target_sound import TargetSound
from nodegraph.measures.level import level_of
from nodegraph.patch import SetControl
from tests.rendering import patch_of

RATE, SECONDS = 16384.0, 0.25


@pytest.fixture(scope="module")
def breeder():
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 440.0, "amplitude": 0.3}), out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 110.0, 1760.0, "log"))
    patch.do(SetControl("level", "osc.amplitude", 0.1, 0.5, steps=(0.1, 0.2, 0.4)))
    with Breeder(patch.document, parameters_of(patch.document), seconds=SECONDS, rate=RATE) as made:
        yield made


def test_mutations_surround_one_parent_and_crossings_lie_between_two():
    rng = np.random.default_rng(0)
    parent = np.array([[0.5, 0.02, 1.0]])
    children = offspring(parent, 0.1, 4000, rng)
    assert ((children >= 0.0) & (children <= 1.0)).all() and (children != parent).any(axis=1).all()
    moved = children[children[:, 0] != 0.5, 0]
    assert abs(moved.mean() - 0.5) < 0.01 and abs(moved.std() - 0.1) < 0.01
    parents = np.array([[0.0, 0.25, 0.5], [1.0, 0.75, 0.5]])
    crossed = offspring(parents, 0.0, 4000, rng)
    assert all(np.isin(crossed[:, k], parents[:, k]).all() for k in range(3))
    assert abs(crossed[:, 0].mean() - 0.5) < 0.05 and abs(np.corrcoef(crossed[:, 0], crossed[:, 1])[0, 1]) < 0.05


def test_brood_has_sixteen_sounds_at_one_level_nearest_first(breeder):
    brood = breeder.offspring(breeder.present(), 0.3, seed=1)
    assert brood.settings.shape == (16, 2) and brood.sounds.shape == (16, round(SECONDS * RATE))
    levels = level_of(brood.sounds)
    assert np.ptp(levels) < 1e-3 and levels.max() <= -20.0 + 1e-3 and np.abs(brood.sounds).max() <= 0.9
    assert (np.diff(brood.distances) >= 0.0).all() and len(np.unique(brood.settings, axis=0)) == 16
    assert np.isin(brood.settings[:, 1], (0.1, 0.2, 0.3, 0.4)).all(), "a level is no step and not that of the parent"
    again = breeder.offspring(breeder.present(), 0.3, seed=1)
    assert np.array_equal(again.settings, brood.settings) and np.array_equal(again.sounds, brood.sounds)
    alone = breeder.renderer.render(brood.settings)
    assert np.allclose(brood.sounds, at_one_level(alone))


def test_nearest_settings_surround_the_pitch_of_a_sound_and_differ(breeder):
    time = np.arange(round(SECONDS * RATE)) / RATE
    target = TargetSound((0.4 * np.sin(2.0 * np.pi * 700.0 * time)).astype(np.float32))
    brood = breeder.nearest(target, budget=Budget(evaluations=1000))
    assert len(brood.settings) == 16 and abs(brood.settings[0, 0] / 700.0 - 1.0) < 0.01
    assert (np.diff(brood.distances) >= 0.0).all() and brood.settings[:, 0].max() / brood.settings[:, 0].min() > 1.05


def test_lists_vary_lane_by_lane():
    oscillator = ("sine", {"frequency": [200.0, 300.0], "amplitude": 0.2})
    patch = patch_of("osc.out out.audio", osc=oscillator, out="audio_out")
    parameters = parameters_of_knobs([k for k in safe_knobs(patch.document) if k.target == "osc.frequency"])
    assert [(p.name, p.lane) for p in parameters] == [("osc.frequency 1", 0), ("osc.frequency 2", 1)]
    with Breeder(patch.document, parameters, seconds=SECONDS, rate=RATE) as breeder:
        assert breeder.present().tolist() == [200.0, 300.0]
        settings = breeder.offspring(breeder.present(), 0.1).settings
    assert len(settings) == 16 and len(np.unique(settings[:, 1])) > 4


def test_unusable_patches_are_refused():
    silent = patch_of(osc="sine", out="audio_out")
    with Breeder(silent.document, parameters_of_knobs(safe_knobs(silent.document)), None, SECONDS, RATE) as breeder:
        with pytest.raises(SilentPatchError, match="all variants are silent"):
            breeder.offspring(breeder.present())
    with pytest.raises(ParameterError, match="no knob can vary safely"):
        parameters_of_knobs(())


def test_choices_among_candidates():
    spectra = np.array([0.0, 1.0, 10.0, 10.5, 4.0])[:, None]
    assert most_different(spectra, 0, 3).tolist() == [0, 3, 4]
    positions = np.array([[0.1], [0.11], [0.5], [0.9], [0.2]])
    distances = np.array([1.0, 0.9, 2.0, np.inf, 3.0])
    assert nearest_apart(positions, distances, 3).tolist() == [1, 2, 4]
    assert nearest_apart(positions, distances, 4).tolist() == [1, 0, 2, 4]
