"""Events reach blocks at their sample and in order; lost events are reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.engine.core import EngineError
from nodegraph.graph import GraphError, build_graph
from tests.rendering import QUANTUM, Offline, Stepper, engine_of, patch_of

SAMPLES = 10 * QUANTUM


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def tally_patch(*wires, output="tally.seen", **nodes):
    """Return a patch with a tally of external events, by default wired directly."""
    nodes = {"midi": "midi_in", "tally": "tally", "out": "audio_out"} | nodes
    return patch_of(*(wires or ("midi.out tally.events",)), f"{output} out.audio", **nodes)


def played(patch, messages, samples=SAMPLES, driver=Offline, port=""):
    """Return the output of a patch that receives messages at samples."""
    engine = driver(patch.document)
    for at, message in messages:
        engine.send(bytes(message), at, port)
    return engine.run_samples(samples)[:, 0]


def note(key=60, velocity=100, channel=1):
    return (0x90 | channel - 1, key, velocity)


times = st.integers(0, SAMPLES - 1)
keys = st.integers(0, 127)
sendings = st.lists(st.tuples(times, st.tuples(st.just(0x90), keys, keys)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(sendings)
def test_every_event_takes_effect_at_its_sample(messages):
    counted = played(tally_patch(), messages)
    at = np.array([at for at, _ in messages])
    assert np.array_equal(counted, [(at <= i).sum() for i in range(SAMPLES)])


@settings(max_examples=30, deadline=None)
@given(sendings)
def test_events_arrive_in_order_of_time_then_of_sending(messages):
    in_order = sorted(messages, key=lambda sending: sending[0])
    digest = 0
    for _, (status, data1, data2) in in_order:
        digest = (digest * 31 + status * 3 + data1 * 5 + data2 * 7 + data1 * 1000) % 65521
    assert played(tally_patch(output="tally.digest"), messages)[-1] == digest


@settings(max_examples=15, deadline=None)
@given(sendings)
def test_stepper_and_short_runs_give_the_same_samples(messages):
    patch = tally_patch("midi.out twice.events", "midi.out tally.events", "twice.out tally.events",
                      output="tally.digest", twice="burst")  # fmt: skip
    whole = played(patch, messages)
    assert np.array_equal(whole, played(patch, messages, driver=Stepper))
    engine = Offline(patch.document)
    for at, message in messages:
        engine.send(bytes(message), at)
    pieces = [engine.run_samples(count) for count in (1, QUANTUM, 37, SAMPLES - QUANTUM - 38)]
    assert np.array_equal(whole, np.concatenate(pieces)[:, 0])


def test_late_events_take_effect_immediately_and_in_order():
    engine = Offline(tally_patch(output="tally.digest").document)
    engine.run_samples(QUANTUM)
    for at, message in ((50, note(1)), (3, note(2)), (0, note(3))):
        engine.send(bytes(message), at)
    now = Offline(tally_patch(output="tally.digest").document)
    for message in (note(1), note(2), note(3)):
        now.send(bytes(message))
    assert engine.run_samples(QUANTUM)[0, 0] == now.run_samples(QUANTUM)[0, 0] != 0


def test_events_sent_out_of_order_are_sorted():
    messages = [(5, note(1)), (9, note(2)), (70, note(3))]
    patch = tally_patch("midi.out back.events", "back.out tally.events", output="tally.digest", back="backwards")
    assert np.array_equal(played(patch, messages), played(tally_patch(output="tally.digest"), messages))


def test_event_wires_are_merged_in_order_of_time():
    patch = tally_patch("a.out tally.events", "b.out tally.events", output="tally.digest",
                      a=("midi_in", {"channel": 1}), b=("midi_in", {"channel": 2}))  # fmt: skip
    one_by_one = [(at, note(at % 128, channel=1 + at % 2)) for at in range(0, SAMPLES, 5)]
    assert np.array_equal(played(patch, one_by_one), played(tally_patch(output="tally.digest"), one_by_one))
    together = [(8, note(k, channel=2 - k)) for k in (0, 1)]  # at the same sample the first wire comes first
    in_order = [(8, note(k, channel=2 - k)) for k in (1, 0)]
    assert played(patch, together)[-1] == played(tally_patch(output="tally.digest"), in_order)[-1]


@pytest.mark.parametrize("port", ["", "key", "KEYBOARD"])
def test_block_receives_ports_that_match_by_substring(port):
    patch = tally_patch(midi=("midi_in", {"port": port}))
    assert played(patch, [(0, note())], port="My Keyboard 1")[-1] == 1
    assert played(patch, [(0, note())], port="Drums")[-1] == (0 if port else 1)


def test_block_receives_a_port_that_is_added_later():
    engine = engine_of(patch := tally_patch(midi=("midi_in", {"port": "late"})))
    for k in range(70):  # more ports than numbers
        engine.send(bytes(note()), port=f"port {k}")
    engine.run_samples(2 * QUANTUM)
    assert engine.run_samples(QUANTUM)[-1, 0] == 0
    engine = engine_of(patch)
    engine.run_samples(QUANTUM)
    engine.send(bytes(note()), port="a late port")
    assert engine.run_samples(2 * QUANTUM)[-1, 0] == 1


# -- overflow ------------------------------------------------------------------------------------------------


def test_events_beyond_the_limit_of_a_quantum_come_in_the_next():
    counted = played(tally_patch(), [(0, note())] * 1000, samples=20 * QUANTUM)
    assert counted[-1] == 1000
    assert (np.diff(counted[::QUANTUM]) > 0).sum() >= 3


def test_full_event_wire_continues_in_the_next_quantum():
    patch = tally_patch("midi.out many.events", "many.out tally.events", many=("burst", {"times": 400}))
    counted = played(patch, [(3, note())])
    assert [counted[2], counted[3], counted[QUANTUM - 1], counted[QUANTUM]] == [0, 256, 256, 400]


def test_events_lost_on_a_wire_are_counted_and_reported():
    patch = tally_patch("midi.out many.events", "many.out tally.events", many=("burst", {"times": 1000}))
    engine = engine_of(patch)
    engine.send(bytes(note()))
    assert engine.run_samples(SAMPLES)[-1, 0] == 512
    (problem,) = engine.problems()
    assert problem == "many: 488 events were lost: the event wire was full. Send fewer events at the same time."


def test_twenty_thousand_events_a_second_all_arrive():
    rate, seconds = 44100, 2
    at = np.sort(np.random.default_rng(1).integers(0, rate * seconds, 20_000 * seconds))
    counted = played(tally_patch(), [(int(t), note()) for t in at], samples=rate * seconds)
    assert np.array_equal(counted, np.searchsorted(at, np.arange(rate * seconds), side="right"))


def test_events_far_ahead_do_not_fill_the_ring():
    engine = engine_of(tally_patch())
    for k in range(40_000):
        engine.send(bytes(note()), 10**9 + k)
    for k in range(100):
        engine.send(bytes(note()), k)
    assert engine.run_samples(SAMPLES)[-1, 0] == 100
    assert engine.arrivals.pending_count == 40_000


def test_sending_to_a_full_ring_raises_an_error():
    engine = engine_of(tally_patch())
    with pytest.raises(EngineError, match="too many messages are queued; run the engine"):
        for _ in range(40_000):
            engine.send(bytes(note()))


@pytest.mark.parametrize("message", [b"", b"\x90\x40", b"\x40\x40\x40", b"\xf8\x01", b"\xf4", b"\x90\x40\x40\x40"])
def test_incomplete_message_is_refused(message):
    with pytest.raises(EngineError, match="not a complete MIDI message"):
        engine_of(tally_patch()).send(message)


def test_system_exclusive_messages_are_ignored():
    assert played(tally_patch(), [(0, (0xF0, 1, 2, 3, 0xF7))])[-1] == 0


# -- in the graph --------------------------------------------------------------------------------------------


def test_loop_through_event_wires_is_refused():
    patch = patch_of("a.out b.events", "b.out ~ a.events", a="burst", b="burst", checked=False)
    with pytest.raises(GraphError, match="carries events and cannot be a feedback wire"):
        build_graph(patch.document)


def test_event_block_in_a_signal_loop_is_refused():
    patch = patch_of("tally.through tally.audio", tally="tally")
    patch.disconnect("tally.through", "tally.audio")
    patch.connect("tally.through", "tally.audio", feedback=True)
    with pytest.raises(GraphError, match="tally 'tally' computes whole blocks and cannot be in the loop"):
        build_graph(patch.document)


def test_event_wire_does_not_fit_a_signal():
    patch = patch_of("midi.out out.audio", midi="midi_in", out="audio_out", checked=False)
    with pytest.raises(GraphError, match="gives events at 'out', but audio_out 'out' takes signal at 'audio'"):
        build_graph(patch.document)


def test_placeholder_sends_nothing():
    patch = tally_patch("strange.out tally.events", strange="not_a_block", checked=False)
    assert not played(patch, [(0, note())]).any()


@pytest.mark.parametrize("late", [1, 63, 64, 1000])
def test_events_are_delayed_to_align_with_slower_signals(late):
    at = 150
    patch = tally_patch("x.out late.audio", "late.out tally.audio", "midi.out tally.events", x="audio_in",
                      late=("late", {"samples": late}))  # fmt: skip
    signal = (np.arange(3000) >= at).astype(np.float32)
    sounds = []
    for port_ref in ("tally.seen", "tally.through"):
        wire = patch.document.wires[-1]
        patch.disconnect(wire.source_ref, wire.target_ref)
        patch.connect(port_ref, "out.audio")
        engine = Offline(patch.document, inputs={"x": signal})
        engine.send(bytes(note()), at)
        sounds.append(engine.run_samples(2000)[:, 0])
    assert np.array_equal(*sounds) and np.argmax(sounds[0]) == at + late


# -- edits while playing -------------------------------------------------------------------------------------


def test_edit_elsewhere_loses_no_event():
    patch = tally_patch("midi.out many.events", "many.out tally.events", many=("burst", {"times": 300}))
    engine = engine_of(patch)
    engine.send(bytes(note()))
    first = engine.run_samples(QUANTUM)[-1, 0]
    patch.add("sine")
    assert (first, engine.run_samples(QUANTUM)[-1, 0]) == (256, 300)


def test_delayed_events_survive_an_edit():
    patch = tally_patch("x.out late.audio", "late.out tally.audio", "midi.out tally.events", x="audio_in",
                      late=("late", {"samples": 200}))  # fmt: skip
    engine = engine_of(patch)
    engine.send(bytes(note()), 10)
    sound = [engine.run_samples(QUANTUM)]
    patch.add("sine")
    sound.append(engine.run_samples(300))
    assert np.argmax(np.concatenate(sound)[:, 0]) == 210


def test_disconnecting_an_event_source_ends_its_notes():
    patch = tally_patch(output="notes.gate", notes=("notes", {"voices": 1}))
    patch.connect("midi.out", "notes.events")
    engine = engine_of(patch)
    engine.send(bytes(note()))
    engine.send(bytes((0xB0, 64, 127)))
    assert engine.run_samples(QUANTUM)[-1, 0] == 1
    patch.add("midi_in", id="another")
    patch.connect("another.out", "notes.events")
    assert engine.run_samples(QUANTUM)[-1, 0] == 1, "a new source ends no notes"
    patch.disconnect("midi.out", "notes.events")
    assert engine.run_samples(QUANTUM)[-1, 0] == 0
    engine.send(bytes(note()))
    assert engine.run_samples(4 * QUANTUM)[-1, 0] == 1


@pytest.mark.parametrize("others", [[], ["another"]], ids=["one wire", "two wires"])
def test_note_is_held_while_its_source_is_renamed(others):
    patch = patch_of("midi.out notes.events", "notes.gate out.audio", midi="midi_in", notes="notes", out="audio_out")
    for id in others:
        patch.add("midi_in", id=id)
        patch.connect(f"{id}.out", "notes.events")
    engine = engine_of(patch)
    engine.send(bytes(note()))
    assert engine.run_samples(8 * QUANTUM)[-1, 0] == 1
    patch.rename("midi", "keyboard")
    assert (engine.run_samples(4 * QUANTUM)[:, 0] == 1).all()


def test_single_event_wire_needs_no_copy():
    assert [row.kernel for row in engine_of(tally_patch()).plan.rows] == ["midi_in", "tally", "mix"]


@pytest.mark.parametrize("seed", range(6))
def test_no_note_hangs_after_random_edits_of_wires_under_held_keys(seed):
    """Wires between ports, effects and voices change while keys are down. After all keys are released, it is silent."""
    rng = np.random.default_rng(seed)
    chain = ["a", "b", "move", "chords", "low", "notes"]
    patch = patch_of("a.out notes.events", "notes.gate sum.audio", "sum.out out.audio", a=("midi_in", {"channel": 1}),
                     b="midi_in", move=("transpose_notes", {"semitones": 5.0}), chords="chord",
                     low=("note_filter", {"high_key": 64}), notes=("notes", {"voices": 6}), sum="sum_lanes",
                     out="audio_out")  # fmt: skip
    engine = engine_of(patch)
    down = set()
    for _ in range(150):
        source, target = sorted(rng.choice(len(chain), 2, replace=False))
        refs = f"{chain[source]}.out", f"{chain[target]}.events"
        if target >= 2:
            wired = any((wire.source_ref, wire.target_ref) == refs for wire in patch.document.wires)
            (patch.disconnect if wired else patch.connect)(*refs)
        for _ in range(3):
            key, channel = int(rng.integers(40, 80)), int(rng.integers(1, 3))
            if (key, channel) in down or len(down) > 5:
                key, channel = down.pop()
                engine.send(bytes((0x80 | channel - 1, key, 64)))
            else:
                down.add((key, channel))
                engine.send(bytes(note(key, channel=channel)))
        engine.run_samples(int(rng.integers(1, 5)) * QUANTUM)
    for key, channel in down:
        engine.send(bytes((0x80 | channel - 1, key, 64)))
    assert engine.run_samples(SAMPLES)[-1, 0] == 0
    assert not engine.problems()
