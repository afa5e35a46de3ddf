"""Edits while playing: migrated state, crossfades, and a bound of the largest step.

The bound: a changed port is crossfaded linearly from its last value to the new signal within 441 samples. Between two
samples it moves by the step of the new signal, plus 1/441 of the gap at the edit. The signals here are sums of sines
below 500 Hz with a total amplitude of 1, which move by at most 2π·500/44100 = 0.072; the gap is at most 2. Each port in
a chain that changes in the same edit adds one such term. So no step may exceed 0.072 + 2 · 2/441 = 0.081 (two ports);
without crossfades an edit would step by up to 2.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from nodegraph.patch import AddNode, Connect, Group
from tests.engine.storm import random_edits, sounding_patch
from tests.rendering import QUANTUM, Offline, engine_of, largest_step, patch_of, ramp, sound_of

FASTEST = 2 * np.pi * 500 / 44100
BOUND = FASTEST + 2 * 2 / 441


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def play(patch, *edits, samples=2048):
    """Return the output of a patch with an edit after each chunk of samples."""
    engine = engine_of(patch)
    sound = [engine.run_samples(samples)]
    for edit in edits:
        edit(patch)
        sound.append(engine.run_samples(samples))
    return np.vstack(sound)


# -- migrated state ------------------------------------------------------------------------------------------


def tone(**more):
    return patch_of("osc.out out.audio", osc=("sine", {"frequency": 123.0}), out="audio_out", **more)


def echo():
    return patch_of("x.out late.audio", "late.out out.audio", x="audio_in", late=("sample_delay", {"samples": 1500}),
                    out="audio_out")  # fmt: skip


EDITS_ELSEWHERE = {
    "add": lambda patch: patch.add("saw", id="other"),
    "add a muted source": lambda patch: patch.do(
        Group((AddNode("o", "saw"), AddNode("z", "multiply", 1, {"b": 0.0}), Connect("o.out", "z.a")))
    ),
    "remove": lambda patch: patch.remove("spare"),
    "wire": lambda patch: patch.connect("spare.out", "spare2.frequency"),
    "set": lambda patch: patch.set("spare.frequency", 5.0),
    "choose": lambda patch: patch.set("spare2.quality", "naive"),
    "move": lambda patch: patch.move("osc", 5, 5),
    "close a loop": lambda patch: patch.connect("spare2.out", "spare2.fm", feedback=True),
}


@pytest.mark.parametrize("edit", EDITS_ELSEWHERE)
def test_edit_elsewhere_leaves_a_signal_bit_identical(edit):
    sounds = [play(tone(spare="sine", spare2="saw"), e) for e in (lambda patch: None, EDITS_ELSEWHERE[edit])]
    assert np.array_equal(*sounds)


def test_delay_line_migrates():
    patch = echo()
    engine = engine_of(patch, inputs={"x": ramp(4000)})
    sound = [engine.run_samples(1000)]
    patch.add("sine")
    sound.append(engine.run_samples(3000))
    found = np.vstack(sound)
    assert np.array_equal(found[1500:], ramp(2500)) and not found[:1500].any()


@pytest.mark.parametrize("width", ["gained", "lost"])
def test_common_lanes_migrate_when_the_lane_count_changes(width):
    patch = tone()
    narrow, wide = 123.0, [123.0, 77.0]
    patch.set("osc.frequency", narrow if width == "gained" else wide)
    engine = engine_of(patch, channels=2)
    engine.run_samples(2048)
    patch.set("osc.frequency", wide if width == "gained" else narrow)
    engine.run_samples(2048)
    t = np.arange(4096, 5120) / 44100
    assert np.abs(engine.run_samples(1024)[:, 0] - np.sin(2 * np.pi * 123 * t)).max() < 1e-5


def test_node_keeps_its_phase_when_it_is_packed_and_unpacked():
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 123.0}), out="audio_out")
    engine, sound = engine_of(patch), []
    for k in range(12):
        sound.append(engine.run_samples(256))
        patch.add("sine", id=f"s{k}", frequency=300.0)
    assert [row.lanes for row in engine.plan.rows if row.kernel == "sine"] == [13]
    for k in reversed(range(12)):
        sound.append(engine.run_samples(256))
        patch.remove(f"s{k}")
    assert np.array_equal(np.vstack(sound), sound_of(tone(), 24 * 256))


def test_state_migrates_bit_for_bit_with_every_driver():
    from tests.rendering import Stepper

    for driver in (Offline, Stepper):
        patch = patch_of("b.out out.audio", b="bits", out="audio_out")
        engine = engine_of(patch, driver)
        for _ in range(3):
            assert (engine.run_samples(64) == 1.0).all()
            patch.add("sine")


def test_last_sample_of_a_loop_migrates():
    patch = patch_of(
        "one.out sum.a", "sum.out ~ sum.b", "sum.out out.audio",
        one=("constant", {"value": 1.0}), sum="add", out="audio_out",
    )  # fmt: skip
    assert np.array_equal(play(patch, lambda p: p.add("sine"), samples=640)[:, 0], np.arange(1, 1281))


def test_delay_starts_empty_when_its_line_changes_length():
    patch = patch_of("osc.out d.audio", "d.out out.audio", osc="sine", d=("delay", {"time": 0.01}), out="audio_out")
    engine = engine_of(patch)
    engine.run_samples(40000)
    for longest in (0.1, 5.0, 0.02):
        patch.set("d.max_time", longest)
        sound = engine.run_samples(40000)
    assert np.abs(sound).max() <= 1.0
    expected = np.sin(2 * np.pi * 440 * (np.arange(120000, 160000) - 441) / 44100)
    assert np.abs(sound[1000:, 0] - expected[1000:]).max() < 1e-4


# -- crossfades ----------------------------------------------------------------------------------------------


def voices():
    """Return a patch of three sines below 500 Hz with a total amplitude of 1, through a gain."""
    return patch_of(
        "a.out mix.a", "b.out mix.b", "c.out mix.c", "mix.out gain.a", "gain.out out.audio",
        a=("sine", {"frequency": 490.0, "amplitude": 0.4}), b=("sine", {"frequency": 333.0, "amplitude": 0.4}),
        c=("sine", {"frequency": 111.0, "amplitude": 0.2}), mix="mixer", gain="multiply", out="audio_out",
    )  # fmt: skip


STEPS = {
    "remove a source": [lambda p: p.remove("a")],
    "remove a source and undo": [lambda p: p.remove("a"), lambda p: p.undo()],
    "remove the node in the middle": [lambda p: p.remove("gain")],
    "bypass the node in the middle": [lambda p: p.remove("gain"), lambda p: p.connect("mix.out", "out.audio")],
    "remove the output": [lambda p: p.remove("out")],
    "remove the output and undo": [lambda p: p.remove("out"), lambda p: p.undo()],
    "a second output": [lambda p: p.add("audio_out", id="two"), lambda p: p.disconnect("gain.out", "out.audio"),
                        lambda p: p.connect("gain.out", "two.audio"), lambda p: p.remove("out")],
    "reconnect": [lambda p: p.disconnect("gain.out", "out.audio"), lambda p: p.connect("gain.out", "out.audio")],
    "reconnect after other edits": [lambda p: p.disconnect("gain.out", "out.audio"), lambda p: p.add("saw"),
                                  lambda p: p.add("saw"), lambda p: p.connect("gain.out", "out.audio")],
    "a new source": [lambda p: p.add("sine", id="d", frequency=400.0, amplitude=0.4), lambda p: p.remove("b"),
                     lambda p: p.connect("d.out", "mix.b")],
    "another path": [lambda p: p.disconnect("mix.out", "gain.a"), lambda p: p.connect("a.out", "gain.a")],
    "modulate the gain": [lambda p: p.connect("c.out", "gain.b"), lambda p: p.disconnect("c.out", "gain.b")],
    "insert a filter": [lambda p: p.add("one_pole", id="f"), lambda p: p.connect("mix.out", "f.audio"),
                        lambda p: p.disconnect("mix.out", "gain.a"), lambda p: p.connect("f.out", "gain.a")],
    "twice as many lanes": [lambda p: p.set("c.amplitude", [0.2, 0.0]), lambda p: p.set("c.amplitude", 0.2)],
    "set": [lambda p: p.set("gain.b", -1.0), lambda p: p.set("gain.b", 1.0)],
    "set and remove": [lambda p: p.set("gain.b", 0.0), lambda p: p.remove("a")],
    "set a list": [lambda p: p.set("gain.b", [1.0, -1.0]), lambda p: p.set("gain.b", 1.0)],
}  # fmt: skip


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(
    "samples", [2048, 192, 64, 0], ids=["at rest", "while crossfading", "next quantum", "immediately"]
)
def test_edits_make_no_step(steps, samples):
    patch = voices()
    engine = engine_of(patch, channels=2)
    sound = [engine.run_samples(3000)]
    for edit in STEPS[steps]:
        edit(patch)
        sound.append(engine.run_samples(samples))
    sound.append(engine.run_samples(2048))
    assert largest_step(np.vstack(sound)) <= BOUND


def test_output_after_a_crossfade_is_that_of_the_new_patch():
    found = play(voices(), lambda p: p.remove("b"))[-1024:]
    rest = voices()
    rest.remove("b")
    assert np.abs(found - sound_of(rest, 4096)[-1024:]).max() < 1e-6


def test_only_the_port_with_changed_wires_is_crossfaded():
    patch = voices()
    engine = engine_of(patch)
    engine.run_samples(640)
    patch.remove("b")
    assert [row.kernel for row in engine.plan.rows].count("crossfade") == 1
    for count in (1, 0):  # it ends during the first of these plans, so the second one has none
        engine.run_samples(640)
        patch.add("sine")
        assert [row.kernel for row in engine.plan.rows].count("crossfade") == count


def test_crossfade_continues_through_an_edit_elsewhere():
    def cut(patch):
        patch.disconnect("a.out", "mix.a")

    sounds = [play(voices(), cut, e, samples=192) for e in (lambda p: None, lambda p: p.add("saw"))]
    assert np.array_equal(*sounds)


def test_unsmoothed_input_is_not_crossfaded():
    """A gate must not have values between on and off."""
    patch = patch_of(
        "k.out gate.value",
        "gate.out out.audio",
        k=("constant", {"value": 1.0}),
        gate="steps",
        out="audio_out",
    )
    sound = play(patch, lambda p: p.disconnect("k.out", "gate.value"), samples=640)
    assert np.array_equal(sound[:, 0], np.arange(1280) < 640)


# -- refused edits, many edits -------------------------------------------------------------------------------


def test_refused_edit_changes_nothing_and_the_next_edit_is_applied():
    patch = tone()
    engine = engine_of(patch)
    before = engine.plan
    with pytest.raises(Exception, match="loop"):
        patch.connect("osc.out", "osc.pm")
    assert engine.plan is before
    patch.undo()
    patch.set("osc.amplitude", 0.5)
    assert engine.run_samples(88200)[44100:].max() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_edits_leave_a_finite_output_and_the_right_plan(seed):
    patch = sounding_patch(30, seed)
    engine = engine_of(patch)
    for _ in random_edits(patch, 300, seed):
        assert np.isfinite(engine.run_samples(QUANTUM)).all()
    fresh = Offline(patch.document)
    engine.run_samples(QUANTUM)
    assert [r.kernel for r in fresh.plan.rows if r.places] == [r.kernel for r in engine.plan.rows if r.places]
    assert len(engine._retired) <= 1


def test_helpers_of_a_failed_plan_are_closed(monkeypatch):
    from nodegraph.native.build import KernelError
    from nodegraph.plan import compile as compiling
    from nodes.meters import TapBuffer

    def fail(builder):
        raise KernelError("no kernel")

    closed = []
    monkeypatch.setattr(TapBuffer, "close", lambda ring: closed.append(ring))
    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    engine = engine_of(patch)
    monkeypatch.setattr(compiling, "place_bus", fail)
    with pytest.raises(KernelError):
        patch.add("scope_tap")
    assert len(closed) == 1 and not engine.helpers


def test_retired_plans_are_freed_without_the_garbage_collector():
    """Plans use megabytes of memory, and a garbage collection delays edits."""
    patch = sounding_patch(20, 9)
    engine = engine_of(patch)
    plans = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            patch.add("sine")
            engine.run_samples(QUANTUM)
            plans.append(weakref.ref(engine.plan))
    finally:
        gc.enable()
    assert [plan() is not None for plan in plans] == [False, False, False, True, True]
