"""MIDI learn: what is moved turns a parameter, at once and in the patch, with its range, taper and takeover."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.control.midi_learn import FINE, LearnRequest, apply_takeover, describe_binding, encoder_steps, unbind
from nodegraph.patch import Patch, PatchError, SetBinding, SetControl
from tests.controllers import QUANTUM, Played
from tests.rendering import patch_of

CUTOFF = "filter.cutoff"


@pytest.fixture
def played():
    patch = patch_of(
        "knob.out scope.audio",
        knob=("constant", {"value": 0.0}),
        pair=("constant", {"value": [1.0, 2.0, 3.0]}),
        filter=("ladder", {"cutoff": 1000.0}),
        button="button",
        scope="audio_out",
    )
    return Played(patch)


def bound(played, target="knob.value", low=0.0, high=1.0, taper="linear", lane=None, **binding):
    """A control of that range, bound to CC 20 unless told otherwise."""
    played.patch.do(SetControl("it", target, low, high, taper, lane=lane))
    played.patch.do(SetBinding("it", **({"number": 20} | binding)))
    return played


# -- learning --------------------------------------------------------------------------------------------------


def test_what_is_moved_next_turns_the_parameter(played):
    played.hands.bindings.learn(LearnRequest(CUTOFF, low=100.0, high=10000.0, taper="log", takeover="pickup"))
    assert played.hands.bindings.learning is not None
    played.control(74, 64, channel=3)
    assert played.hands.bindings.learning is None
    [line] = played.hands.update()
    assert line == "CC 74, channel 3 of 'keys' turns filter.cutoff."
    [control] = played.patch.document.controls.values()
    assert (control.target, control.min, control.max, control.taper) == (CUTOFF, 100.0, 10000.0, "log")
    assert (control.midi.number, control.midi.channel, control.midi.takeover) == (74, 3, "pickup")
    played.control(74, 64, channel=3)
    assert played.param(CUTOFF) == pytest.approx(100.0 * 100.0 ** (64 / 127), rel=1e-5)
    assert describe_binding(control.midi) == "CC 74, channel 3"


def test_a_learnt_control_is_one_undo_step_and_is_kept_in_the_file(played, tmp_path):
    before = played.patch.document
    played.hands.bindings.learn(LearnRequest(CUTOFF))
    played.control(74, 64)
    played.hands.update()
    played.patch.save(tmp_path / "learnt.json")
    assert Patch.load(tmp_path / "learnt.json").document.controls == played.patch.document.controls
    played.patch.undo()
    assert played.patch.document is before


def test_learning_again_keeps_the_control_and_changes_what_moves_it(played):
    for number in (74, 75):
        played.hands.bindings.learn(LearnRequest(CUTOFF, low=50.0))
        played.control(number, 1)
        played.hands.update()
    [control] = played.patch.document.controls.values()
    assert control.midi.number == 75 and control.min == 50.0


def test_one_after_the_other_can_be_learnt_and_a_knob_that_still_moves_counts_once(played):
    played.hands.bindings.learn(LearnRequest(CUTOFF), LearnRequest("filter.resonance"), LearnRequest("button.pressed"))
    for value in range(10):
        played.control(74, value)
    played.send(0xE0, 0, 64)
    played.send(0x80, 60, 0)  # a key that comes up is no move
    played.send(0x90, 60, 100)
    played.hands.update()
    found = {control.target: describe_binding(control.midi) for control in played.patch.document.controls.values()}
    assert found == {
        CUTOFF: "CC 74, channel 1",
        "filter.resonance": "pitch bend, channel 1",
        "button.pressed": "note 60, channel 1",
    }


def test_learning_can_be_given_up_and_a_binding_taken_away(played):
    played.hands.bindings.learn(LearnRequest(CUTOFF))
    played.hands.bindings.learn()
    played.control(74, 64)
    played.hands.update()
    assert not played.patch.document.controls
    bound(played, CUTOFF, None, None)
    played.patch.do(unbind(played.patch.document, CUTOFF))
    played.control(20, 0)
    assert played.param(CUTOFF) == 1000.0
    assert unbind(played.patch.document, CUTOFF) is None


def test_what_cannot_be_turned_cannot_be_learnt(played):
    for target, words in (("filter.cutof", "Did you mean 'cutoff'"), ("flter.cutoff", "Did you mean 'filter'")):
        with pytest.raises(PatchError, match=words):
            played.hands.bindings.learn(LearnRequest(target))


def test_a_node_that_goes_while_it_is_learnt_is_told(played):
    played.hands.bindings.learn(LearnRequest(CUTOFF))
    played.control(74, 64)
    played.patch.remove("filter")
    [line] = played.hands.update()
    assert "no node 'filter'" in line


# -- turning ---------------------------------------------------------------------------------------------------


def test_a_turn_is_heard_before_it_is_written_down(played):
    bound(played, high=10.0)
    played.control(20, 127)
    assert played.heard("knob") == [10.0]
    assert played.patch.document.nodes["knob"].params["value"] == 0.0
    assert played.param("knob.value") == 10.0


def test_a_gesture_is_one_undo_step_over_several_knobs(played):
    bound(played)
    played.patch.do(SetControl("other", CUTOFF, 20.0, 2000.0))
    played.patch.do(SetBinding("other", 21))
    before = played.patch.document
    for value in range(1, 128):
        played.control(20, value)
        played.control(21, 127 - value)
        if value % 10 == 0:
            played.hands.update()
    assert played.param("knob.value") == 1.0 and played.param(CUTOFF) == 20.0
    played.patch.undo()
    assert played.patch.document is before
    assert played.heard("knob") == [0.0]
    played.patch.redo()
    assert played.heard("knob") == [1.0]


def test_hands_that_rest_begin_another_step(played, monkeypatch):
    from nodegraph.control import changes as turning

    bound(played)
    played.control(20, 64)
    played.hands.update()
    monkeypatch.setattr(turning, "GESTURE_PAUSE", 0.0)
    played.control(20, 127)
    played.hands.update()
    played.patch.undo()
    assert played.param("knob.value") == pytest.approx(64 / 127, abs=1e-5)


def test_an_edit_in_between_is_a_step_of_its_own(played):
    bound(played)
    played.control(20, 10)
    played.hands.update()
    played.patch.set(CUTOFF, 500.0)
    played.control(20, 127)
    played.hands.update()
    played.patch.undo()
    assert played.patch.document.nodes["filter"].params["cutoff"] == 500.0


def test_one_lane_or_all_of_them(played):
    bound(played, "pair.value", 0.0, 127.0)
    played.control(20, 5)
    assert played.heard("pair") == [5.0, 5.0, 5.0]
    bound(played, "pair.value", 0.0, 127.0, lane=1)
    played.control(20, 9)
    assert played.heard("pair") == [5.0, 9.0, 5.0]
    assert played.param("pair.value") == [5.0, 9.0, 5.0]
    bound(played, "pair.value", 0.0, 127.0, lane=7)
    played.control(20, 100)
    assert played.param("pair.value") == [5.0, 9.0, 5.0]


@given(st.integers(0, 127), st.floats(30, 200), st.floats(300, 15000), st.sampled_from(["linear", "log"]))
def test_a_position_becomes_a_value_of_the_range(value, low, high, taper):
    played = bound(Played(patch_of(filter="ladder")), CUTOFF, low, high, taper)
    played.control(20, value)
    t = value / 127
    expected = low * (high / low) ** t if taper == "log" else low + (high - low) * t
    assert played.param(CUTOFF) == pytest.approx(expected, rel=1e-5, abs=1e-5 * (high - low))


def test_a_range_may_run_backwards_and_is_held_to_what_the_block_takes(played):
    bound(played, CUTOFF, 8000.0, 100.0)
    played.control(20, 127)
    assert played.param(CUTOFF) == 100.0
    bound(played, CUTOFF, 100.0, 1e6)
    played.control(20, 127)
    assert played.param(CUTOFF) == 20000.0


def test_only_the_channel_and_the_device_that_are_meant(played):
    bound(played, channel=2, device="nano")
    for port, channel, expected in (("nano 1", 1, 0.0), ("keys", 2, 0.0), ("nano 1", 2, 1.0)):
        played.control(20, 127, port, channel)
        assert played.param("knob.value") == expected


def test_fourteen_bits_are_finer_than_seven(played):
    bound(played, message="control_change_14", number=3, high=16383.0)
    played.control(3, 64)
    played.control(3 + FINE, 5)
    assert played.param("knob.value") == 64 * 128 + 5
    played.control(3, 127)
    played.control(3 + FINE, 127)
    assert played.param("knob.value") == 16383


def test_a_device_without_the_fine_part_reaches_the_end(played):
    bound(played, message="control_change_14", number=3)
    played.control(3, 127)
    assert played.param("knob.value") == 1.0


def test_bend_pressure_and_keys(played):
    bound(played, message="pitch_bend", low=-1.0)
    played.send(0xE0, 127, 127)
    assert played.param("knob.value") == 1.0
    played.send(0xE0, 0, 0)
    assert played.param("knob.value") == -1.0
    bound(played, message="channel_pressure")
    played.send(0xD0, 127)
    assert played.param("knob.value") == 1.0
    bound(played, message="note", number=60)
    played.send(0x90, 60, 127)
    assert played.param("knob.value") == 1.0
    played.send(0x80, 60, 64)
    assert played.param("knob.value") == 0.0


def test_a_toggle_changes_sides_with_every_press(played):
    bound(played, mode="toggle")
    found = []
    for value in (127, 0, 127, 0, 127, 127):
        played.control(20, value)
        found.append(played.param("knob.value"))
    assert found == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]


# -- encoders --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "one_up", "three_down"), [("relative_twos", 1, 125), ("relative_offset", 65, 61), ("relative_sign", 1, 67)]
)
def test_endless_encoders_turn_in_steps(played, mode, one_up, three_down):
    assert (encoder_steps(mode, one_up), encoder_steps(mode, three_down)) == (1, -3)
    bound(played, mode=mode, high=128.0)
    for _ in range(10):
        played.control(20, one_up)
    played.control(20, three_down)
    assert played.param("knob.value") == pytest.approx(7.0)
    for _ in range(100):
        played.control(20, three_down)
    assert played.param("knob.value") == 0.0


# -- takeover --------------------------------------------------------------------------------------------------


def test_pick_up_waits_for_the_knob_and_lets_go_when_something_else_turns(played):
    bound(played, takeover="pickup", high=127.0)
    played.patch.set("knob.value", 64.0)
    found = []
    for value in (10, 40, 60, 70, 20):
        played.control(20, value)
        found.append(played.param("knob.value"))
    assert found == [64.0, 64.0, 64.0, 70.0, 20.0]
    played.patch.set("knob.value", 100.0)
    played.control(20, 30)
    assert played.param("knob.value") == 100.0
    played.control(20, 120)
    assert played.param("knob.value") == 120.0


def test_scaling_never_jumps_and_meets_the_knob_at_the_ends(played):
    bound(played, takeover="scale", high=127.0)
    played.patch.set("knob.value", 100.0)
    found = []
    for value in (20, 21, 40, 80, 127):
        played.control(20, value)
        found.append(played.param("knob.value"))
    assert found[0] == 100.0 and found == sorted(found) and found[-1] == 127.0
    assert found[1] - found[0] < 1.0
    played.control(20, 64)
    assert played.param("knob.value") == pytest.approx(64.0, abs=1e-3)


positions = st.floats(0, 1)


@given(positions, st.lists(positions, min_size=2, max_size=30))
def test_scaling_stays_in_the_range_and_goes_where_the_hand_goes(value, moves):
    for before, position in zip(moves, moves[1:]):
        after = apply_takeover("scale", value, before, position, False)
        if after is not None:
            assert -1e-9 <= after <= 1 + 1e-9
            assert (after - value) * (position - before) >= -1e-12
            value = min(max(after, 0.0), 1.0)


@given(positions, st.none() | positions, positions)
def test_a_jump_jumps_and_a_pick_up_moves_only_when_met(value, before, position):
    assert apply_takeover("jump", value, before, position, False) == position
    picked = apply_takeover("pickup", value, before, position, False)
    assert picked in (None, position)
    assert apply_takeover("pickup", value, before, position, True) == position


# -- many ------------------------------------------------------------------------------------------------------


def test_a_flood_leaves_the_last_value_and_is_one_step(played):
    bound(played, high=127.0)
    before = played.patch.document
    for k in range(20_000):
        played.control(20, k % 128)
        if k % 1000 == 999:
            played.engine.run_samples(QUANTUM)
    last = (20_000 - 1) % 128
    assert played.heard("knob") == [last] and played.param("knob.value") == last
    played.patch.undo()
    assert played.patch.document is before


def test_an_engine_that_stands_still_loses_nothing_that_is_written_down(played):
    bound(played, high=127.0)
    for k in range(40_000):
        played.control(20, k % 128)
    last = (40_000 - 1) % 128
    assert played.param("knob.value") == last
    assert any("wait" in line for line in played.lines)
    played.engine.run_samples(QUANTUM)
    played.hands.update()
    assert played.heard("knob", quanta=100) == [last]
