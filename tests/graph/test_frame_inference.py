"""Frame wires in a patch: clocks, sizes, lanes, latency and problems."""

import numpy as np
import pytest

from nodegraph.api import Patch, render
from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph, wire_problem
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.spectral.stft import consistent, stft
from nodegraph.spectral.windows import WINDOWS

RATE = 8000.0


def noise(samples=3000, channels=1, seed=0):
    values = np.random.default_rng(seed).uniform(-1, 1, (samples, channels))
    return values.astype(np.float32)


def patch_of(nodes, wires):
    """Return a patch from ``id=(type, params)`` and wires as text."""
    patch = Patch()
    for id, node in nodes.items():
        type, params = node if isinstance(node, tuple) else (node, {})
        patch.add(type, id=id, **params)
    for wire in wires:
        patch.connect(*wire.split())
    return patch


def chain(size, hop, window="hann", alignment="causal", between=()):
    """Return the patch audio_in → stft → blocks → inverse_stft → audio_out."""
    nodes = {
        "in": "audio_in",
        "stft": ("stft", {"size": size, "hop": hop, "window": window, "alignment": alignment}),
        "back": ("inverse_stft", {"window": window}),
        "out": "audio_out",
    }
    end, wires = "stft.spectrum", ["in.out stft.audio"]
    for k, type in enumerate(between):
        nodes[f"b{k}"] = type
        wires.append(f"{end} b{k}.spectrum")
        end = f"b{k}.out"
    return patch_of(nodes, [*wires, f"{end} back.spectrum", "back.out out.audio"])


PAIRS = [
    (64, 16),
    (64, 32),
    (128, 100),
    (128, 33),
    (256, 64),
    (256, 1),
    (512, 128),
    (512, 500),
    (1024, 256),
    (8, 3),
]


@pytest.mark.parametrize("window", WINDOWS)
def test_analysis_and_resynthesis_are_a_pure_delay(window):
    for size, hop in PAIRS:
        for alignment in ("causal", "centred"):
            if not consistent(size, hop, window) or ((size, hop) == (512, 500) and window != "rectangular"):
                continue
            patch = chain(size, hop, window, alignment)
            latency = build_graph(patch.document, RATE).latency
            assert latency == size
            sound = render(patch, 3000 / RATE, RATE, {"in": noise()})
            assert np.abs(sound[latency:] - noise()[:-latency]).max() < 1e-5, (size, hop, alignment)


@pytest.mark.parametrize("hop", [16, 37, 64, 100])
@pytest.mark.parametrize("window", WINDOWS)
def test_stft_agrees_with_librosa(hop, window):
    from nodegraph.measures.librosa_import import import_librosa
    from nodegraph.spectral.windows import window as window_of

    librosa = import_librosa()
    x = noise(2000)[:, 0]
    ours = stft(x, 256, hop, window)
    padded = np.concatenate([np.zeros(256 - hop, np.float32), x, np.zeros(256, np.float32)])
    weights = window_of(window, 256)
    theirs = librosa.stft(padded, n_fft=256, hop_length=hop, window=weights, center=False)
    assert np.abs(ours - theirs[:, : ours.shape[1]]).max() < 1e-4
    if 128 % hop == 0:
        centred = librosa.stft(x, n_fft=256, hop_length=hop, window=weights, center=True, pad_mode="constant")
        skipped = 128 // hop - 1
        count = min(centred.shape[1], ours.shape[1] - skipped)
        assert np.abs(ours[:, skipped : skipped + count] - centred[:, :count]).max() < 1e-4


@pytest.mark.parametrize("alignment", ["causal", "centred"])
@pytest.mark.parametrize("hop", [64, 96, 128, 50])
def test_dry_and_wet_paths_cancel_at_the_output_and_at_a_mix(hop, alignment):
    patch = chain(256, hop, "hann", alignment, ("spectrum_gain",))
    patch.add("subtract", id="null")
    patch.add("audio_out", id="difference")
    patch.disconnect("back.out", "out.audio")
    for wire in ("in.out null.a", "back.out null.b", "null.out difference.audio"):
        patch.connect(*wire.split())
    sound = render(patch, 3000 / RATE, RATE, {"in": noise()})
    assert np.abs(sound).max() < 1e-5
    # the dry path joins after a mix, and a second chain follows the first
    for type, id in (("multiply", "minus"), ("stft", "stft2"), ("inverse_stft", "back2")):
        patch.add(type, id=id, **({"size": 128, "hop": 32} if type == "stft" else {}))
    patch.disconnect("null.out", "difference.audio")
    for wire in ("back.out stft2.audio", "stft2.spectrum back2.spectrum", "back2.out difference.audio"):
        patch.connect(*wire.split())
    patch.set("minus.b", -1.0)
    patch.connect("in.out", "minus.a")
    patch.connect("minus.out", "difference.audio")
    assert build_graph(patch.document, RATE).latency == 256 + 128
    sound = render(patch, 3000 / RATE, RATE, {"in": noise()})
    assert np.abs(sound).max() < 1e-5


