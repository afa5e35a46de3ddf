"""Helpers that run a patch in both tiers."""

from __future__ import annotations

import numpy as np

from nodegraph.fusion.plan_fusion import PlanFusion
from nodegraph.plan import layout as at
from nodegraph.plan.memory import view
from tests.rendering import engine_of, patch_of


def fuse(engine):
    """Fuse the plan of an engine now, and return its fusion."""
    fusion = PlanFusion(engine.plan)
    fusion.start()
    return fusion


def steps_of(plan):
    """Return the words of the steps of a fused plan: (steps, words)."""
    steps = int(view(plan.address, at.PLAN_WORDS, np.int64)[at.PLAN_STEPS])
    count = int(view(steps, 1, np.int64)[0])
    words = view(steps + 8 * at.STEPS_HEADER, count * at.STEP_WORDS, np.int64)
    return words.reshape(count, at.STEP_WORDS)


def blocked_groups(engine):
    """Return how many groups of the plan run as rows."""
    steps = steps_of(engine.plan)
    return int(steps[steps[:, at.STEP_KERNEL] != 0, at.STEP_BLOCKED].sum())


def both_tiers(patch, **options):
    """Return two engines that follow a patch; the plan of the second one is fused."""
    rows, fused = engine_of(patch, **options), engine_of(patch, **options)
    fuse(fused)
    return rows, fused


def chain(length):
    """Return a sine through a number of sums."""
    patch = patch_of(tone="sine", out="audio_out")
    last = "tone.out"
    for k in range(length):
        patch.add("add", id=f"n{k}", b=0.001)
        patch.connect(last, f"n{k}.a")
        last = f"n{k}.out"
    patch.connect(last, "out.audio")
    return patch


def voice():
    """Return a sine with tremolo through a filter."""
    return patch_of(
        "osc.out amp.audio", "lfo.out amp.gain", "amp.out filter.audio", "filter.out out.audio",
        osc="sine", lfo=("sine", {"frequency": 5.0}), amp="vca", filter="one_pole", out="audio_out",
    )  # fmt: skip
