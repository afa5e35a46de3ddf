"""Frame blocks compared with closed forms, frame by frame."""

import numpy as np
import pytest

from nodegraph.api import Patch
from nodegraph.measures.librosa_import import import_librosa
from nodegraph.spectral.bands import bounds, gain_curve, log_matrix, mel_matrix
from nodegraph.spectral.stft import istft, stft
from tests.nodes.frame_helpers import RATE, frames_of, noise, patch_around, through

SIZE, HOP, BINS = 64, 16, 33


def pair(type, audio=None, **settings):
    """Return input and output frames of a magnitude block: float64, (frames, bins) each."""
    _, seen, _ = through(type, audio, **settings)
    before = [frames for name, frames in seen.items() if name.startswith("in_")]
    after = [frames for name, frames in seen.items() if name.startswith("out_")]
    return before[0].astype(np.float64), after[0].astype(np.float64)


def near(a, b, bound=1e-5):
    return np.abs(a - b).max() <= bound * max(1.0, np.abs(b).max())


def test_stft_frames_match_the_reference():
    _, seen, _ = through("scale_frames", noise(1024))
    expected = np.abs(stft(noise(1024), SIZE, HOP)).T
    assert near(seen["in_a"], expected[: len(seen["in_a"])], 1e-6)


# -- gain and gating ---------------------------------------------------------------------------------------


def test_gain_tilt_and_points():
    before, after = pair("frame_gain", gain=0.5, tilt=6.0, points=[[500, 0], [2000, -12]])
    hz = np.maximum(np.arange(BINS), 0.5) * RATE / SIZE
    slope = 10 ** (6.0 * np.log2(hz / 1000) / 20)
    assert near(after, before * 0.5 * slope * gain_curve([(500, 0), (2000, -12)], SIZE, RATE))
    assert gain_curve([(500, 0), (2000, -12)], SIZE, RATE)[8] == pytest.approx(10 ** (-6 / 20))  # 1 kHz: halfway


def test_spectrum_gain_matches_frame_gain():
    _, seen, _ = through("spectrum_gain", gain=2.0, points=[[1000, -6]])
    before, after = seen["in_spectrum_magnitude"], seen["out_out_magnitude"]
    assert near(after, before * 2.0 * 10 ** (-6 / 20))


@pytest.mark.parametrize("keep", ["above", "below"])
def test_threshold_attenuates_one_side(keep):
    settings = {"threshold": -30.0, "ratio": 3.0, "floor": -20.0, "keep": keep}
    before, after = pair("threshold_frames", **settings)
    level = SIZE / 4 * 10 ** (-30 / 20)
    relative = before / level if keep == "above" else level / np.maximum(before, 1e-20)
    gain = np.clip(np.minimum(relative, 1.0) ** 2, 0.1, 1.0)
    assert near(after, before * gain)
    _, seen, _ = through("spectral_gate", **settings)
    assert near(seen["out_out_magnitude"], before * gain)


