"""MIDI learn, and bindings with their range, taper, mode and takeover."""

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
    """Add a control with this range, bound to CC 20 by default."""
    played.patch.do(SetControl("control", target, low, high, taper, lane=lane))
    played.patch.do(SetBinding("control", **({"number": 20} | binding)))
    return played


# -- learning --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "low", "found"), [(16, None, 16), (16, 200.0, 16), ((100.0, 300.0), None, (100.0, 300.0)),
                                ((100.0, 300.0), 200.0, None)]
)  # fmt: skip
def test_learn_keeps_the_steps_that_fit_the_range(played, steps, low, found):
    played.patch.do(SetControl("bright", CUTOFF, 100.0, 1000.0, steps=steps))
    played.connections.bindings.learn(LearnRequest(CUTOFF, low=low))
    played.control(74, 64)
    played.connections.update()
    assert played.patch.document.controls["bright"].steps == found


def test_learn_binds_the_next_control_that_is_moved(played):
    played.connections.bindings.learn(LearnRequest(CUTOFF, low=100.0, high=10000.0, taper="log", takeover="pickup"))
    assert played.connections.bindings.learning is not None
    played.control(74, 64, channel=3)
    assert played.connections.bindings.learning is None
    [line] = played.connections.update()
    assert line == "CC 74, channel 3 of 'keys' sets filter.cutoff."
    [control] = played.patch.document.controls.values()
    assert (control.target, control.min, control.max, control.taper) == (CUTOFF, 100.0, 10000.0, "log")
    assert (control.midi.number, control.midi.channel, control.midi.takeover) == (74, 3, "pickup")
    played.control(74, 64, channel=3)
    assert played.param(CUTOFF) == pytest.approx(100.0 * 100.0 ** (64 / 127), rel=1e-5)
    assert describe_binding(control.midi) == "CC 74, channel 3"


def test_learned_binding_is_one_undo_step_and_is_saved(played, tmp_path):
    before = played.patch.document
    played.connections.bindings.learn(LearnRequest(CUTOFF))
    played.control(74, 64)
    played.connections.update()
    played.patch.save(tmp_path / "learnt.json")
    assert Patch.load(tmp_path / "learnt.json").document.controls == played.patch.document.controls
    played.patch.undo()
    assert played.patch.document is before


def test_learning_again_replaces_the_binding_of_the_control(played):
    for number in (74, 75):
        played.connections.bindings.learn(LearnRequest(CUTOFF, low=50.0))
        played.control(number, 1)
        played.connections.update()
    [control] = played.patch.document.controls.values()
    assert control.midi.number == 75 and control.min == 50.0


def test_several_requests_are_learned_in_order(played):
    played.connections.bindings.learn(
        LearnRequest(CUTOFF), LearnRequest("filter.resonance"), LearnRequest("button.pressed")
    )
    for value in range(10):
        played.control(74, value)
    played.send(0xE0, 0, 64)
    played.send(0x80, 60, 0)  # note-off messages are ignored
    played.send(0x90, 60, 100)
    played.connections.update()
    found = {control.target: describe_binding(control.midi) for control in played.patch.document.controls.values()}
    assert found == {
        CUTOFF: "CC 74, channel 1",
        "filter.resonance": "pitch bend, channel 1",
        "button.pressed": "note 60, channel 1",
    }


def test_learning_can_be_cancelled_and_a_binding_removed(played):
    played.connections.bindings.learn(LearnRequest(CUTOFF))
    played.connections.bindings.learn()
    played.control(74, 64)
    played.connections.update()
    assert not played.patch.document.controls
    bound(played, CUTOFF, None, None)
    played.patch.do(unbind(played.patch.document, CUTOFF))
    played.control(20, 0)
    assert played.param(CUTOFF) == 1000.0
    assert unbind(played.patch.document, CUTOFF) is None


def test_learn_rejects_a_missing_parameter(played):
    for target, words in (("filter.cutof", "Did you mean 'cutoff'"), ("flter.cutoff", "Did you mean 'filter'")):
        with pytest.raises(PatchError, match=words):
            played.connections.bindings.learn(LearnRequest(target))


def test_node_removed_during_learning_is_reported(played):
    played.connections.bindings.learn(LearnRequest(CUTOFF))
    played.control(74, 64)
    played.patch.remove("filter")
    [line] = played.connections.update()
    assert "unknown node 'filter'" in line


# -- control changes -------------------------------------------------------------------------------------------


def test_control_change_reaches_the_output_before_the_document(played):
    bound(played, high=10.0)
    played.control(20, 127)
    assert played.output_values("knob") == [10.0]
    assert played.patch.document.nodes["knob"].params["value"] == 0.0
    assert played.param("knob.value") == 10.0


def test_gesture_on_several_controls_is_one_undo_step(played):
    bound(played)
    played.patch.do(SetControl("other", CUTOFF, 20.0, 2000.0))
    played.patch.do(SetBinding("other", 21))
    before = played.patch.document
    for value in range(1, 128):
        played.control(20, value)
        played.control(21, 127 - value)
        if value % 10 == 0:
            played.connections.update()
    assert played.param("knob.value") == 1.0 and played.param(CUTOFF) == 20.0
    played.patch.undo()
    assert played.patch.document is before
    assert played.output_values("knob") == [0.0]
    played.patch.redo()
    assert played.output_values("knob") == [1.0]


