"""Random values of knobs: their ranges, what is left out, and repetition by the seed."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.control.random_values import knobs_of_patch, random_values, safe_knobs
from nodegraph.patch import Document, NodeRecord, PatchError, SetControl
from tests.rendering import patch_of

SEEDS = range(200)


def drawn(document, seed=0, nodes=None):
    return random_values(safe_knobs(document, nodes), seed).values


def test_values_of_all_blocks_are_accepted_and_leave_levels_and_gates_alone():
    document = Document({type: NodeRecord(type, cls.version) for type, cls in node_types().items()})
    found = {}
    for seed in range(5):
        for target, value in drawn(document, seed).items():
            type, _, name = target.partition(".")
            port = node_types()[type].spec.inputs[name]
            assert port.accepts(value), f"{target} = {value}"
            if port.unit == "Hz":
                assert 40.0 <= value <= 8000.0 if port.default >= 20.0 else abs(value) <= 20.0, target
            found.setdefault((port.unit, name), []).append(value)
    assert not {unit for unit, _ in found} & {"dB", "gain", "gate", ""}
    assert not [name for _, name in found if name.startswith(("amplitude", "gain", "volume"))]
    assert np.abs(found["ratio", "feedback"]).max() <= 0.7 and max(found["Q", "resonance"]) <= 4.0


def test_values_are_uniform_along_the_taper_and_repeat_with_the_seed():
    document = patch_of(filter="ladder").document
    values = [drawn(document, seed)["filter.cutoff"] for seed in SEEDS]
    positions = np.log(np.array(values) / 40.0) / np.log(200.0)
    assert abs(positions.mean() - 0.5) < 0.06 and abs(positions.std() - 12.0**-0.5) < 0.04
    assert values[7] == drawn(document, 7)["filter.cutoff"]


def test_wired_inputs_and_other_blocks_keep_their_values():
    document = patch_of("lfo.out low.cutoff", "low.out high.audio", lfo="lfo", low="ladder", high="ladder").document
    assert set(drawn(document, 1, ["low"])) == {"low.resonance", "low.bass"}
    assert drawn(document, 1)["low.bass"] == drawn(document, 1, ["low"])["low.bass"]
    with pytest.raises(PatchError, match="unknown node 'lov'"):
        safe_knobs(document, ["lov"])
    with pytest.raises(PatchError, match="no knob can vary safely"):
        random_values(safe_knobs(patch_of(gain="vca").document), 0)


def test_controls_give_range_steps_and_lane():
    patch = patch_of(osc=("sine", {"frequency": [200.0, 300.0], "amplitude": 0.1}), tone="ladder", eq="biquad")
    patch.do(SetControl("pitch", "osc.frequency", 400.0, 100.0, "log", lane=1))
    patch.do(SetControl("level", "osc.amplitude", 0.1, 0.5))
    patch.do(SetControl("boost", "eq.gain", -12.0, 12.0))
    patch.do(SetControl("colour", "tone.resonance", 0.0, 1.2, steps=(0.2, 0.4)))
    patch.do(SetControl("knob", "tone.drive"))  # declares no range of a level
    document = patch.document
    knobs = knobs_of_patch(document)
    assert {knob.name for knob in knobs} == {"pitch", "level", "boost", "colour"}
    for seed in SEEDS:
        values = random_values(knobs, seed).values
        first, second = values["osc.frequency"]
        assert first == 200.0 and 100.0 <= second <= 400.0
        assert 0.1 <= values["osc.amplitude"] <= 0.5 and -12.0 <= values["eq.gain"] <= 0.0
        assert values["tone.resonance"] in (0.2, 0.4)


def test_lists_vary_in_each_lane_and_subpatches_inside():
    patch = patch_of("osc.out filter.audio", osc=("saw", {"frequency": [220.0, 275.0, 330.0]}), filter="ladder")
    patch.encapsulate(["osc", "filter"], "voice")
    values = drawn(patch.document, 3, ["voice"])
    assert len(set(values["voice/osc.frequency"])) == 3 and "voice/filter.cutoff" in values
    random_values(safe_knobs(patch.document), 3).apply(patch.document)