# -- noise -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", ["denoise", "denoise_frames"])
def test_denoise_removes_learned_noise_and_keeps_the_tone(type):
    samples = 16000
    hiss = 0.05 * noise(samples)
    tone = np.where(np.arange(samples) >= 8000, 0.5 * np.sin(2 * np.pi * 1000 * np.arange(samples) / RATE), 0.0)
    learn = (np.arange(samples) < 6000).astype(np.float32)
    track = (hiss + tone).astype(np.float32)
    _, seen, _ = through(type, track, sources={"learn": learn}, floor=-60.0, amount=4.0)
    name = "spectrum_magnitude" if type == "denoise" else "magnitude"
    before, after = seen[f"in_{name}"], seen["out_out_magnitude" if type == "denoise" else "out_out"]
    quiet, loud = slice(6200 // HOP, 7900 // HOP), slice(9000 // HOP, None)
    tone_bin = round(1000 * SIZE / RATE)
    assert np.sqrt((after[quiet] ** 2).mean() / (before[quiet] ** 2).mean()) < 0.2
    assert np.median(after[loud, tone_bin] / before[loud, tone_bin]) > 0.98
    away = slice(tone_bin + 6, None)
    assert np.sqrt((after[loud, away] ** 2).mean() / (before[loud, away] ** 2).mean()) < 0.3


def test_denoise_without_a_profile_changes_nothing():
    before, after = pair("denoise_frames")
    assert near(after, before)


# -- smoothing and holding ---------------------------------------------------------------------------------


def test_smoothing_over_time():
    before, after = pair("smooth_frames", attack=0.004, release=0.02)
    up, down = (1 - np.exp(-HOP / RATE / tau) for tau in (0.004, 0.02))
    y = np.zeros(BINS)
    for x, found in zip(before, after):
        y = y + (x - y) * np.where(x > y, up, down)
        assert near(found, y)


def test_smoothing_over_bins_keeps_sums_inside_and_peaks_in_place():
    before, after = pair("smooth_bins", width=0.0)
    assert near(after, before)
    tone = np.sin(2 * np.pi * 2000 * np.arange(2000) / RATE).astype(np.float32)
    before, after = pair("smooth_bins", tone, width=150.0)
    assert np.argmax(after[20]) == np.argmax(before[20]) == 16
    assert after[20].sum() == pytest.approx(before[20].sum(), rel=0.02)
    left, right = after[20, 10:16], after[20, 17:23][::-1]
    assert near(left, right, 1e-3)


def test_blur_is_the_mean_of_the_latest():
    before, after = pair("blur", time=4 * HOP / RATE)
    for m in range(20):
        assert near(after[m], before[max(0, m - 4) : m + 1].mean(axis=0))


def test_freeze_holds_magnitudes():
    gate = (np.arange(2000) >= 1000).astype(np.float32)
    before, after = pair("freeze_frames", sources={"freeze": gate})
    edge = 1000 // HOP
    assert near(after[:edge], before[:edge])
    held = after[edge + 1 : 2000 // HOP]
    assert near(held, np.broadcast_to(held[0], held.shape))


@pytest.mark.parametrize("phases", ["advance", "random"])
def test_freeze_continues_a_tone(phases):
    n = np.arange(12000)
    tone = np.where(n < 5000, 0.5 * np.sin(2 * np.pi * 1010 * n / RATE), 0.0).astype(np.float32)
    gate = (n >= 3000).astype(np.float32)
    sound, _, _ = through("freeze", tone, sources={"freeze": gate}, size=512, hop=128, phases=phases)
    late = sound[9000:, 0]
    assert 0.1 < np.abs(late).max() < 1.0
    if phases == "advance":
        spectrum = np.abs(np.fft.rfft(late * np.hanning(len(late))))
        assert np.argmax(spectrum) * RATE / len(late) == pytest.approx(1010, abs=RATE / len(late))
        assert np.sqrt((late**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


# -- moving bins -------------------------------------------------------------------------------------------


def test_shift_roll_and_stretch():
    width = RATE / SIZE
    before, after = pair("shift_bins", shift=2.5 * width)
    assert near(after[:, 3:], 0.5 * (before[:, 1:-2] + before[:, :-3]))
    assert (after[:, :3] == np.where(np.arange(3) < 2.5, 0.0, 1.0) * after[:, :3]).all()
    before, after = pair("roll_bins", shift=-3 * width)
    assert near(after, np.roll(before, -3, axis=1))
    before, after = pair("stretch_bins", ratio=2.0)
    assert near(after[:, ::2], before[:, : BINS // 2 + 1])
    before, after = pair("stretch_bins", ratio=0.5, pivot=8 * width)
    assert near(after[:, 8], before[:, 8]) and near(after[:, 9], before[:, 10])


@pytest.mark.parametrize("shift", [250.0, 137.0, -333.3])
def test_shifted_tone_remains_a_tone(shift):
    n = np.arange(16000)
    tone = (0.5 * np.sin(2 * np.pi * 1000 * n / RATE)).astype(np.float32)
    sound, _, _ = through("shift_spectrum", tone, shift=shift, size=512, hop=64)
    late = sound[4000:, 0]
    window = np.blackman(len(late))
    spectrum = np.abs(np.fft.rfft(late * window)) / window.sum() * 2
    peak = np.argmax(spectrum)
    assert peak * RATE / len(late) == pytest.approx(1000 + shift, abs=1.0)
    assert spectrum[peak] == pytest.approx(0.5, rel=0.25)
    spectrum[max(0, peak - 6) : peak + 7] = 0.0
    assert spectrum.max() < 0.02


# -- two inputs --------------------------------------------------------------------------------------------


def two(type, **settings):
    tracks = {"a": noise(2000, 1), "b": noise(2000, 2)}
    _, seen, _ = through(type, tracks, **settings)
    return seen


def test_morph_and_arithmetic():
    a = two("morph", amount=0.25)
    assert near(a["out_out"], 0.75 * a["in_a"] + 0.25 * a["in_b"])
    b = two("morph", amount=0.25, law="log")
    assert near(b["out_out"], b["in_a"] ** 0.75 * b["in_b"] ** 0.25, 1e-4)
    assert near(two("add_frames")["out_out"], a["in_a"] + a["in_b"])
    assert near(two("multiply_frames")["out_out"], a["in_a"] * a["in_b"])
    assert near(two("mix_frames", amount=0.3)["out_out"], 0.7 * a["in_a"] + 0.3 * a["in_b"])
    assert near(two("convolve_spectra")["out_out_magnitude"], a["in_a"] * a["in_b"] * 4 / SIZE)


@pytest.mark.parametrize("type", ["morph_spectra", "mix_spectra"])
def test_ends_of_a_mix_are_its_inputs(type):
    for amount, seed in ((0.0, 1), (1.0, 2)):
        sound, _, _ = through(type, {"a": noise(2000, 1), "b": noise(2000, 2)}, amount=amount)
        assert near(sound[SIZE:, 0], noise(2000, seed)[:-SIZE], 2e-5)


def test_sum_of_spectra_equals_sum_of_signals():
    sound, _, _ = through("add_spectra", {"a": noise(2000, 1), "b": noise(2000, 2)})
    assert near(sound[SIZE:, 0], (noise(2000, 1) + noise(2000, 2))[:-SIZE])


def test_cross_synthesis_combines_modulator_magnitudes_with_carrier_phases():
    tracks = {"modulator": noise(2000, 1), "carrier": noise(2000, 2)}
    sound, seen, _ = through("cross_synthesis", tracks, smoothing=0.0, flatten=1.0)
    assert near(seen["out_out_magnitude"], seen["in_modulator"], 1e-4)
    x, y = (stft(tracks[name], SIZE, HOP) for name in ("modulator", "carrier"))
    expected = istft(np.abs(x) * y / np.maximum(np.abs(y), 1e-20), SIZE, HOP)
    assert near(sound[SIZE:, 0], expected[: len(sound) - SIZE], 1e-4)


def test_expression_over_bins():
    tracks = {"a": noise(2000, 1), "b": noise(2000, 2)}
    _, seen, _ = through("frame_expression", tracks, text="a * (k < 0.5) + b * (k >= 0.5)")
    low = np.arange(BINS) / (BINS - 1) < 0.5
    assert near(seen["out_out"], np.where(low, seen["in_a"], seen["in_b"]))
    patch = Patch()
    patch.add("audio_in", id="a")
    patch.add("stft", id="stft", size=SIZE, hop=HOP)
    patch.add("magnitude", id="m")
    patch.add("frame_expression", id="e", text="b + t + 0 * a")
    patch.add("spectrogram_tap", id="tap")
    for wire in ("a.out stft.audio", "stft.spectrum m.spectrum", "m.magnitude e.a", "e.out tap.magnitude"):
        patch.connect(*wire.split())
    _, seen, _ = frames_of(patch, {"a": noise(800)})
    assert near(seen["tap"], np.arange(len(seen["tap"]))[:, None] * HOP / RATE * np.ones(BINS))


def test_invalid_formula_makes_a_placeholder_with_a_reason():
    from nodegraph.graph import build_graph

    patch = patch_around("frame_expression", text="a.real")
    problems = build_graph(patch.document).placeholders
    assert "a.real" in problems["block"]


# -- views -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["area", "peak"])
def test_mel_bands(scale, norm):
    before, after = pair("mel", bands=8, scale=scale, norm=norm, of="power")
    assert near(after, before**2 @ mel_matrix(8, SIZE, RATE, scale=scale, norm=norm).T)
    librosa = import_librosa()
    for bands, size, rate, low, high in (
        (40, 2048, 44100, 0, 0),
        (128, 1024, 22050, 20, 8000),
        (8, 64, 8000, 0, 0),
    ):
        expected = librosa.filters.mel(
            sr=rate, n_fft=size, n_mels=bands, fmin=low, fmax=high or None, htk=scale == "htk",
            norm="slaney" if norm == "area" else None,
        )  # fmt: skip
        assert np.abs(mel_matrix(bands, size, rate, low, high, scale, norm) - expected).max() < 1e-5


def test_log_frequency_bands():
    before, after = pair("log_frequency", low=200.0, octaves=4, per_octave=3)
    matrix = log_matrix(4, 3, 200.0, SIZE, RATE)
    assert near(after, before @ matrix.T)
    assert np.allclose(matrix.sum(axis=1), 1.0)
    whole = log_matrix(8, 12, 27.5, 4096, 44100.0)
    centres = 27.5 * 2 ** (np.arange(96) / 12)
    found = (whole * np.arange(2049)).sum(axis=1) * 44100 / 4096
    assert np.abs(found / centres - 1).max() < 0.01
    assert (bounds(whole)[:, 1] > bounds(whole)[:, 0]).all()
    assert not log_matrix(4, 1, 8000.0, 64, 8000.0).any()


def test_spectrogram_tap_shows_decibels():
    from nodegraph.engine.offline import Offline

    patch = patch_around("scale_frames", size=256, hop=64)
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / RATE).astype(np.float32)
    engine = Offline(patch.document, RATE, inputs={"a": tone})
    engine.run_samples(8000)
    tap = next(helper for (node, *_), helper in engine.plan.helpers.items() if node == "out_out")
    image = tap.decibels(100)
    assert image.shape == (129, 100)
    assert image[32, -1] == pytest.approx(0.0, abs=0.01)
    assert image.min() >= -120.0 and image[100, -1] < -60.0
    engine.close()


def test_polar_and_from_polar_are_inverse():
    patch = Patch()
    patch.add("audio_in", id="in")
    patch.add("stft", id="stft", size=SIZE, hop=HOP)
    patch.add("polar", id="polar")
    patch.add("from_polar", id="back")
    patch.add("inverse_stft", id="inverse")
    patch.add("audio_out", id="out")
    for wire in (
        "in.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude back.magnitude",
        "polar.phase back.phase", "back.spectrum inverse.spectrum", "inverse.out out.audio",
    ):  # fmt: skip
        patch.connect(*wire.split())
    sound, _, _ = frames_of(patch, {"in": noise(2000)})
    assert near(sound[SIZE:, 0], noise(2000)[:-SIZE], 1e-5)