def test_without_compensation_the_dry_sound_is_early():
    from nodegraph.patch import SetSettings

    patch = chain(256, 64)
    patch.connect("in.out", "out.audio")
    click = np.zeros((1000, 1), np.float32)
    click[100] = 1.0
    together = render(patch, 1000 / RATE, RATE, {"in": click})
    assert np.flatnonzero(np.abs(together[:, 0]) > 0.5).tolist() == [356]
    patch.do(SetSettings(latency_compensation=False))
    apart = render(patch, 1000 / RATE, RATE, {"in": click})
    assert np.flatnonzero(np.abs(apart[:, 0]) > 0.5).tolist() == [100, 356]


@pytest.mark.parametrize(("hop", "latency"), [(64, 512), (100, 556), (33, 520), (96, 544)])
def test_parallel_frame_paths_of_unequal_length_are_aligned(hop, latency):
    """One path has an inverse and a second stft: its frames are late by whole hops."""
    nodes = {
        "in": "audio_in",
        "first": ("stft", {"size": 256, "hop": hop}),
        "middle": "inverse_stft",
        "second": ("stft", {"size": 256, "hop": hop}),
        "minus": ("scale_spectra", {"gain": -1.0}),
        "sum": "add_spectra",
        "back": "inverse_stft",
        "out": "audio_out",
    }
    wires = [
        "in.out first.audio", "first.spectrum middle.spectrum", "middle.out second.audio",
        "second.spectrum sum.a", "first.spectrum minus.a", "minus.out sum.b", "sum.out back.spectrum",
        "back.out out.audio",
    ]  # fmt: skip
    patch = patch_of(nodes, wires)
    assert build_graph(patch.document, RATE).latency == latency
    sound = render(patch, 3000 / RATE, RATE, {"in": noise()})
    assert np.abs(sound).max() < 1e-5


def test_two_clocks_in_one_patch():
    patch = chain(256, 64)
    for type, id, params in (
        ("stft", "stft2", {"size": 512, "hop": 100}),
        ("inverse_stft", "back2", {}),
        ("stft", "stft3", {"size": 64, "hop": 7}),
        ("inverse_stft", "back3", {}),
    ):
        patch.add(type, id=id, **params)
    for k in "23":
        patch.connect("in.out", f"stft{k}.audio")
        patch.connect(f"stft{k}.spectrum", f"back{k}.spectrum")
        patch.connect(f"back{k}.out", "out.audio")
    sound = render(patch, 3000 / RATE, RATE, {"in": noise()})
    assert np.abs(sound[512:] - 3 * noise()[:-512]).max() < 3e-5


def test_frames_keep_the_lanes_of_a_signal():
    patch = chain(128, 32, between=("spectrum_gain", "spectral_gate"))
    patch.set("in.channels", 3)
    patch.set("b0.gain", [1.0, 0.5, 0.25])
    patch.set("b1.threshold", -140.0)
    assert build_graph(patch.document, RATE).node("back").output_lanes["out"] == 3
    values = noise(2000, 3)
    sound = render(patch, 2000 / RATE, RATE, {"in": values})
    assert sound.shape == (2000, 3)
    assert np.abs(sound[128:] - (values * [1.0, 0.5, 0.25])[:-128]).max() < 1e-5


def test_one_lane_of_frames_is_broadcast():
    patch = chain(128, 32)
    patch.add("stft", id="wide", size=128, hop=32)
    patch.add("sine", id="tones", frequency=[400.0, 900.0])
    patch.add("magnitude", id="level")
    patch.add("multiply_spectra", id="product")
    patch.disconnect("stft.spectrum", "back.spectrum")
    for wire in (
        "tones.out wide.audio", "stft.spectrum level.spectrum", "level.magnitude product.magnitude",
        "wide.spectrum product.spectrum", "product.out back.spectrum",
    ):  # fmt: skip
        patch.connect(*wire.split())
    sound = render(patch, 1000 / RATE, RATE, {"in": noise(1000)})
    assert sound.shape == (1000, 2) and np.abs(sound[500:]).max(axis=0).min() > 0.01


# -- refusals ----------------------------------------------------------------------------------------------


def refused(patch, wire):
    start, end = wire.split()
    return wire_problem(patch.document, Wire(*start.split("."), *end.split(".")))


