"""Plans are fused in the background once they have settled, and the next edit runs as rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine import fusion_service
from nodegraph.fusion import compiler
from nodegraph.fusion.compiler import BackgroundCompiler
from nodegraph.fusion.plan_fusion import PlanFusion
from nodegraph.kernel import KernelError
from tests.rendering import engine_of, patch_of, sound_of

from .tiers import chain, fuse, voice

WAIT_SECONDS = 120.0


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """A cache without fused kernels; the kernels of blocks are loaded already."""
    fuse(engine_of(chain(1)))
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path))
    return tmp_path


def kernels_of(length):
    """Return the fused kernels of a chain; no other test may compile a chain of this length."""
    return [kernel for kernel in PlanFusion(engine_of(chain(length)).plan).kernels if kernel is not None]


def test_settled_plan_is_fused_and_an_edit_runs_as_rows():
    patch = voice()
    engine, plain = engine_of(patch), engine_of(patch)
    service = engine.fuse(settled=0.0)
    assert np.array_equal(engine.run_samples(640), plain.run_samples(640))
    assert service.wait(WAIT_SECONDS)
    assert engine.tier.startswith("fused (")
    assert np.array_equal(engine.run_samples(640), plain.run_samples(640))
    patch.add("sine")
    assert engine.tier == fusion_service.ROWS
    assert np.array_equal(engine.run_samples(640), plain.run_samples(640))
    assert service.wait(WAIT_SECONDS) and engine.problems() == []
    engine.close()


def test_plan_is_not_fused_before_it_has_settled():
    engine = engine_of(voice())
    service = engine.fuse(settled=1000.0)
    engine.run_samples(640)
    assert not service.wait(0.0) and engine.tier == fusion_service.ROWS
    engine.close()


def test_kernels_are_compiled_in_another_process_and_cached(empty_cache):
    kernels = kernels_of(101)
    assert kernels and not any(kernel.cached for kernel in kernels)
    assert BackgroundCompiler().compile(kernels)
    assert all(kernel.cached for kernel in kernels)
    assert [path.stem.partition("_")[0] for path in empty_cache.glob("*.o")] == ["fused"] * len(kernels)


def test_stopped_compiler_compiles_nothing(empty_cache):
    kernels = kernels_of(102)
    worker = BackgroundCompiler()
    worker.stop()
    assert not worker.compile(kernels) and not any(kernel.cached for kernel in kernels)


def test_compilation_that_takes_too_long_ends(empty_cache, monkeypatch):
    monkeypatch.setattr(compiler, "MAX_COMPILE_SECONDS", 0.0)
    kernels = kernels_of(103)
    assert not BackgroundCompiler().compile(kernels)


def test_refused_code_is_reported_and_the_patch_plays_on(empty_cache, monkeypatch):
    monkeypatch.setattr(BackgroundCompiler, "compile", _refuse)
    engine = engine_of(voice())
    service = engine.fuse(settled=0.0)
    engine.run_samples(64)
    assert not service.wait(WAIT_SECONDS)
    assert engine.problems() == ["the patch runs without fused kernels: no such code."]
    assert np.array_equal(engine.run_samples(640), sound_of(voice(), 704)[64:])
    engine.close()


def _refuse(*_):
    raise KernelError("no such code")


def test_code_depends_on_the_structure_only():
    """Ids, knob values and addresses are not in the code: another patch of the same structure finds it in the cache."""
    other = patch_of(
        "b.out c.audio", "a.out c.gain", "c.out d.audio", "d.out z.audio", b=("sine", {"frequency": 10.0}),
        a=("sine", {"frequency": 3.0, "amplitude": 0.5}), c="vca", d=("one_pole", {"cutoff": 50.0}), z="audio_out",
    )  # fmt: skip
    keys = []
    for patch in (voice(), other):
        engine = engine_of(patch)
        engine.run_samples(64)
        keys.append([kernel.key for kernel in PlanFusion(engine.plan).kernels if kernel is not None])
    assert keys[0] == keys[1] != []
