"""Packed nodes give the same samples as separate ones."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.api import Patch
from tests.engine.storm import sounding_patch
from tests.rendering import Offline, engine_of, patch_of, sound_of


def kernels(engine):
    return [row.kernel for row in engine.plan.rows]


def bank(count, type="sine", **params):
    patch = Patch()
    patch.add("audio_out", id="out")
    for k in range(count):
        patch.add(type, id=f"n{k}", frequency=100.0 + 7 * k, amplitude=1 / count, **params)
        patch.connect(f"n{k}.out", "out.audio")
    return patch


@pytest.mark.parametrize("seed", range(8))
def test_packed_and_unpacked_give_the_same_samples(seed):
    patch = sounding_patch(40, seed)
    packed, alone = sound_of(patch, 6400), sound_of(patch, 6400, pack=False)
    assert np.abs(packed - alone).max() <= 1e-6 * max(1.0, np.abs(alone).max())


def test_two_hundred_sines_are_one_row():
    engine = engine_of(bank(200))
    assert kernels(engine).count("sine") == 1
    (row,) = (row for row in engine.plan.rows if row.kernel == "sine")
    assert row.lanes == 200 and [place[0] for place in row.places] == [f"n{k}" for k in range(200)]


def test_bank_is_the_sum_of_its_sines():
    samples = 44100
    t = np.arange(samples)[:, None] / 44100
    wave = np.sin(2 * np.pi * (100.0 + 7 * np.arange(50)) * t).sum(1) / 50
    assert np.abs(sound_of(bank(50), samples)[:, 0] - wave).max() < 5e-6


def test_packed_chains_read_each_other_without_copies():
    patch = patch_of(out="audio_out")
    for k in range(20):
        patch.add("saw", id=f"osc{k}", frequency=50.0 + k)
        patch.add("one_pole", id=f"filter{k}")
        patch.connect(f"osc{k}.out", f"filter{k}.audio")
        patch.connect(f"filter{k}.out", "out.audio")
    assert kernels(engine_of(patch))[:3] == ["saw", "one_pole", "mix"]
    assert np.abs(sound_of(patch, 2000) - sound_of(patch, 2000, pack=False)).max() < 1e-5


def loops(count, gains):
    """Return a patch of feedback loops ``y[n] = x[n] + a y[n-1]``, each of an add and a multiply."""
    patch = patch_of(out="audio_out")
    for k in range(count):
        patch.add("saw", id=f"x{k}", frequency=30.0 + 10 * k, amplitude=0.01)
        patch.add("add", id=f"sum{k}")
        patch.add("multiply", id=f"gain{k}", b=gains[k])
        patch.connect(f"x{k}.out", f"sum{k}.a")
        patch.connect(f"sum{k}.out", f"gain{k}.a")
        patch.connect(f"gain{k}.out", f"sum{k}.b", feedback=True)
        patch.connect(f"sum{k}.out", "out.audio")
    return patch


def test_equal_feedback_loops_are_one_row_with_the_same_samples():
    patch = loops(16, np.linspace(-0.95, 0.95, 16).tolist())
    engine = engine_of(patch)
    assert kernels(engine)[:3] == ["saw", "loop", "mix"]
    assert [row.lanes for row in engine.plan.rows][:2] == [16, 16]
    assert np.abs(engine.run_samples(4410) - sound_of(patch, 4410, pack=False)).max() < 1e-6


def test_nodes_in_series_are_not_packed():
    patch = patch_of("x.out a0.a", *(f"a{k}.out a{k + 1}.a" for k in range(19)), "a19.out out.audio", x="phasor",
                     out="audio_out", **{f"a{k}": ("add", {"b": float(2**-k)}) for k in range(20)})  # fmt: skip
    assert kernels(engine_of(patch)).count("add") == 20
    alone = sound_of(patch_of("x.out out.audio", x="phasor", out="audio_out"), 64)
    assert np.abs(sound_of(patch, 64) - alone - sum(2.0**-k for k in range(20))).max() < 1e-5


def test_nodes_with_different_settings_are_not_packed():
    patch = bank(20, "saw")
    for k in range(0, 20, 2):
        patch.set(f"n{k}.quality", "naive")
    engine = Offline(patch.document)
    assert kernels(engine).count("saw") == 2
    assert np.abs(engine.run_samples(2000) - sound_of(patch, 2000, pack=False)).max() < 1e-6