def test_unequal_sizes_and_hops_are_refused_when_the_wire_is_drawn():
    nodes = {
        "x": ("stft", {"size": 256, "hop": 64}),
        "hop": ("stft", {"size": 256, "hop": 32}),
        "size": ("stft", {"size": 512, "hop": 64}),
        "sum": "add_spectra",
    }
    patch = patch_of(nodes, ["x.spectrum sum.a"])
    for other, words in (("hop", "every 32 samples"), ("size", "257 bins")):
        sentence = refused(patch, f"{other}.spectrum sum.b")
        assert words in sentence and "add_spectra 'sum'" in sentence and "same size and hop" in sentence
    assert refused(patch, "x.spectrum sum.b") is None


def test_problems_suggest_fitting_blocks():
    nodes = {
        "x": ("stft", {"size": 256, "hop": 64}),
        "magnitude": "magnitude",
        "mel": "mel",
        "gain": "frame_gain",
        "robot": "from_polar",
        "sine": "sine",
        "back": "inverse_stft",
        "freeze": "freeze",
    }
    patch = patch_of(nodes, ["x.spectrum magnitude.spectrum", "magnitude.magnitude mel.magnitude"])
    assert "polar" in refused(patch, "x.spectrum gain.magnitude")
    assert "stft" in refused(patch, "sine.out back.spectrum")
    assert "inverse_stft" in refused(patch, "x.spectrum sine.frequency")
    assert "Signal would fit freeze" in refused(patch, "sine.out freeze.spectrum")
    assert "before mel or log_frequency" in refused(patch, "mel.out robot.magnitude")
    assert "before mel or log_frequency" in refused(patch, "mel.out gain.magnitude")
    patch.connect("x.spectrum", "freeze.spectrum")
    patch.connect("x.spectrum", "back.spectrum")
    assert "accepts one wire" in refused(patch, "freeze.out back.spectrum")
    assert "add_spectra or mix_spectra" in refused(patch, "freeze.out back.spectrum")


def test_wrong_sizes_are_reported():
    for params, words in (
        ({"size": 300}, "power of two"),
        ({"hop": 0}, "hop must lie in"),
        ({"size": 4}, "8–65536"),
    ):
        document = Document({"x": NodeRecord("stft", params=params)})
        with pytest.raises(GraphError, match=words):
            build_graph(document)


def test_hop_longer_than_the_window_is_finite_and_has_gaps():
    sound = render(chain(64, 100, "rectangular"), 3000 / RATE, RATE, {"in": noise()})
    assert np.isfinite(sound).all() and np.abs(sound).max() <= 1.01
    assert 0.3 < (sound == 0.0).mean() < 0.45


def test_frame_blocks_without_wires_are_silent():
    patch = patch_of({"gain": "spectrum_gain", "back": "inverse_stft", "out": "audio_out"}, [])
    patch.connect("gain.out", "back.spectrum")
    patch.connect("back.out", "out.audio")
    assert not np.any(render(patch, 0.1, RATE))


def test_optional_frame_inputs_may_be_unwired():
    patch = patch_of(
        {"x": ("stft", {"size": 256, "hop": 64}), "m": "magnitude", "robot": "from_polar", "in": "audio_in",
         "back": "inverse_stft", "out": "audio_out"},
        ["in.out x.audio", "x.spectrum m.spectrum", "m.magnitude robot.magnitude",
         "robot.spectrum back.spectrum", "back.out out.audio"],
    )  # fmt: skip
    sound = render(patch, 2000 / RATE, RATE, {"in": noise(2000)})
    assert np.abs(sound[500:]).max() > 0.1


def test_loops_through_frames_are_refused():
    patch = chain(256, 64)
    patch.add("add", id="sum")
    patch.disconnect("in.out", "stft.audio")
    for wire in ("in.out sum.a", "sum.out stft.audio"):
        patch.connect(*wire.split())
    sentence = wire_problem(patch.document, Wire("back", "out", "sum", "b", feedback=True))
    assert "computes whole blocks" in sentence


# -- running -----------------------------------------------------------------------------------------------


def test_any_split_of_a_render_gives_the_same_samples():
    patch = chain(256, 100, between=("freeze", "denoise"))
    whole = Offline(patch.document, RATE, inputs={"in": noise()})
    pieces = Offline(patch.document, RATE, inputs={"in": noise()})
    a = whole.run_samples(2560)
    b = np.concatenate([pieces.run_samples(64 * k) for k in (1, 2, 3, 4, 30)])
    assert a.tobytes() == b.tobytes()


def test_edit_does_not_move_the_clock():
    """The clock migrates to the new plan, so the chain stays exact."""
    patch = chain(256, 100)
    engine = Offline(patch.document, RATE, inputs={"in": noise()})
    engine.follow(patch)
    first = engine.run_samples(64 * 11)
    patch.add("sine", id="elsewhere")
    sound = np.concatenate([first, engine.run_samples(64 * 20)])
    assert np.abs(sound[256:] - noise()[: len(sound) - 256]).max() < 1e-5
