"""Fused kernels compute the samples of rows, bit for bit: included patches, random patches, knobs, edits."""

from __future__ import annotations

import os

import numpy as np
import pytest

import nodegraph
from nodegraph.engine.offline import Offline
from nodegraph.plan.division import Cut
from tests.engine.storm import random_edits
from tests.plan.test_random_plans import late_patch
from tests.rendering import engine_of, patch_of
from tests.test_patches import FOLDER, NAMES, harmonic_input

from .tiers import blocked_groups, both_tiers, fuse, steps_of, voice

SAMPLES = 22050
WORKERS = {"cnn_estimator", "mixture", "torchscript"}  # their answers come when they come
RANDOM_PATCHES = int(os.environ.get("NODEGRAPH_RANDOM_PATCHES", "16"))


def equal(one, other):
    return np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_included_patch_sounds_the_same_in_both_tiers_and_on_two_cores(name, monkeypatch):
    monkeypatch.setattr(Cut, "pays", True)
    patch = nodegraph.load(FOLDER / f"{name}.json")
    types = {node.type for node in patch.document.nodes.values()}
    if types & WORKERS:
        pytest.skip("its workers answer at any time")
    inputs = {id: harmonic_input() for id, node in patch.document.nodes.items() if node.type == "audio_in"}
    sounds = []
    for is_fused, cores in ((False, 1), (True, 1), (False, 2)):
        engine = Offline(patch.document, path=patch.path, inputs=inputs, cores=cores)
        if is_fused:
            fuse(engine)
        sounds.append(engine.run_samples(SAMPLES))
        engine.close()
    assert equal(sounds[0], sounds[1]) and equal(sounds[0], sounds[2]) and sounds[0].any()


@pytest.mark.usefixtures("test_blocks")
@pytest.mark.parametrize("seed", range(RANDOM_PATCHES))
def test_random_patch_sounds_the_same_in_both_tiers(seed):
    rows, fused = both_tiers(late_patch(seed, 20), pack=seed % 2 == 0)
    assert equal(rows.run_samples(1000), fused.run_samples(1000))
    assert [str(fault) for fault in rows.faults()] == [str(fault) for fault in fused.faults()]


@pytest.mark.usefixtures("test_blocks")
@pytest.mark.parametrize("seed", range(2))
def test_edited_patch_sounds_the_same_in_both_tiers(seed):
    patch = late_patch(100 + seed, 12)
    rows, fused = both_tiers(patch)
    chance = np.random.default_rng(seed)
    for _ in random_edits(patch, 12, seed, size=16):
        samples = int(chance.integers(100, 1500))  # some plans are fused while crossfades run
        assert equal(rows.run_samples(samples), fused.run_samples(samples))
        fuse(fused)
        assert equal(rows.run_samples(500), fused.run_samples(500))


def test_tiers_can_change_at_any_quantum():
    patch = nodegraph.load(FOLDER / "demo.json")
    rows, fused = both_tiers(patch)
    fusion = fuse(fused)
    for samples in (64, 640, 100, 1000):
        fusion.stop()
        assert equal(rows.run_samples(samples), fused.run_samples(samples))
        fusion.start()
        assert equal(rows.run_samples(samples), fused.run_samples(samples))


def test_moving_knob_runs_its_group_as_rows_until_it_rests():
    patch = voice()
    rows, fused = both_tiers(patch)
    assert equal(rows.run_samples(640), fused.run_samples(640)) and blocked_groups(fused) == 0
    for engine in (rows, fused):
        engine.set_parameter("filter", "cutoff", 300.0, at=700)
        engine.set_parameter("osc", "frequency", 550.0, at=720)
    assert equal(rows.run_samples(128), fused.run_samples(128))
    assert blocked_groups(fused) == 1
    assert equal(rows.run_samples(2000), fused.run_samples(2000))
    assert blocked_groups(fused) == 0


@pytest.mark.parametrize("lanes", [2, 3, 7, 8, 27])
def test_any_number_of_lanes_sounds_the_same_in_both_tiers(lanes):
    pitches = np.linspace(50.0, 5000.0, lanes).tolist()
    patch = patch_of(
        "osc.out wave.a", "wave.out loop.a", "loop.out ~ back.a", "back.out loop.b", "loop.out low.audio",
        "low.out mono.audio", "mono.out out.audio", osc=("saw", {"frequency": pitches}), wave=("multiply", {"b": 0.1}),
        loop="add", back=("multiply", {"b": 0.4}), low="one_pole", mono="sum_lanes", out="audio_out",
    )  # fmt: skip
    rows, fused = both_tiers(patch)
    assert equal(rows.run_samples(2000), fused.run_samples(2000))
    assert (steps_of(fused.plan)[:, 0] != 0).sum() >= 2


def test_sum_of_many_lanes_is_added_in_the_same_order():
    patch = patch_of(out="audio_out")
    for k in range(37):
        patch.add("sine", id=f"s{k}", frequency=100.0 + 31.7 * k)
        patch.connect(f"s{k}.out", "out.audio")
    rows, fused = both_tiers(patch)
    assert equal(rows.run_samples(4000), fused.run_samples(4000))


def test_latest_samples_of_wires_in_a_group_are_shown():
    patch = voice()
    rows, fused = both_tiers(patch)
    rows.run_samples(640), fused.run_samples(640)
    for node in ("osc", "lfo", "amp", "filter"):
        assert fused.value(node, "out") == rows.value(node, "out")


def test_states_are_read_in_both_tiers():
    patch = patch_of(
        "clock.out env.gate", "env.out amp.gain", "osc.out amp.audio", "amp.out out.audio",
        clock=("clock", {"division": 8.0}), env=("adsr", {"attack": [0.01, 0.2]}), osc="sine", amp="vca",
        out="audio_out",
    )  # fmt: skip
    for engine in both_tiers(patch, channels=2):
        engine.run_samples(6400)
        assert np.array_equal(engine.plan.state_of("env", "level").astype(np.float32), engine.value("env", "out"))
        assert engine.plan.state_of("env", "stage").dtype == np.int64
        for missing in (("env", "out"), ("nothing", "level")):
            with pytest.raises(KeyError):
                engine.plan.state_of(*missing)


def test_profiled_rows_are_timed_while_the_plan_is_fused():
    fused = engine_of(voice())
    fuse(fused)
    fused.profile()
    fused.run_samples(64 * 40)
    assert all(cycles > 0 for _, cycles in fused.row_cycles())


def test_watched_wire_of_a_group_is_recorded():
    patch = voice()
    rows, fused = engine_of(patch), engine_of(patch)
    for engine in (rows, fused):
        engine.watch(["amp.out"])
    fuse(fused)
    assert equal(rows.run_samples(1000), fused.run_samples(1000))
    before, after = (engine.probe("amp.out") for engine in (rows, fused))
    assert all(np.array_equal(before.arrays[name], after.arrays[name]) for name in before.arrays)
    assert any(values.any() for values in after.arrays.values())
