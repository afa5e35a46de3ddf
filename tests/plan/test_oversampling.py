"""Blocks that compute at a multiple of the sample rate."""

import numpy as np
import pytest

from nodegraph.graph import build_graph
from nodegraph.patch import Document, NodeRecord, PatchError, SetParam
from tests.rendering import QUANTUM, Offline, Stepper, engine_of, largest_step, patch_of, sound_of

DELAY = 64
RATE = 44100.0
FACTORS = ("2", "4", "8")


def spectrum_in_db(sound):
    window = np.blackman(len(sound))
    levels = np.abs(np.fft.rfft(sound * window)) * 2 / window.sum()
    return 20 * np.log10(levels + 1e-12), np.fft.rfftfreq(len(sound), 1 / RATE)


def band_limited_noise(samples, below, seed=1):
    """Return noise without any component from ``below`` Hz on, float32 (samples, 1)."""
    bins = np.fft.rfftfreq(samples, 1 / RATE) < below
    spectrum = np.random.default_rng(seed).normal(size=len(bins)) * bins
    noise = np.fft.irfft(spectrum * np.exp(2j * np.pi * np.random.default_rng(seed).uniform(size=len(bins))), samples)
    return (0.3 * noise / noise.std()).astype(np.float32)[:, None]


def through(block, **inputs):
    """Return a patch that passes the device's input through a block ``b``."""
    return patch_of("x.out b.audio", "b.out out.audio", x="audio_in", b=block, out="audio_out", **inputs)


@pytest.mark.parametrize(("factor", "most"), [("1", 0.0), ("2", -30.0), ("4", -60.0), ("8", -100.0)])
def test_aliases_of_distortion_fall_with_the_factor(factor, most):
    drive = ("drive", {"drive": 24.0, "oversampling": factor})
    patch = patch_of(
        "tone.out drive.audio", "drive.out out.audio",
        tone=("sine", {"frequency": 5000.0, "amplitude": 0.5}), drive=drive, out="audio_out",
    )  # fmt: skip
    levels, frequencies = spectrum_in_db(sound_of(patch, 3 * 8820)[8820:, 0])
    is_alias = (np.abs(frequencies / 5000.0 - np.round(frequencies / 5000.0)) > 0.05) & (frequencies < 20000.0)
    worst = levels[is_alias].max() - levels.max()
    assert worst < most
    assert factor != "1" or worst > -20.0


@pytest.mark.parametrize("factor", FACTORS)
def test_signal_passes_the_filters_unchanged_and_later(factor):
    noise = band_limited_noise(8192, 19500.0)
    found = sound_of(through(("vca", {"oversampling": factor})), 8192, inputs={"x": noise})
    error = found[DELAY + 256 :] - noise[256:-DELAY]
    assert 20 * np.log10(error.std() / noise.std()) < -85.0


@pytest.mark.parametrize("factor", FACTORS)
def test_dry_path_is_aligned(factor):
    patch = patch_of(
        "x.out b.audio", "b.out diff.a", "x.out diff.b", "diff.out out.audio",
        x="audio_in", b=("vca", {"oversampling": factor}), diff="subtract", out="audio_out",
    )  # fmt: skip
    noise = band_limited_noise(4096, 19500.0)
    engine = engine_of(patch, inputs={"x": noise})
    assert engine.latency == DELAY
    assert 20 * np.log10(engine.run_samples(4096)[512:].std() / noise.std()) < -85.0


def test_latency_of_the_block_itself_is_rounded_up_to_samples():
    patch = patch_of(
        "x.out b.audio", "b.out diff.a", "x.out diff.b", "diff.out out.audio",
        x="audio_in", b=("limiter", {"oversampling": "4"}), diff="subtract", out="audio_out",
    )  # fmt: skip
    tone = (0.5 * np.sin(2 * np.pi * 1000.0 * np.arange(8000) / RATE)).astype(np.float32)[:, None]
    engine = engine_of(patch, inputs={"x": tone})
    assert engine.latency == DELAY + 18  # 71 samples at four times the rate
    assert np.abs(engine.run_samples(8000)[4000:]).max() < 1e-5


def test_filter_has_its_cutoff_at_any_factor():
    levels = {}
    for factor in ("1", *FACTORS):
        patch = through(("one_pole", {"cutoff": 1000.0, "oversampling": factor}))
        impulse = np.eye(8192, 1, dtype=np.float32)
        spectrum = np.abs(np.fft.rfft(sound_of(patch, 8192, inputs={"x": impulse})[:, 0]))
        levels[factor] = 20 * np.log10(spectrum[round(1000.0 / RATE * 8192)])
    assert max(levels.values()) - min(levels.values()) < 0.1
    assert abs(levels["8"] + 3.01) < 0.1


