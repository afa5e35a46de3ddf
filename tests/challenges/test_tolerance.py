"""Tolerances of knobs: closed forms, and which unit a knob gets."""

from __future__ import annotations

import math

import pytest

from nodegraph.challenges import GRADES
from nodegraph.challenges.tolerance import Tolerance, Tolerances, tolerance_of
from nodegraph.control.parameters import control_parameter
from nodegraph.patch import Control
from tests.rendering import patch_of

SIZES = Tolerances(pitch=50.0, corner=3.0, level=2.0, ratio=1.25, part=0.1)

MOVED = {
    "pitch": (Tolerance("pitch", 50.0), 440.0, 440.0 * 2.0 ** (50.0 / 1200.0), "±50 cents"),
    "corner": (Tolerance("corner", 3.0), 1000.0, 1000.0 * 2.0**0.25, "±3 semitones"),
    "level": (Tolerance("level", 6.0), 0.25, 0.25 * 10.0**0.3, "±6 dB"),
    "decibels": (Tolerance("decibels", 2.0), -12.0, -10.0, "±2 dB"),
    "ratio": (Tolerance("ratio", 1.25), 0.2, 0.25, "±25 %"),
    "part": (Tolerance("part", 0.1, "cycles"), 0.5, 0.6, "±0.1 cycles"),
}


@pytest.mark.parametrize("name", MOVED)
def test_one_tolerance_is_the_stated_interval(name):
    tolerance, target, above, stated = MOVED[name]
    assert tolerance.moved(target, 1.0) == pytest.approx(above)
    assert tolerance.units(above, target) == pytest.approx(1.0)
    assert tolerance.describe() == stated


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("steps", [-2.5, -1.0, 0.0, 0.3, 4.0])
def test_distance_in_tolerances_inverts_the_move(name, steps):
    tolerance, target, *_ = MOVED[name]
    assert tolerance.units(tolerance.moved(target, steps), target) == pytest.approx(abs(steps), abs=1e-9)


def test_silence_counts_as_60_db_below_full_scale():
    assert Tolerance("level", 6.0).difference(0.0, 1.0) == pytest.approx(-60.0)
    assert Tolerance("level", 6.0).units(0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("type", "control", "text"),
    [
        ("saw", Control("k", "b.frequency", 55.0, 880.0, "log"), "±50 cents"),
        ("ladder", Control("k", "b.cutoff", 100.0, 8000.0, "log"), "±3 semitones"),
        ("lfo", Control("k", "b.frequency", 0.1, 10.0, "log"), "±25 %"),
        ("saw", Control("k", "b.amplitude", 0.0, 1.0), "±2 dB"),
        ("drive", Control("k", "b.drive", 0.0, 30.0), "±2 dB"),
        ("adsr", Control("k", "b.attack", 0.001, 1.0, "log"), "±25 %"),
        ("adsr", Control("k", "b.sustain", 0.0, 1.0), "±0.1"),
        ("pitch_shifter", Control("k", "b.pitch", -12.0, 12.0), "±0.5 semitones"),
    ],
)
def test_unit_follows_the_input_of_the_knob(type, control, text):
    document = patch_of(b=type).document
    assert tolerance_of(control_parameter(document, control), SIZES).describe() == text


def test_grades_have_more_knobs_and_narrower_tolerances():
    grades = [GRADES[k] for k in sorted(GRADES)]
    for easier, harder in zip(grades, grades[1:]):
        assert easier.knobs < harder.knobs and easier.nearest > harder.nearest
        for name in ("pitch", "corner", "level", "ratio", "part"):
            assert getattr(easier.tolerances, name) > getattr(harder.tolerances, name) > 0.0
    assert math.isclose(grades[0].tolerances.pitch, 100.0)