def test_pause_starts_another_undo_step(played, monkeypatch):
    from nodegraph.control import changes

    bound(played)
    played.control(20, 64)
    played.connections.update()
    monkeypatch.setattr(changes, "GESTURE_PAUSE", 0.0)
    played.control(20, 127)
    played.connections.update()
    played.patch.undo()
    assert played.param("knob.value") == pytest.approx(64 / 127, abs=1e-5)


def test_edit_between_control_changes_is_a_separate_undo_step(played):
    bound(played)
    played.control(20, 10)
    played.connections.update()
    played.patch.set(CUTOFF, 500.0)
    played.control(20, 127)
    played.connections.update()
    played.patch.undo()
    assert played.patch.document.nodes["filter"].params["cutoff"] == 500.0


def test_control_sets_one_lane_or_all_lanes(played):
    bound(played, "pair.value", 0.0, 127.0)
    played.control(20, 5)
    assert played.output_values("pair") == [5.0, 5.0, 5.0]
    bound(played, "pair.value", 0.0, 127.0, lane=1)
    played.control(20, 9)
    assert played.output_values("pair") == [5.0, 9.0, 5.0]
    assert played.param("pair.value") == [5.0, 9.0, 5.0]
    bound(played, "pair.value", 0.0, 127.0, lane=7)
    played.control(20, 100)
    assert played.param("pair.value") == [5.0, 9.0, 5.0]


@given(st.integers(0, 127), st.floats(30, 200), st.floats(300, 15000), st.sampled_from(["linear", "log"]))
def test_position_maps_to_the_range_and_taper(value, low, high, taper):
    played = bound(Played(patch_of(filter="ladder")), CUTOFF, low, high, taper)
    played.control(20, value)
    t = value / 127
    expected = low * (high / low) ** t if taper == "log" else low + (high - low) * t
    assert played.param(CUTOFF) == pytest.approx(expected, rel=1e-5, abs=1e-5 * (high - low))


def test_range_may_be_inverted_and_is_clamped_to_the_input(played):
    bound(played, CUTOFF, 8000.0, 100.0)
    played.control(20, 127)
    assert played.param(CUTOFF) == 100.0
    bound(played, CUTOFF, 100.0, 1e6)
    played.control(20, 127)
    assert played.param(CUTOFF) == 20000.0


def test_binding_matches_channel_and_device(played):
    bound(played, channel=2, device="nano")
    for port, channel, expected in (("nano 1", 1, 0.0), ("keys", 2, 0.0), ("nano 1", 2, 1.0)):
        played.control(20, 127, port, channel)
        assert played.param("knob.value") == expected


def test_14_bit_control_change_has_full_resolution(played):
    bound(played, message="control_change_14", number=3, high=16383.0)
    played.control(3, 64)
    played.control(3 + FINE, 5)
    assert played.param("knob.value") == 64 * 128 + 5
    played.control(3, 127)
    played.control(3 + FINE, 127)
    assert played.param("knob.value") == 16383


def test_14_bit_binding_works_without_low_bits(played):
    bound(played, message="control_change_14", number=3)
    played.control(3, 127)
    assert played.param("knob.value") == 1.0


def test_pitch_bend_pressure_and_notes_set_parameters(played):
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


def test_toggle_changes_with_every_press(played):
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
def test_endless_encoder_changes_the_value_in_steps(played, mode, one_up, three_down):
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


def test_pickup_waits_for_the_control_again_after_another_change(played):
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


def test_scaled_takeover_never_jumps_and_reaches_the_ends(played):
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
def test_scaled_takeover_stays_in_range_and_follows_the_direction(value, path):
    for before, position in zip(path, path[1:]):
        after = apply_takeover("scale", value, before, position, False)
        if after is not None:
            assert -1e-9 <= after <= 1 + 1e-9
            assert (after - value) * (position - before) >= -1e-12
            value = min(max(after, 0.0), 1.0)


@given(positions, st.none() | positions, positions)
def test_jump_sets_the_position_and_pickup_only_when_crossed(value, before, position):
    assert apply_takeover("jump", value, before, position, False) == position
    picked = apply_takeover("pickup", value, before, position, False)
    assert picked in (None, position)
    assert apply_takeover("pickup", value, before, position, True) == position


# -- high rates ------------------------------------------------------------------------------------------------


def test_many_control_changes_leave_the_last_value_in_one_undo_step(played):
    bound(played, high=127.0)
    before = played.patch.document
    for k in range(20_000):
        played.control(20, k % 128)
        if k % 1000 == 999:
            played.engine.run_samples(QUANTUM)
    last = (20_000 - 1) % 128
    assert played.output_values("knob") == [last] and played.param("knob.value") == last
    played.patch.undo()
    assert played.patch.document is before


def test_stopped_engine_does_not_lose_committed_values(played):
    bound(played, high=127.0)
    for k in range(40_000):
        played.control(20, k % 128)
    last = (40_000 - 1) % 128
    assert played.param("knob.value") == last
    assert any("are queued" in line for line in played.lines)
    played.engine.run_samples(QUANTUM)
    played.connections.update()
    assert played.output_values("knob", quanta=100) == [last]
