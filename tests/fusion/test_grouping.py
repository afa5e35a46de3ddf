"""Which rows form a group, and in which order groups run."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.fusion import grouping
from nodegraph.fusion.grouping import steps_of
from nodegraph.fusion.members import Signal, Wire
from tests.rendering import engine_of, patch_of

from .tiers import both_tiers, chain


def groups_of(patch):
    engine = engine_of(patch)
    names = [row.nodes[0][0] if row.nodes else row.kernel.name for row in engine.plan.placed]
    return [[names[number] for number in step.rows] for step in steps_of(engine.plan.placed) if step.members]


def test_chain_is_one_group():
    assert groups_of(chain(3)) == [["tone", "n0", "n1", "n2", "mix"]]


def test_wires_in_a_group_are_registers_and_only_others_are_written():
    engine = engine_of(chain(2))
    (step,) = steps_of(engine.plan.placed)
    readings = [reading for member in step.members for reading in member.readings if isinstance(reading, Signal | Wire)]
    assert all(isinstance(reading, Wire) for reading in readings) and len(readings) == 3
    assert [member.written for member in step.members] == [[False], [False], [False], [True]]


def test_only_the_last_wire_of_a_chain_is_checked():
    """NaN and Inf pass through sums and products."""
    (step,) = steps_of(engine_of(chain(2)).plan.placed)
    assert [member.checked for member in step.members] == [[False], [False], [False], [True]]


def test_group_is_limited(monkeypatch):
    monkeypatch.setattr(grouping, "MAX_MEMBERS", 20)
    groups = groups_of(chain(50))
    assert [len(group) for group in groups] == [20, 20, 12]
    rows, fused = both_tiers(chain(50))
    assert np.array_equal(rows.run_samples(640), fused.run_samples(640))


def test_rows_of_other_lanes_and_blocks_divide_groups():
    two = ("multiply", {"b": [1.0, 2.0]})
    patch = patch_of(
        "a.out b.a", "b.out wide.a", "wide.out more.a", "more.out mono.audio", "mono.out c.a", "c.out d.a",
        "d.out out.audio", a="sine", b="add", wide=two, more=two, mono="sum_lanes", c="add", d="add", out="audio_out",
    )  # fmt: skip
    assert groups_of(patch) == [["a", "b"], ["copy_lanes", "wide", "more"], ["c", "d", "mix"]]


def test_coefficients_of_knobs_at_rest_do_not_limit_a_group():
    wide = {"b": [1.0] * 16}
    patch = patch_of(
        "x.out filter.audio", "filter.out y.a", "y.out mono.audio", "mono.out out.audio", "moving.out slow.cutoff",
        "x.out slow.audio", "slow.out z.a", "z.out mono.audio", x=("multiply", wide), filter="biquad",
        y=("multiply", wide), slow="biquad", z=("multiply", wide), moving=("multiply", wide), mono="sum_lanes",
        out="audio_out",
    )  # fmt: skip
    groups = groups_of(patch)
    assert any({"x", "filter", "y"} <= set(group) for group in groups)
    assert not any({"slow", "filter"} <= set(group) for group in groups)


def test_states_that_keep_their_values_are_not_restored():
    (step,) = steps_of(engine_of(chain(1)).plan.placed)
    sine = step.members[0]
    changed = [list(sine.kernel.cls.spec.states)[j] for j in sine.changed_states]
    assert changed == ["phase"]


@pytest.mark.parametrize(("wired", "steady"), [("amplitude", ["phase"]), ("pm", ["phase"]), ("fm", [])])
def test_phases_of_a_frequency_at_rest_are_multiples_of_one_step(wired, steady):
    patch = patch_of("x.out osc." + wired, "osc.out out.audio", x=("sine", {"frequency": 3.0}), osc="sine",
                     out="audio_out")  # fmt: skip
    (step,) = steps_of(engine_of(patch).plan.placed)
    member = next(member for member in step.members if member.row.nodes[0][0] == "osc")
    assert [list(member.kernel.cls.spec.states)[j] for j in member.steady_states] == steady
    rows, fused = both_tiers(patch)
    assert np.array_equal(rows.run_samples(6400), fused.run_samples(6400))


def test_oscillator_is_fused_alone():
    patch = patch_of("osc.out late.audio", "late.out out.audio", osc="sine", late="sample_delay", out="audio_out")
    assert groups_of(patch) == [["osc"]]


def test_row_joins_an_earlier_group_past_a_row_it_does_not_need():
    patch = patch_of(
        "a.out b.a", "b.out out.audio", "pair.out sum.audio", "sum.out out2.audio", "c.out d.a", "d.out out3.audio",
        a="sine", b="add", pair=("sine", {"frequency": [100.0, 200.0]}), sum="sum_lanes", c="sine", d="add",
        out="audio_out", out2="audio_out", out3="audio_out",
    )  # fmt: skip
    assert {"a", "b", "c", "d"} <= set(groups_of(patch)[0])


@pytest.mark.parametrize("lanes", [1, 2])
def test_feedback_loop_is_a_group(lanes):
    patch = patch_of(
        "x.out sum.a", "sum.out late.audio", "late.out gain.a", "gain.out ~ sum.b", "sum.out out.audio",
        x=("sine", {"frequency": [100.0] * lanes}), sum="add", late=("sample_delay", {"samples": 9}), gain="multiply",
        out="audio_out",
    )  # fmt: skip
    (loop,) = [step for step in steps_of(engine_of(patch).plan.placed) if step.is_loop]
    assert [member.row.kernel.name for member in loop.members] == ["add", "sample_delay", "multiply"]


def test_tick_with_a_delay_line_is_no_member_outside_a_loop():
    """Its line could not be restored after a fault."""
    patch = patch_of("x.out y.a", "y.out late.audio", "late.out out.audio", x="sine", y="add", late="sample_delay",
                     out="audio_out")  # fmt: skip
    assert not any("late" in group for group in groups_of(patch))
