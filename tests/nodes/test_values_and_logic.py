"""Arithmetic, logic, sample and hold, and pitch."""

import numpy as np
import pytest

from nodes import values_and_logic as control
from nodes.values_and_logic import SCALES
from tests.nodes.stepping import run

GATES = np.array([0, 1, 1, 0, 1, 0, 0, 1, 0, 1])


def out(cls, n=1, **given):
    return run(cls, n, **given)["out"].tolist()


def test_arithmetic():
    assert out(control.Constant, value=3.0) == [3]
    assert out(control.Add, a=2.0, b=3.0) == [5]
    assert out(control.Subtract, a=2.0, b=3.0) == [-1]
    assert out(control.Multiply, a=2.0, b=3.0) == [6]
    assert out(control.Divide, a=3.0, b=2.0) == [1.5]
    assert out(control.Divide, a=3.0, b=0.0) == [0]


def test_knob_covers_its_range():
    assert out(control.Knob, value=0.25, low=10.0, high=30.0) == [15]
    middle = out(control.Knob, value=0.5, low=20.0, high=20000.0, taper="log")[0]
    assert middle == pytest.approx(20 * np.sqrt(1000), rel=1e-6)


def test_map_range():
    assert out(control.MapRange, value=0.0, to_low=100.0, to_high=200.0) == [150]
    assert out(control.MapRange, value=3.0) == [2]
    assert out(control.MapRange, value=3.0, ends="held") == [1]
    assert out(control.MapRange, value=0.0, to_low=100.0, to_high=400.0, taper="log")[0] == pytest.approx(200)


def test_clip_modes():
    values = np.array([-3.0, -0.5, 0.5, 1.5, 2.5])
    assert out(control.Clip, 5, value=values) == [-1, -0.5, 0.5, 1, 1]
    assert out(control.Clip, 5, value=values, mode="wrap") == [-1, -0.5, 0.5, -0.5, 0.5]
    assert out(control.Clip, 5, value=values, mode="fold") == [1, -0.5, 0.5, 0.5, -0.5]


def test_compare_with_hysteresis():
    a = np.array([0.0, 0.6, 0.45, 0.35, 0.45, 0.5])
    assert out(control.Compare, 6, a=a, b=0.5) == [0, 1, 0, 0, 0, 0]
    assert out(control.Compare, 6, a=a, b=0.5, hysteresis=0.125) == [0, 1, 1, 0, 0, 0]
    assert out(control.Compare, 6, a=a, b=0.5, relation="at_least") == [0, 1, 0, 0, 0, 1]
    assert out(control.Compare, 6, a=a, b=0.5, relation="below") == [1, 0, 1, 1, 1, 0]
    assert out(control.Compare, 6, a=a, b=0.5, relation="at_most") == [1, 0, 1, 1, 1, 1]


def test_logic():
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    tables = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}
    for name, table in tables.items():
        opposite = {"and": "nand", "or": "nor", "xor": "xnor"}[name]
        assert out(control.Logic, 4, a=a, b=b, operation=name) == table
        assert out(control.Logic, 4, a=a, b=b, operation=opposite) == [1 - x for x in table]


def test_edge_blocks():
    assert out(control.Trigger, 10, gate=GATES) == [0, 1, 0, 0, 1, 0, 0, 1, 0, 1]
    assert out(control.Trigger, 10, gate=GATES, edge="falling") == [0, 0, 0, 1, 0, 1, 0, 0, 1, 0]
    assert out(control.Trigger, 10, gate=GATES, edge="both") == [0, 1, 0, 1, 1, 1, 0, 1, 1, 1]
    assert out(control.Toggle, 10, gate=GATES) == [0, 1, 1, 1, 0, 0, 0, 1, 1, 0]
    assert out(control.Counter, 10, gate=GATES, count=3.0) == [0, 1, 1, 1, 2, 2, 2, 0, 0, 1]
    values = np.arange(10.0)
    assert out(control.SampleHold, 10, value=values, gate=GATES) == [0, 1, 1, 1, 4, 4, 4, 7, 7, 9]
    tracked = out(control.SampleHold, 10, value=values, gate=GATES, mode="track")
    assert tracked == [0, 1, 2, 2, 4, 4, 4, 7, 7, 9]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("root", [0, 7])
def test_quantise_finds_the_nearest_note(scale, root):
    values = np.linspace(30, 90, 977)
    notes = np.array([n for n in range(-12, 150) if (n - root) % 12 in SCALES[scale]])
    result = run(control.Quantise, len(values), value=values, scale=scale, root=root)["out"]
    assert set(result) <= set(notes)
    best = np.abs(values[:, None] - notes).min(axis=1)
    assert np.abs(values - result) == pytest.approx(best, abs=1e-4)


def test_pitch_conversions():
    assert out(control.NoteToFrequency, note=57.0, bend=12.0) == [440]
    assert out(control.FrequencyToNote, frequency=880.0) == [81]
    assert out(control.DecibelsToGain, level=-20.0)[0] == pytest.approx(0.1)
    assert out(control.Quantise, value=450.0, pitch="hertz") == [440]


def test_chance_passes_its_fraction_of_gates():
    gate = np.arange(40000) % 2
    passed = np.sum(out(control.Chance, 40000, gate=gate, probability=0.25))
    assert passed / 20000 == pytest.approx(0.25, abs=0.02)
    assert out(control.Chance, 10, gate=GATES, probability=1.0) == GATES.tolist()
