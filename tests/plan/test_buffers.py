"""Buffers share memory, but not before their last reader."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.storm import sounding_patch
from tests.rendering import engine_of, patch_of, sound_of


def chain(length):
    return patch_of(
        "x.out a0.a", *(f"a{k}.out a{k + 1}.a" for k in range(length - 1)), f"a{length - 1}.out out.audio",
        x="sine", out="audio_out", **{f"a{k}": "add" for k in range(length)},
    )  # fmt: skip


def test_memory_of_a_chain_hardly_grows_with_its_length():
    short, long = engine_of(chain(3)).plan, engine_of(chain(200)).plan
    assert long.bytes_used <= short.bytes_used
    assert long.bytes_used < long.bytes_unshared / 50


@pytest.mark.parametrize("seed", range(12))
def test_shared_memory_gives_the_samples_of_unshared_memory(seed):
    patch = sounding_patch(40, 100 + seed)
    for pack in (True, False):
        shared = engine_of(patch, pack=pack)
        apart = engine_of(patch, pack=pack, cores=2)
        assert shared.plan.bytes_used < apart.plan.bytes_used == apart.plan.bytes_unshared
        assert np.array_equal(shared.run_samples(1280), apart.run_samples(1280))


def test_buffer_is_not_reused_before_a_late_reader():
    wires = [f"a{k}.out a{k + 1}.a" for k in range(30)]
    patch = patch_of(
        "x.out a0.a", *wires, "x.out last.a", "a30.out last.b", "last.out out.audio",
        x="sine", last="subtract", out="audio_out", **{f"a{k}": ("add", {"b": 0.25}) for k in range(31)},
    )  # fmt: skip
    assert np.abs(sound_of(patch, 640) + 31 * 0.25).max() < 1e-5
