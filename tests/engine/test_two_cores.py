"""Two cores compute the samples of one, bit for bit: random patches, knobs, edits, events, faults."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine import second_core
from nodegraph.engine.core import EngineError, Fault
from nodegraph.engine.offline import Offline
from nodegraph.plan.division import Cut, Division
from tests.engine.storm import random_edits
from tests.plan.test_random_plans import late_patch
from tests.rendering import QUANTUM, engine_of, patch_of

pytestmark = pytest.mark.usefixtures("test_blocks")
MEASURED = QUANTUM * (second_core.WINDOW * second_core.WINDOWS + 1)  # samples until a plan is divided


@pytest.fixture
def divide(monkeypatch):
    """A function that makes engines divide each plan at a fraction of its cuts, whether it pays or not."""

    def at(share):
        def cut(division, times):
            cuts = [at for at in range(len(division.order)) if division.allows(at)]
            return Cut(cuts[int(share * (len(cuts) - 1))], 1.0, 0.0) if cuts else None

        monkeypatch.setattr(Division, "best_cut", cut)

    monkeypatch.setattr(second_core, "WINDOWS", 1)
    monkeypatch.setattr(second_core, "WINDOW", 4)
    monkeypatch.setattr(second_core, "TRIAL", 3600.0)
    at(0.5)
    return at


def pair_of(patch, **options):
    """Return two engines that follow a patch; the second one uses two cores."""
    return engine_of(patch, **options), engine_of(patch, cores=2, **options)


def run_both(engines, samples):
    """Run two engines and compare them; return the samples."""
    sounds = [engine.run_samples(samples) for engine in engines]
    assert np.array_equal(*sounds, equal_nan=True)
    assert engines[0].faults() == engines[1].faults() and engines[0].fault_count == engines[1].fault_count
    return sounds[0]


def fused(engine):
    """Let an engine fuse its plan at once."""
    service = engine.fuse(0.0)
    engine.service()
    assert service.wait(120.0)
    return engine


@pytest.mark.parametrize("seed", range(16))
def test_random_patch_sounds_the_same_on_two_cores(seed, divide):
    divide(seed / 15)
    engines = pair_of(late_patch(seed, 30), pack=seed % 2 == 0)
    run_both(engines, 3000)
    assert engines[1].second_core.is_used
    engines[1].close()


@pytest.mark.parametrize("seed", range(4))
def test_random_fused_patch_sounds_the_same_on_two_cores(seed, divide):
    divide((seed + 1) / 5)
    engines = pair_of(late_patch(seed, 20), pack=seed % 2 == 0)
    fused(engines[1])
    run_both(engines, 3000)
    assert engines[1].second_core.is_used and engines[1].tier.startswith("fused")
    engines[1].close()


@pytest.mark.parametrize("seed", range(3))
def test_edited_patch_sounds_the_same_on_two_cores(seed, divide):
    patch = late_patch(200 + seed, 15)
    engines = pair_of(patch)
    chance, divided = np.random.default_rng(seed), 0
    for _ in random_edits(patch, 15, seed, size=20):
        divide(chance.random())
        run_both(engines, int(chance.integers(100, 1500)))
        divided += engines[1].second_core.is_used
    assert divided > 5
    engines[1].close()


@pytest.mark.parametrize("is_fused", [False, True])
def test_moving_knobs_sound_the_same_on_two_cores(is_fused, divide):
    patch = patch_of(
        "osc.out low.audio", "low.out late.audio", "late.out amp.audio", "amp.out high.audio", "high.out out.audio",
        osc="saw", low="one_pole", late="late", amp="vca", high="one_pole", out="audio_out",
    )  # fmt: skip
    engines = pair_of(patch)
    if is_fused:
        fused(engines[1])
    run_both(engines, 1000)
    for engine in engines:
        for at in (1300, 2000, 2010, 9000):
            engine.set_parameter("low", "cutoff", 300.0 + at, at=at)
            engine.set_parameter("amp", "gain", 1.0 / at, at=at + 50)
    run_both(engines, 12000)
    assert engines[1].second_core.is_used
    engines[1].close()


def test_events_sound_the_same_on_two_cores(divide):
    patch = patch_of(
        "keys.out notes.events", "notes.frequency osc.frequency", "notes.gate env.gate", "osc.out amp.audio",
        "env.out amp.gain", "amp.out low.audio", "low.out out.audio", keys="midi_in", notes=("notes", {"voices": 4}),
        osc="saw", env="adsr", amp="vca", low="one_pole", out="audio_out",
    )  # fmt: skip
    engines = pair_of(patch)
    for engine in engines:
        for k in range(40):
            engine.send(bytes((0x90 if k % 2 == 0 else 0x80, 40 + k // 2, 100)), at=333 * k)
    assert run_both(engines, 16000).any() and engines[1].second_core.is_used
    engines[1].close()


@pytest.mark.parametrize("is_fused", [False, True])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_fault_mutes_the_same_samples_on_two_cores(share, is_fused, divide):
    """The node is in the second part, then in the first one."""
    divide(share)
    patch = patch_of(
        "tone.out before.audio", "before.out up.a", "up.out bad.audio", "clock.out bad.broken", "bad.out down.a",
        "down.out after.audio", "after.out low.audio", "low.out out.audio", "tone.out out.audio", tone="sine",
        before="late", up="multiply", bad="fragile", down="multiply", after="late", low="one_pole",
        clock=("from", {"start": 2000.0}), out="audio_out",
    )  # fmt: skip
    engines = pair_of(patch)
    if is_fused:
        fused(engines[1])
    assert run_both(engines, 1984).any() and engines[1].faults() == []
    run_both(engines, 2000)
    assert engines[1].faults() == [Fault("bad", 0)] and engines[1].second_core.is_used
    engines[1].close()


def test_feedback_loops_of_both_parts_sound_the_same(divide):
    patch = patch_of(
        "tone.out sum0.a", "sum0.out gain0.a", "gain0.out ~ sum0.b", "sum0.out sum1.a", "sum1.out gain1.a",
        "gain1.out ~ sum1.b", "gain0.out out.audio", "gain1.out out.audio", tone="saw", sum0="add", sum1="add",
        gain0=("multiply", {"b": 0.5}), gain1=("multiply", {"b": -0.7}), out="audio_out",
    )  # fmt: skip
    engines = pair_of(patch)
    run_both(engines, 4000)
    assert engines[1].second_core.is_used
    engines[1].close()


def test_latest_samples_are_those_of_the_last_quantum(divide):
    patch = late_patch(3, 30)
    engines = pair_of(patch)
    run_both(engines, 64 * 50)
    for node, port in engines[0].plan.latest:
        assert np.array_equal(*(engine.value(node, port) for engine in engines), equal_nan=True)
    engines[1].close()


def test_small_patch_runs_on_one_core_and_says_why():
    patch = patch_of("osc.out amp.audio", "amp.out out.audio", osc="sine", amp="vca", out="audio_out")
    engines = pair_of(patch)
    assert "ended" in engines[1].second_core.remark
    run_both(engines, MEASURED + 640)
    assert not engines[1].second_core.is_used and "does not pay" in engines[1].second_core.remark


def test_divided_patch_is_tried_on_one_core_and_on_two(divide, monkeypatch):
    monkeypatch.setattr(second_core, "TRIAL", 0.0)
    monkeypatch.setattr(second_core, "KEEP", 0.0)
    engines = pair_of(late_patch(5, 30))
    for _ in range(200):
        run_both(engines, 100)
        second = engines[1].second_core
        assert second.is_used or "slower" in second.remark or "measured" in second.remark
    engines[1].close()


def test_more_cores_are_refused():
    with pytest.raises(EngineError, match="cores must be 1 or 2, got 3"):
        Offline(patch_of(out="audio_out").document, cores=3)
