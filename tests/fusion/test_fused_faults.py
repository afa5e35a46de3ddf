"""A fault in a fused group names and mutes the same node as in rows, in the same quantum."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine.core import Fault
from nodegraph.engine.walk import PROFILE_EVERY
from tests.rendering import QUANTUM, patch_of

from .tiers import blocked_groups, both_tiers

pytestmark = pytest.mark.usefixtures("test_blocks")


def chain(*after, gives="nan", **nodes):
    """Return a chain with a fragile node in the middle, and a filter with states after it."""
    return patch_of(
        "tone.out up.a", "up.out bad.audio", "bad.out down.a", *(after or ("down.out low.audio",)), "low.out out.audio",
        "tone.out dry.a", "dry.out out.audio", tone="sine", up=("multiply", {"b": 2.0}),
        bad=("fragile", {"gives": gives}), down=("multiply", {"b": 0.5}), low="one_pole", dry=("multiply", {"b": 0.1}),
        out="audio_out", **nodes,
    )  # fmt: skip


def run_both(engines, samples):
    sounds = [engine.run_samples(samples) for engine in engines]
    assert np.array_equal(*sounds)
    assert engines[0].faults() == engines[1].faults() and engines[0].fault_count == engines[1].fault_count
    return sounds[0]


@pytest.mark.parametrize("gives", ["nan", "inf"])
@pytest.mark.parametrize("at", [0, 63, 200])
def test_fault_in_a_group_mutes_the_same_samples_as_in_rows(gives, at):
    engines = both_tiers(chain(gives=gives))
    run_both(engines, 640)
    for engine in engines:
        engine.set_parameter("bad", "broken", 1.0, at=640 + at)
    run_both(engines, 640)
    assert engines[1].faults() == [Fault("bad", 0)]


def test_wired_fault_is_found_by_the_fused_kernel():
    """No knob moves when the fault occurs, so that the group runs fused."""
    patch = chain(clock=("from", {"start": 1000.0}))
    patch.connect("clock.out", "bad.broken")
    engines = both_tiers(patch)
    run_both(engines, 960)
    assert blocked_groups(engines[1]) == 0 and engines[1].faults() == []
    sound = run_both(engines, 640)
    assert engines[1].faults() == [Fault("bad", 0)] and np.isfinite(sound).all()
    assert blocked_groups(engines[1]) == 1


def test_fault_that_a_later_node_swallows_is_found():
    patch = chain("down.out safe.value", "safe.out low.audio", safe="clip", clock=("from", {"start": 1000.0}))
    patch.connect("clock.out", "bad.broken")
    engines = both_tiers(patch)
    run_both(engines, 2000)
    assert engines[1].faults() == [Fault("bad", 0)]


@pytest.mark.parametrize("lanes", [3, 16])
def test_fault_in_one_lane_mutes_this_lane(lanes):
    patch = patch_of(
        "tone.out bad.audio", "times.out bad.broken", "bad.out low.audio", "low.out gain.a", "gain.out mono.audio",
        "mono.out out.audio", tone=("sine", {"frequency": [100.0 + k for k in range(lanes)]}),
        times=("from", {"start": [1e6, 1e6, 1000.0] + [1e6] * (lanes - 3)}), bad="fragile", low="one_pole",
        gain="multiply", mono="sum_lanes", out="audio_out",
    )  # fmt: skip
    engines = both_tiers(patch)
    run_both(engines, 2000)
    assert engines[1].faults() == [Fault("bad", 2)]


def test_fault_in_a_timed_quantum_stays_muted():
    """In timed quanta the rows run: a fault of one sample in one of them mutes its node for good."""
    timed = PROFILE_EVERY * QUANTUM  # the first sample of a timed quantum
    patch = chain(on=("from", {"start": float(timed)}), off=("from", {"start": timed + 1.0}), once="subtract")
    for wire in ("on.out once.a", "off.out once.b", "once.out bad.broken"):
        patch.connect(*wire.split())
    engines = both_tiers(patch)
    for engine in engines:
        engine.profile()
    run_both(engines, 4 * timed)
    assert engines[1].faults() == [Fault("bad", 0)]


def test_repaired_group_runs_fused_again():
    engines = both_tiers(chain())
    for broken in (1.0, 0.0):
        for engine in engines:
            engine.set_parameter("bad", "broken", broken)
        run_both(engines, 1280)
        assert blocked_groups(engines[1]) == int(broken)


def test_fault_in_a_fused_loop_mutes_the_loop_and_names_the_first_node():
    patch = patch_of(
        "tone.out sum.a", "sum.out bad.audio", "clock.out bad.broken", "bad.out gain.a", "gain.out ~ sum.b",
        "sum.out out.audio", tone="sine", sum="add", bad="fragile", gain=("multiply", {"b": 0.5}),
        clock=("from", {"start": 1000.0}), out="audio_out",
    )  # fmt: skip
    engines = both_tiers(patch)
    run_both(engines, 3000)
    assert engines[1].faults() == [Fault("bad", 0)]
