"""Probes find all planted symmetries, muted branches and zeroed gains, and nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nodegraph.estimator.distance import Target
from nodegraph.estimator.parameters import from_unit, parameters_of
from nodegraph.estimator.probe import probe
from nodegraph.estimator.rendering import BatchRenderer
from nodegraph.estimator.symmetry import symmetry_of
from tests.estimator.planted import PLANTED, master_level, twins, two_voices_of_two_tones, with_controls
from tests.rendering import patch_of

RATE = 8192.0


def renderer_of(patch, seconds=0.25):
    return BatchRenderer(patch.document, parameters_of(patch.document), seconds, RATE)


def found_exchanges(symmetry, names):
    return [{frozenset(names[i] for i in member) for member in e.members} for e in symmetry.exchanges]


@pytest.mark.parametrize("name", PLANTED)
def test_probe_finds_exactly_what_is_planted(name):
    planted = PLANTED[name]()
    with renderer_of(planted.patch) as renderer:
        found = probe(renderer, settings=96, seconds=None)
    names = [parameter.name for parameter in found.parameters]
    exchanges = found_exchanges(found.symmetry, names)
    assert set(map(frozenset, exchanges)) == set(map(frozenset, planted.exchanges))
    assert {names[i] for i in found.inaudible} == planted.inaudible
    assert {(names[s.parameter], names[s.by]) for s in found.switches} == planted.switches


@pytest.mark.parametrize("name", [name for name in PLANTED if PLANTED[name]().exchanges])
def test_permuted_values_make_the_same_sound(name):
    patch = PLANTED[name]().patch
    with renderer_of(patch) as renderer:
        symmetry = symmetry_of(patch.graph(RATE), renderer.parameters)
        values = from_unit(renderer.parameters, np.random.default_rng(1).random((1, len(renderer.parameters))))
        permutations = np.array(symmetry.permutations())
        moved = np.empty((len(permutations), values.shape[1]))
        for row, permutation in zip(moved, permutations, strict=True):
            row[permutation] = values[0]
        sounds = renderer.render(moved)
    assert Target.of(sounds[0], RATE).distances(sounds).max() < 1e-3
    assert len(np.unique(moved, axis=0)) == len(permutations)


def test_group_of_nested_exchanges_is_complete():
    patch = two_voices_of_two_tones().patch
    symmetry = symmetry_of(patch.graph(RATE), parameters_of(patch.document))
    assert len(symmetry.permutations()) == 8


def test_ring_of_equal_nodes_can_only_be_rotated():
    ring = [f"d{i}.out d{(i + 1) % 3}.audio" for i in range(3)]
    patch = patch_of(
        *(f"pulse.out d{i}.audio" for i in range(3)), *(f"d{i}.out out.audio" for i in range(3)),
        pulse="impulse", out="audio_out", **{f"d{i}": ("delay", {"feedback": 0.0}) for i in range(3)},
    )  # fmt: skip
    for wire in ring:
        patch.connect(*wire.split(), feedback=True)
    with_controls(patch, *(f"t{i} = d{i}.time 0.01 0.2" for i in range(3)))
    symmetry = symmetry_of(patch.graph(RATE), parameters_of(patch.document))
    assert symmetry.exchanges == ()
    assert set(symmetry.permutations()) == {(0, 1, 2), (1, 2, 0), (2, 0, 1)}


def test_large_group_of_equal_tones_is_one_exchange():
    count = 16
    nodes = {f"o{i}": "sine" for i in range(count)}
    patch = patch_of(*(f"{id}.out out.audio" for id in nodes), **nodes, out="audio_out")
    with_controls(patch, *(f"f{i} = o{i}.frequency 200 2000" for i in range(count)))
    symmetry = symmetry_of(patch.graph(RATE), parameters_of(patch.document))
    assert [sorted(itertools.chain(*e.members)) for e in symmetry.exchanges] == [list(range(count))]


def test_mask_follows_the_switches():
    with renderer_of(master_level().patch) as renderer:
        found = probe(renderer, settings=96, seconds=None)
    assert found.audible(np.array([[440.0, 0.5], [440.0, 0.0]])).tolist() == [[True, True], [False, True]]


def test_description_names_parameters_and_values():
    planted = twins()
    with renderer_of(planted.patch) as renderer:
        lines = probe(renderer, settings=96, seconds=None).describe()
    assert "interchangeable: f0/a0, f1/a1" in lines
    assert "inaudible while a0 is at its minimum, 0: f0" in lines


def test_switch_in_the_middle_of_a_range_is_found_with_its_value():
    patch = patch_of(
        "gate.out env.gate", "o0.out vca.audio", "env.out vca.gain", "vca.out out.audio",
        gate=("clock", {"tempo": 60.0, "division": 1.0, "width": 0.125}), o0="sine", vca="vca", out="audio_out",
        env=("adsr", {"decay": 0.01, "sustain": 0.2, "shape": "linear"}),
    )  # fmt: skip
    with_controls(patch, "attack = env.attack 0.01 0.5", "sustain = env.sustain 0.1 0.9")
    with renderer_of(patch, seconds=0.5) as renderer:
        found = probe(renderer, settings=160, seconds=None)
    (switch,) = found.switches
    assert (switch.parameter, switch.by, switch.high) == (1, 0, 1.0)
    edge = from_unit(found.parameters[:1], np.array([[switch.low]]))[0, 0]
    assert edge == pytest.approx(0.125, abs=0.03)  # the key is released during the attack
