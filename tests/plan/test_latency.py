"""Latency compensation aligns parallel paths."""

from __future__ import annotations

import numpy as np

from nodegraph.patch import SetSettings
from tests.rendering import engine_of, largest_step, patch_of, ramp, sound_of


def dry_and_late(samples=100, **more):
    """Return a patch that subtracts its input, delayed by a block with latency, from the input."""
    return patch_of(
        "x.out late.audio", "late.out diff.a", "x.out diff.b", "diff.out out.audio",
        x=more.pop("x", "audio_in"), late=("late", {"samples": samples}), diff="subtract", out="audio_out", **more,
    )  # fmt: skip


def test_dry_and_late_path_cancel(test_blocks):
    for samples in (1, 63, 64, 65, 1000):
        found = sound_of(dry_and_late(samples), 3000, inputs={"x": ramp(3000)})
        assert not found.any()


def test_without_compensation_the_paths_differ_by_the_declared_latency(test_blocks):
    patch = dry_and_late(100)
    patch.do(SetSettings(latency_compensation=False))
    found = sound_of(patch, 300, inputs={"x": ramp(300)})[:, 0]
    assert np.array_equal(found, np.where(np.arange(300) < 100, -ramp(300)[:, 0], -100.0))


def test_every_lane_is_delayed(test_blocks):
    found = sound_of(dry_and_late(100, x=("audio_in", {"channels": 3})), 500, inputs={"x": ramp(500, 3)})
    assert found.shape == (500, 3) and not found.any()


def test_output_nodes_are_aligned(test_blocks):
    patch = patch_of(
        "x.out late.audio", "late.out one.audio", "x.out gain.a", "gain.out two.audio",
        x="audio_in", late=("late", {"samples": 77}), gain=("multiply", {"b": -1.0}), one="audio_out", two="audio_out",
    )  # fmt: skip
    engine = engine_of(patch, inputs={"x": ramp(400)})
    assert engine.latency == 77
    assert not engine.run_samples(400).any()


def test_latency_in_a_loop_is_compensated_inside_it(test_blocks):
    patch = patch_of(
        "x.out a.a", "a.out late.audio", "late.out sum.a", "a.out sum.b", "sum.out gain.a", "gain.out ~ a.b",
        "sum.out out.audio", x="audio_in", a="add", late=("late", {"samples": 10}), sum="add",
        gain=("multiply", {"b": 0.25}), out="audio_out",
    )  # fmt: skip
    impulse = np.eye(100, 1, dtype=np.float32)
    found = sound_of(patch, 100, inputs={"x": impulse})[:, 0]
    expected = np.zeros(100)
    expected[10::11] = 2 * 0.5 ** np.arange(len(expected[10::11]))
    assert np.allclose(found, expected)


def test_new_latency_while_playing_holds_the_other_path_instead_of_muting_it(test_blocks):
    patch = patch_of(
        "x.out out.audio", "gain.out out2.audio", x=("sine", {"frequency": 100.0}),
        gain=("multiply", {"b": 0.0}), out="audio_out", out2="audio_out",
    )  # fmt: skip
    engine = engine_of(patch)
    steady = largest_step(engine.run_samples(4410))
    patch.add("late", id="late", samples=500)
    patch.connect("x.out", "late.audio")
    patch.connect("late.out", "gain.a")
    assert engine.latency == 500
    after = engine.run_samples(4410)
    assert largest_step(after) <= steady + 1 / 441
    t = np.arange(4410, 8820) - 500
    assert np.abs(after[2000:, 0] - np.sin(2 * np.pi * 100 * t / 44100)[2000:]).max() < 1e-5
    patch.remove("late")
    assert largest_step(engine.run_samples(4410)) <= steady + 2 / 441
