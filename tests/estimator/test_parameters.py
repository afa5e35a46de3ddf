"""Parameters: found by the controls of a patch, mapped to the unit interval and to classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph
from nodegraph.estimator.parameters import (
    Parameter,
    ParameterError,
    from_classes,
    from_unit,
    parameters_of,
    to_classes,
    to_unit,
)
from nodegraph.patch import SetControl
from tests.rendering import patch_of

PATCHES = Path(__file__).parents[2] / "patches"


def synth() -> nodegraph.Patch:
    patch = patch_of("osc.out lp1.audio", "lp1.out out.audio", osc="saw", lp1="ladder", out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log", steps=5))
    patch.do(SetControl("loudness", "osc.amplitude", 0.0, 1.0))
    patch.do(SetControl("cutoff", "lp1.cutoff", 200.0, 4000.0, steps=(200.0, 1000.0, 1100.0)))
    return patch


@st.composite
def parameters(draw):
    taper = draw(st.sampled_from(["linear", "log"]))
    low = draw(st.floats(1e-3, 1e3))
    high = low * draw(st.floats(1.1, 1e4))
    return Parameter("p", "osc.frequency", low, high, taper)


@given(parameters(), st.floats(0, 1))
def test_unit_interval_round_trip(parameter, position):
    value = from_unit([parameter], np.array([[position]]))
    assert parameter.low <= value[0, 0] <= parameter.high
    assert to_unit([parameter], value)[0, 0] == pytest.approx(position, abs=1e-9)


@given(parameters(), st.integers(2, 40))
def test_each_class_value_belongs_to_its_class(parameter, count):
    classes = np.arange(count)[:, None]
    values = from_classes([parameter], classes, count)
    assert (values[0, 0], values[-1, 0]) == (parameter.low, parameter.high)
    assert (to_classes([parameter], values, count) == classes).all()


@given(parameters(), st.floats(0, 1), st.integers(2, 40))
def test_class_of_a_value_is_the_nearest_along_the_taper(parameter, position, count):
    value = from_unit([parameter], np.array([[position]]))
    found = to_classes([parameter], value, count)[0, 0]
    assert abs(found - position * (count - 1)) <= 0.5 + 1e-6


def test_values_outside_the_range_have_the_position_of_its_end():
    pitch = parameters_of(synth().document, ["pitch"])
    assert to_unit(pitch, np.array([[1.0], [1e6]])).tolist() == [[0.0], [1.0]]
    assert from_unit(pitch, np.array([[-0.5], [1.5]])).tolist() == [[100.0], [1600.0]]


def test_parameters_are_the_controls_with_range_taper_and_steps():
    pitch, loudness, cutoff = parameters_of(synth().document)
    assert (pitch.name, pitch.target, pitch.low, pitch.high, pitch.taper) == (
        "pitch", "osc.frequency", 100.0, 1600.0, "log",
    )  # fmt: skip
    assert pitch.steps == pytest.approx([100.0, 200.0, 400.0, 800.0, 1600.0])
    assert loudness.steps == ()
    assert len(loudness.classes()) == 16
    assert cutoff.steps == (200.0, 1000.0, 1100.0)


def test_named_parameters_keep_the_order_of_the_names():
    assert [p.name for p in parameters_of(synth().document, ["cutoff", "pitch"])] == ["cutoff", "pitch"]


def test_classes_of_the_fm_synthesizer_are_those_of_the_paper():
    found = {p.name: p.steps for p in parameters_of(nodegraph.load(PATCHES / "fm_subtractive.json").document)}
    ranges = {"f_cut": (200.0, 4000.0), "q": (0.01, 10.0), "f_gate": (0.5, 30.0)}
    ranges |= dict.fromkeys("adsr", (0.001, 1.0))
    for wave in ("sin", "saw", "sqr", "tri"):
        ranges |= {f"A_{wave}": (0.001, 1.0), f"v_{wave}": (1.0, 30.0)}
        assert found[f"f_{wave}"] == pytest.approx([440.0 * 2.0 ** (n / 12) for n in range(16)], rel=1e-6)
        assert found[f"B_{wave}"] == tuple(100.0 * n for n in range(16))
    for name, (low, high) in ranges.items():
        assert found[name] == pytest.approx(np.linspace(low, high, 16).tolist()), name
    assert len(found) == 23


def broken(*control, **options) -> nodegraph.Patch:
    patch = synth()
    patch.do(SetControl(*control, **options))
    return patch


@pytest.mark.parametrize(
    ("patch", "names", "message"),
    [
        (patch_of(out="audio_out"), None, "the patch has no controls"),
        (synth(), ["ptch"], "there is no control 'ptch'. Did you mean 'pitch'?"),
        (synth(), [], "no parameter is named"),
        (broken("flat", "osc.amplitude", 0.5, 0.5), ["flat"], "control 'flat': min and max must differ"),
        (broken("far", "osc.frequency", -1.0, 1e6), ["far"], "control 'far': frequency must lie in"),
        (broken("bad", "osc.amplitude", 0.0, 1.0, "log"), ["bad"], "control 'bad': a log taper needs a range above 0"),
        (broken("gone", "osc.colour"), ["gone"], "control 'gone': "),
        (broken("again", "osc.frequency"), None, "controls 'pitch' and 'again' set the same input"),
    ],
)  # fmt: skip
def test_unusable_parameters_are_refused_with_one_line(patch, names, message):
    with pytest.raises(ParameterError) as caught:
        parameters_of(patch.document, names)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