SHAPES = {
    "tick with a moving knob": lambda factor: patch_of(
        "tone.out b.audio", "wave.out b.bias", "b.out out.audio",
        tone=("saw", {"frequency": [300.0, 401.0, 502.0]}), wave=("sine", {"frequency": 700.0, "amplitude": 0.3}),
        b=("drive", {"drive": 12.0, "oversampling": factor}), out="audio_out",
    ),
    "block": lambda factor: patch_of(
        "tone.out b.audio", "b.out out.audio",
        tone=("saw", {"frequency": [300.0, 401.0]}), b=("compressor", {"threshold": -30.0, "oversampling": factor}),
        out="audio_out",
    ),
    "source": lambda factor: patch_of(
        "b.out out.audio", b=("saw", {"frequency": 3001.0, "oversampling": factor}), out="audio_out"
    ),
    "gate": lambda factor: patch_of(
        "clock.out b.gate", "b.out out.audio",
        clock=("square", {"frequency": 40.0}), b=("adsr", {"attack": 0.001, "oversampling": factor}), out="audio_out",
    ),
    "loop": lambda factor: patch_of(
        "tone.out sum.a", "b.out ~ sum.b", "sum.out b.audio", "b.out out.audio",
        tone=("saw", {"frequency": 300.0, "amplitude": 0.2}), sum="add",
        b=("drive", {"drive": 3.0, "oversampling": factor}), out="audio_out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_oversampled_row_matches_its_equation_and_is_equal_in_chunks(shape):
    patch = SHAPES[shape]("4")
    whole = sound_of(patch, 6 * QUANTUM)
    assert np.isfinite(whole).all() and whole.any()
    assert np.array_equal(whole[: 2 * QUANTUM], sound_of(patch, 2 * QUANTUM, driver=Stepper))
    engine = Offline(patch.document)
    pieces = [engine.run_samples(count) for count in (1, QUANTUM, 37, 5 * QUANTUM - 38)]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_gates_stay_gates_and_reach_the_block_with_the_audio():
    patch = SHAPES["gate"]("4")
    plain = sound_of(SHAPES["gate"]("1"), 4096)[:, 0]
    found = sound_of(patch, 4096)[:, 0]
    np.testing.assert_allclose(found[DELAY + 200 :], plain[200:-DELAY], atol=0.03)


def test_knob_moves_without_a_step_and_comes_to_rest():
    patch = through(("vca", {"gain": 0.2, "oversampling": "4"}))
    engine = engine_of(patch, inputs={"x": np.ones((20000, 1), np.float32)})
    start = engine.run_samples(4096)
    patch.do(SetParam("b", "gain", 0.8))
    moved = engine.run_samples(8192)
    assert largest_step(np.concatenate([start[2048:], moved])) < 3 * 0.6 / (0.01 * RATE)
    np.testing.assert_allclose(moved[-1], 0.8, atol=1e-6)


def test_edit_elsewhere_continues_the_filters():
    patch = SHAPES["tick with a moving knob"]("4")
    reference = sound_of(patch, 4096)
    engine = engine_of(patch)
    before = engine.run_samples(2048)
    patch.add("saw", id="idle")
    assert np.array_equal(reference, np.concatenate([before, engine.run_samples(2048)]))


def test_faulty_block_is_muted_and_recovers_without_a_trace(test_blocks):
    noise = band_limited_noise(8192, 15000.0)
    patch = through(("fragile", {"oversampling": "2"}))
    engine = engine_of(patch, inputs={"x": noise})
    engine.set_parameter("b", "broken", 1.0, at=1000)
    sound = engine.run_samples(2048)
    assert not sound[1088:].any()
    assert [fault.node for fault in engine.faults()] == ["b"]
    engine.set_parameter("b", "broken", 0.0)
    found = engine.run_samples(6144)[512:]
    np.testing.assert_allclose(found, noise[2048 + 512 - DELAY : 8192 - DELAY], atol=1e-4)
    assert not engine.faults()


def test_subpatch_oversamples_the_blocks_inside():
    drive = ("drive", {"drive": 20.0})
    inner = patch_of(
        "in.out soft.audio", "soft.out hard.audio", "hard.out out.audio",
        **{"in": "inlet"}, soft=drive, hard=("drive", {"oversampling": "8"}), out="outlet",
    )  # fmt: skip
    document = Document({"sub": NodeRecord("subpatch", params={"oversampling": "4"}, patch=inner.document)})
    graph = build_graph(document)
    assert {node.id: node.oversampling for node in graph.typed_nodes if node.type == "drive"} == {
        "sub/soft": 4,
        "sub/hard": 8,
    }


def test_wrong_factor_is_named():
    with pytest.raises(PatchError, match=r"drive 'b': oversampling must be one of 1, 2, 4, 8, got '3'"):
        through(("drive", {"oversampling": "3"}))


def test_block_with_events_cannot_be_oversampled():
    with pytest.raises(PatchError, match="notes 'n': unknown input or setting 'oversampling'"):
        patch_of(n=("notes", {"oversampling": "2"}))
