"""Parameter messages: exact ramps, steps at their sample, lists, many messages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.engine.core import EngineError
from nodegraph.engine.messages import RING_SIZE
from nodegraph.patch import Connect, Group, SetParam
from tests.rendering import engine_of, patch_of

RAMP = 441  # samples: 10 ms


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def knob(type, value=0.0):
    return patch_of("k.out out.audio", k=(type, {"value": value}), out="audio_out")


def after(engine, at, port="value"):
    """Run the engine and return its output from sample ``at``."""
    return engine.run_samples(2048)[at:, 0]


@pytest.mark.parametrize("at", [0, 1, 63, 64, 100, 1000])
def test_smoothed_knob_ramps_linearly_in_10_ms_and_ends_at_the_exact_value(at):
    engine = engine_of(knob("ramps", 1.0))
    engine.set_parameter("k", "value", 0.3, at=at)
    sound = engine.run_samples(2048)[:, 0]
    assert (sound[:at] == 1.0).all()
    line = 1.0 + (0.3 - 1.0) * np.arange(1, RAMP + 1) / RAMP
    assert np.abs(sound[at : at + RAMP] - line).max() < 1e-6
    assert (sound[at + RAMP - 1 :] == np.float32(0.3)).all()


@pytest.mark.parametrize("at", [0, 1, 63, 64, 65, 1000])
def test_unsmoothed_knob_steps_at_its_sample(at):
    engine = engine_of(knob("steps", 2.0))
    engine.set_parameter("k", "value", 5.0, at=at)
    assert np.array_equal(engine.run_samples(1200)[:, 0], np.where(np.arange(1200) < at, 2.0, 5.0))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(-100, 100)), max_size=30))
def test_each_of_many_ordered_messages_takes_effect_at_its_sample(messages):
    messages.sort(key=lambda message: message[0])
    engine = engine_of(knob("steps"))
    expected = np.zeros(640, np.float32)
    for at, value in messages:
        engine.set_parameter("k", "value", float(value), at=at)
        expected[at:] = value
    assert np.array_equal(engine.run_samples(640)[:, 0], expected)


@settings(max_examples=30, deadline=None)
@given(st.permutations([(k * 64 + 7, float(k)) for k in range(1, 8)]))
def test_later_messages_do_not_delay_earlier_ones(messages):
    engine = engine_of(knob("steps"))
    for at, value in messages:
        engine.set_parameter("k", "value", value, at=at)
    engine.set_parameter("k", "value", -1.0)
    sound = engine.run_samples(640)[:, 0]
    expected = np.full(640, -1.0)
    for k in range(1, 8):
        expected[k * 64 + 7 :] = k
    assert np.array_equal(sound, expected)


def test_late_message_does_not_undo_a_later_sample_of_the_quantum():
    engine = engine_of(knob("ramps"))
    engine.set_parameter("k", "value", 1.0, at=50)
    engine.set_parameter("k", "value", -1.0, at=10)
    sound = engine.run_samples(1024)[:, 0]
    assert (sound[:50] == 0.0).all() and sound[-1] == -1.0
    assert np.abs(np.diff(sound)).max() < 1.01 / RAMP


def test_setting_a_knob_during_its_ramp_continues_from_the_current_value():
    engine = engine_of(knob("ramps"))
    engine.set_parameter("k", "value", 1.0, at=0)
    engine.set_parameter("k", "value", 0.0, at=100)
    sound = engine.run_samples(1024)[:, 0]
    top = 100 / RAMP
    assert sound[:100].max() == pytest.approx(top)
    assert np.allclose(sound[100 : 100 + RAMP], top * (1 - np.arange(1, RAMP + 1) / RAMP), atol=1e-6)
    assert (sound[100 + RAMP :] == 0.0).all()


def test_lists_lanes_and_single_numbers():
    engine = engine_of(knob("steps", [1.0, 2.0, 3.0]))

    def latest():
        return engine.run_samples(64)[-1].tolist()

    assert latest() == [1, 2, 3]
    engine.set_parameter("k", "value", [4.0, 5.0, 6.0])
    assert latest() == [4, 5, 6]
    engine.set_parameter("k", "value", 7.0, lane=1)
    assert latest() == [4, 7, 6]
    engine.set_parameter("k", "value", 8.0)
    assert latest() == [8, 8, 8]
    engine.set_parameter("k", "value", [9.0])
    assert latest() == [9, 9, 9]
    engine.set_parameter("k", "value", 1.0, lane=3)
    engine.set_parameter("missing", "value", 1.0)
    assert latest() == [9, 9, 9]


def test_edits_of_one_number_or_a_list_reach_all_lanes():
    """The other input makes the node four lanes wide, so the knob accepts a number or a list."""
    patch = patch_of("wide.out sum.b", "sum.out out.audio", wide=("values", {"values": [0, 0, 0, 0]}), sum="add",
                     out="audio_out")  # fmt: skip
    engine = engine_of(patch)

    def latest():
        return engine.run_samples(1024)[-1].tolist()

    assert latest() == [0, 0, 0, 0]
    for value in (1.0, [2.0], [3.0], [1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], 5.0):
        patch.set("sum.a", value)
        expected = value if isinstance(value, list) else [value]
        assert latest() == (expected * 4)[:4] if len(expected) == 1 else expected
    patch.clear("sum.a")
    assert latest() == [0, 0, 0, 0]


def test_ramp_of_a_knob_continues_through_an_edit_elsewhere():
    sounds = []
    for edited in (False, True):
        patch = knob("ramps")
        engine = engine_of(patch)
        engine.run_samples(64)
        patch.set("k.value", 1.0)
        sound = [engine.run_samples(128)]
        if edited:
            patch.add("sine")
        sounds.append(np.vstack([*sound, engine.run_samples(1024)]))
    assert np.array_equal(*sounds)


def test_parameter_set_in_the_engine_keeps_its_value_through_edits():
    """Values set by a controller are not in the document; an edit must not reset them."""
    patch = knob("steps")
    engine = engine_of(patch)
    patch.set("k.value", 1.0)
    engine.run_samples(64)
    engine.set_parameter("k", "value", 7.0)
    engine.run_samples(64)
    patch.add("sine")
    assert engine.run_samples(64)[-1, 0] == 7.0


def test_knob_and_a_wire_changed_in_one_step():
    patch = patch_of("k.out sum.a", "sum.out out.audio", k=("steps", {"value": 1.0}), sum="add", out="audio_out")
    engine = engine_of(patch)
    engine.run_samples(64)
    patch.do(Group((SetParam("k", "value", 3.0), Connect("k.out", "sum.b"))))
    assert engine.run_samples(2048)[-1, 0] == 6.0


def test_too_many_messages_raise_an_error_and_none_is_lost():
    engine = engine_of(knob("steps"))
    for k in range(RING_SIZE):
        engine.set_parameter("k", "value", float(k % 1000))
    with pytest.raises(EngineError, match="messages are queued"):
        engine.set_parameter("k", "value", 1.0)
    assert engine.run_samples(64)[-1, 0] == (RING_SIZE - 1) % 1000
    engine.set_parameter("k", "value", 1.0)
    assert engine.run_samples(64)[-1, 0] == 1.0
