"""A node that outputs NaN or Inf is muted, reported and can be unmuted; all others keep playing."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine.core import Fault
from tests.rendering import Stepper, engine_of, patch_of, sound_of

SAMPLES = 640


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def tone_and_fragile(gives="nan"):
    return patch_of(
        "tone.out out.audio", "tone.out bad.audio", "bad.out out.audio", tone="sine", bad=("fragile", {"gives": gives}),
        out="audio_out",
    )  # fmt: skip


def tone_alone():
    return sound_of(patch_of("tone.out out.audio", tone="sine", out="audio_out"), 4 * SAMPLES)


@pytest.mark.parametrize("gives", ["nan", "inf"])
@pytest.mark.parametrize("at", [0, 63, 100])
def test_faulty_node_is_muted_from_its_quantum_and_reported(gives, at):
    engine = engine_of(tone_and_fragile(gives))
    engine.set_parameter("bad", "broken", 1.0, at=at)
    sound, alone = engine.run_samples(SAMPLES), tone_alone()
    muted = at // 64 * 64
    assert np.array_equal(sound[:muted], 2 * alone[:muted])
    assert np.array_equal(sound[muted:], alone[muted:SAMPLES])
    assert engine.faults() == [Fault("bad", 0)] and engine.fault_count == 1


def test_stepper_mutes_the_same_samples():
    sounds = []
    for driver in (None, Stepper):
        engine = engine_of(tone_and_fragile(), **({"driver": driver} if driver else {}))
        engine.set_parameter("bad", "broken", 1.0, at=70)
        sounds.append(engine.run_samples(256))
        assert engine.faults() == [Fault("bad", 0)]
    assert np.array_equal(*sounds)


def test_setting_a_parameter_unmutes_a_faulty_node():
    engine = engine_of(tone_and_fragile())
    engine.set_parameter("bad", "broken", 1.0)
    engine.run_samples(SAMPLES)
    engine.set_parameter("bad", "broken", 0.6)
    engine.run_samples(SAMPLES)
    assert engine.faults() == [Fault("bad", 0)]
    engine.set_parameter("bad", "broken", 0.0)
    sound = engine.run_samples(SAMPLES)
    assert engine.faults() == []
    assert np.array_equal(sound, 2 * tone_alone()[2 * SAMPLES : 3 * SAMPLES])


def test_unmuted_node_starts_from_its_initial_state():
    patch = patch_of("c.out bad.audio", "bad.out out.audio", c="constant", bad="fragile", out="audio_out")
    engine = engine_of(patch, Stepper)
    engine.set_parameter("bad", "broken", 1.0, at=100)
    engine.run_samples(256)
    assert engine.plan.rows[1].kernel == "fragile"
    engine.set_parameter("bad", "broken", 0.0)
    assert (engine.run_samples(64) == 1.0).all()


def bank(fragile=16):
    patch = patch_of(out="audio_out")
    for k in range(fragile):
        patch.add("sine", id=f"tone{k}", frequency=100.0 * (k + 1))
        patch.add("fragile", id=f"bad{k}")
        patch.add("multiply", id=f"gain{k}", b=float(1 << k) / 65536)
        patch.connect(f"tone{k}.out", f"bad{k}.audio")
        patch.connect(f"bad{k}.out", f"gain{k}.a")
        patch.connect(f"gain{k}.out", "out.audio")
    return patch


def test_fault_in_a_packed_row_mutes_only_its_lane():
    patch = bank()
    engine = engine_of(patch)
    assert [row.lanes for row in engine.plan.rows if row.kernel == "fragile"] == [16]
    engine.set_parameter("bad5", "broken", 1.0)
    engine.run_samples(64)
    assert engine.faults() == [Fault("bad5", 0)]
    values = [engine.value(f"gain{k}", "out")[0] for k in range(16)]
    healthy = engine_of(bank())
    healthy.run_samples(64)
    expected = [healthy.value(f"gain{k}", "out")[0] if k != 5 else 0.0 for k in range(16)]
    assert values == expected


def test_setting_a_parameter_unmutes_a_lane_of_a_partly_wired_row():
    patch = bank()
    patch.add("button", id="button")
    patch.connect("button.out", "bad3.broken")
    engine = engine_of(patch)
    engine.set_parameter("bad5", "broken", 1.0)
    engine.run_samples(64)
    assert engine.faults() == [Fault("bad5", 0)]
    engine.set_parameter("bad5", "broken", 0.0)
    engine.run_samples(64)
    assert engine.faults() == []


def loop():
    return patch_of(
        "tone.out sum.a", "sum.out bad.audio", "bad.out gain.a", "gain.out ~ sum.b", "sum.out out.audio",
        "tone.out dry.a", "dry.out out2.audio", tone="sine", sum="add", bad="fragile", gain=("multiply", {"b": 0.5}),
        dry="add", out="audio_out", out2="audio_out",
    )  # fmt: skip


def test_fault_in_a_loop_mutes_the_loop_and_reports_the_first_node():
    engine = engine_of(loop())
    engine.set_parameter("bad", "broken", 1.0, at=64)
    assert np.array_equal(engine.run_samples(SAMPLES)[64:], tone_alone()[64:SAMPLES])
    assert engine.faults() == [Fault("bad", 0)]
    engine.set_parameter("bad", "broken", 0.0)
    assert np.isfinite(engine.run_samples(SAMPLES)).all() and engine.faults() == []


def test_unmuting_a_loop_clears_its_compensation_delays():
    """One of two paths around the loop takes 100 samples longer, so the other one is delayed."""
    patch = patch_of(
        "tone.out sum.a", "sum.out bad.audio", "bad.out late.audio", "late.out join.a", "bad.out join.b",
        "join.out gain.a", "gain.out ~ sum.b", "sum.out out.audio", tone="sine", sum="add", bad="fragile", late="late",
        join="add", gain=("multiply", {"b": 0.25}), out="audio_out",
    )  # fmt: skip
    engine = engine_of(patch)
    engine.set_parameter("bad", "broken", 1.0)
    engine.run_samples(SAMPLES)
    assert engine.faults()
    engine.set_parameter("bad", "broken", 0.0)
    sound = engine.run_samples(SAMPLES)
    assert engine.faults() == [] and np.isfinite(sound).all() and np.abs(sound[256:]).max() > 0.5


def runaway(**params):
    return patch_of("tone.out echo.audio", "echo.out out.audio", tone="sine", echo=("echo", params), out="audio_out")


def test_unmuting_clears_an_overflowed_delay_line():
    engine = engine_of(runaway())
    engine.set_parameter("echo", "gain", 1e9)
    engine.run_samples(SAMPLES)
    assert engine.faults() == [Fault("echo", 0)]
    engine.set_parameter("echo", "gain", 0.5)
    sound = engine.run_samples(SAMPLES)
    assert engine.faults() == [] and 0 < np.abs(sound).max() <= 2.0


def test_edit_clears_an_overflowed_delay_line():
    patch = runaway(gain=1e9)
    engine = engine_of(patch)
    engine.run_samples(SAMPLES)
    assert engine.faults() == [Fault("echo", 0)]
    patch.add("constant", id="k", value=0.5)
    patch.connect("k.out", "echo.gain")
    sound = engine.run_samples(SAMPLES)
    assert engine.faults() == [] and 0 < np.abs(sound).max() <= 2.0


def test_diverging_loop_recovers_when_its_wire_is_removed():
    patch = patch_of(
        "tone.out sum.a", "sum.out late.audio", "late.out gain.a", "gain.out ~ sum.b", "sum.out out.audio", tone="sine",
        sum="add", late=("sample_delay", {"samples": 20}), gain=("multiply", {"b": 20000.0}), out="audio_out",
    )  # fmt: skip
    engine = engine_of(patch)
    assert np.isfinite(engine.run_samples(SAMPLES)).all() and engine.faults()
    patch.disconnect("gain.out", "sum.b")
    engine.run_samples(SAMPLES)
    assert np.array_equal(engine.run_samples(SAMPLES), tone_alone()[2 * SAMPLES : 3 * SAMPLES])


def test_overflowing_sum_is_muted_while_it_overflows_and_not_reported():
    patch = patch_of(
        "x.out out.audio", "x.out gain.a", "gain.out out.audio", x="audio_in", gain="multiply", out="audio_out",
    )  # fmt: skip
    values = np.full((SAMPLES, 1), 2e38, np.float32)
    values[128:] = 1.0
    sound = sound_of(patch, SAMPLES, inputs={"x": values})
    assert not sound[:128].any() and (sound[128:] == 2.0).all()


def test_faulty_node_does_not_change_the_others_after_edits():
    patch = tone_and_fragile()
    patch.set("bad.broken", 1.0)
    engine = engine_of(patch)
    sound = [engine.run_samples(SAMPLES)]
    patch.add("saw")
    sound.append(engine.run_samples(SAMPLES))
    assert np.array_equal(np.vstack(sound), tone_alone()[: 2 * SAMPLES])
    assert engine.faults() == [Fault("bad", 0)]
