"""The convolver: equal to a convolution for any response, at once, and with an even load."""

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, fftconvolve, sosfilt

import nodes.convolution
from nodegraph.graph import build_graph
from nodegraph.spectral.partitioned_convolution import (
    AT,
    DONE,
    HEAD,
    HEAD_END,
    QUANTA,
    TAIL,
    TRANSFORM_COST,
    convolution_arrays,
)
from tests.engine.guarded import Guarded
from tests.rendering import QUANTUM, Offline, Stepper, engine_of, largest_step, patch_of, sound_of

RATE = 44100.0
NOISE = ("white_noise", {"amplitude": 0.5})
STEREO_NOISE = ("white_noise", {"amplitude": [0.5, 0.4]})
IMPULSE = ("impulse", {"frequency": 0.01})


def decaying(samples, channels, seed=1):
    """Return a response of noise that decays by 40 dB: (samples, channels)."""
    envelope = 0.01 ** (np.arange(samples) / samples)
    return 0.1 * envelope[:, None] * np.random.default_rng(seed).standard_normal((samples, channels))


def convolver(folder, response, source, file_rate=RATE, **params):
    """Return a patch that plays a source through a response without the dry signal and without a change of level."""
    soundfile.write(folder / "response.wav", response, round(file_rate), subtype="FLOAT")
    settings = {"file": "response.wav", "mix": 1.0, "normalise": False} | params
    patch = patch_of("n.out c.audio", "c.out out.audio", n=source, c=("convolver", settings), out="audio_out")
    patch.path = folder / "patch.json"
    return patch


def dry(source, samples):
    return sound_of(patch_of("n.out out.audio", n=source, out="audio_out"), samples, rate=RATE).astype(float)


def convolution(source, response, samples):
    """Return what a response of one, two or four channels answers: (samples, sides)."""
    sound = dry(source, samples)
    lengths = response.shape[1]
    paths = [[(0, 0), (1, 2)], [(0, 1), (1, 3)]] if lengths == 4 else [[(k, min(k, lengths - 1))] for k in range(2)]
    sides = [sum(fftconvolve(sound[:, i], response[:, c])[:samples] for i, c in found) for found in paths]
    return np.stack(sides, axis=1)


BORDERS = [n + d for n in (HEAD, HEAD_END, HEAD_END + TAIL, HEAD_END + 2 * TAIL) for d in (-1, 0, 1)]


@pytest.mark.parametrize(
    ("channels", "lengths"),
    [(1, [1, 2, 1000, *BORDERS]), (2, [HEAD + 1, HEAD_END + 1]), (4, [1, HEAD_END + TAIL + 1]), (2, [3 * round(RATE)])],
    ids=["mono", "stereo", "true stereo", "seconds"],
)
def test_output_is_the_convolution_with_the_response(tmp_path, channels, lengths):
    for length in lengths:
        response = decaying(length, channels)
        samples = length + 2 * HEAD_END
        found = sound_of(convolver(tmp_path, response, STEREO_NOISE), samples, rate=RATE)
        right = convolution(STEREO_NOISE, response.astype(np.float32).astype(float), samples)
        assert np.abs(found - right).max() < 1e-5 * np.abs(right).max(), length


def test_response_to_an_impulse_starts_with_it(tmp_path):
    response = decaying(10_000, 1)
    found = sound_of(convolver(tmp_path, response, IMPULSE), 12_000, rate=RATE)
    assert found.shape == (12_000, 1)
    np.testing.assert_allclose(found[:10_000], response, atol=1e-6)
    assert np.abs(found[10_000:]).max() < 1e-6


def test_sides_of_a_single_lane_get_their_channels(tmp_path):
    response = decaying(5000, 4)
    left, right = response[:, [0]] + response[:, [2]], response[:, [1]] + response[:, [3]]
    stereo = sound_of(convolver(tmp_path, response[:, :2], IMPULSE), 5000, rate=RATE)
    np.testing.assert_allclose(stereo, response[:, :2], atol=1e-6)
    crossed = sound_of(convolver(tmp_path, response, IMPULSE), 5000, rate=RATE)
    np.testing.assert_allclose(crossed, np.hstack([left, right]), atol=1e-6)


def test_pre_delay_and_gain_change_only_the_response(tmp_path):
    response = decaying(100, 1)
    patch = convolver(tmp_path, response, IMPULSE, pre_delay=0.1, gain=2.0)
    found = sound_of(patch, 5000, rate=RATE)
    assert np.abs(found[:4410]).max() < 1e-6
    np.testing.assert_allclose(found[4410:4510], 2.0 * response, atol=1e-6)
    patch.set("c.mix", 0.0)
    assert np.array_equal(sound_of(patch, 5000, rate=RATE), dry(IMPULSE, 5000))


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_normalised_response_keeps_the_level_of_white_noise(tmp_path, channels):
    patch = convolver(tmp_path, 7.0 * decaying(3000, channels), ("white_noise", {"amplitude": [0.5] * 2}))
    patch.set("c.normalise", True)
    found, before = sound_of(patch, 44100, rate=RATE)[3000:], dry(NOISE, 41100)
    assert np.sqrt(np.square(found).mean()) == pytest.approx(before.std(), rel=0.05)


def test_silent_response_is_silent(tmp_path):
    patch = convolver(tmp_path, np.zeros((5000, 2)), NOISE, normalise=True)
    assert not sound_of(patch, 9000, rate=RATE).any()


def test_without_a_file_only_the_dry_signal_is_heard():
    patch = patch_of("n.out c.audio", "c.out out.audio", n=NOISE, c=("convolver", {"mix": 0.0}), out="audio_out")
    assert np.array_equal(sound_of(patch, 640, rate=RATE), dry(NOISE, 640))
    patch.set("c.mix", 1.0)
    assert np.abs(sound_of(patch, 640, rate=RATE)).max() < 1e-9


@pytest.mark.parametrize("file_rate", [22050.0, 96000.0])
def test_response_of_another_rate_sounds_as_at_its_own(tmp_path, file_rate):
    t = np.arange(round(0.2 * file_rate)) / file_rate
    response = (np.exp(-t / 0.02) * np.sin(2 * np.pi * 700.0 * t) / (0.01 * file_rate))[:, None]
    frequency = 650.0
    patch = convolver(tmp_path, response, ("sine", {"frequency": frequency, "amplitude": 0.5}), file_rate)
    found = sound_of(patch, 30_000, rate=RATE)[15_000:, 0]
    gain = abs(np.sum(response[:, 0] * np.exp(-2j * np.pi * frequency * t)))
    assert np.sqrt(2.0) * found.std() == pytest.approx(0.5 * gain, rel=0.01)


def test_sound_is_equal_in_chunks(tmp_path):
    patch = convolver(tmp_path, decaying(HEAD_END + TAIL + 1, 1), NOISE)
    samples = 3 * HEAD_END
    whole = sound_of(patch, samples, rate=RATE)
    engine = engine_of(patch, rate=RATE)
    pieces = [engine.run_samples(count) for count in (1, QUANTUM, 37, 5000, samples - QUANTUM - 5038)]
    assert np.array_equal(whole, np.concatenate(pieces))


@pytest.mark.parametrize("channels", [1, 4])
def test_kernel_equals_its_python_form_bit_for_bit(tmp_path, channels):
    patch = convolver(tmp_path, decaying(HEAD_END + TAIL + 1, channels), STEREO_NOISE)
    found = []
    for driver in (Offline, Stepper):
        engine, rng = engine_of(patch, driver, rate=RATE), np.random.default_rng(3)
        arrays = engine.helper("c").arrays
        for values in (arrays[name] for name in sorted(arrays) if name != "marks"):
            values[:] = rng.uniform(-1.0, 1.0, len(values))
        arrays["marks"][AT] = QUANTA - 1  # all work on a long partition is left for this quantum
        found.append([engine.run_samples(2 * QUANTUM), *(values.copy() for values in arrays.values())])
    for native, python in zip(*found, strict=True):
        assert np.isfinite(native).all() and native.tobytes() == python.tobytes()


@pytest.mark.parametrize("at_start", [True, False])
@pytest.mark.parametrize("channels", [1, 4])
def test_kernel_writes_only_inside_its_arrays(tmp_path, monkeypatch, channels, at_start):
    monkeypatch.setattr(Guarded, "at_start", at_start)

    def guarded(response):
        found = {}
        for name, values in convolution_arrays(response).items():
            memory = Guarded(values.nbytes, alignment=values.itemsize).array(values.nbytes // 4).view(values.dtype)
            memory[:] = values
            found[name] = memory
        return found

    monkeypatch.setattr(nodes.convolution, "convolution_arrays", guarded)
    for length in (1, HEAD + 1, HEAD_END + TAIL + 1):
        assert sound_of(convolver(tmp_path, decaying(length, channels), STEREO_NOISE), 3 * HEAD_END, rate=RATE).any()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_work_on_a_long_response_is_spread_evenly(tmp_path, channels):
    engine = engine_of(convolver(tmp_path, decaying(3 * round(RATE), channels), STEREO_NOISE), rate=RATE)
    done = []
    for _ in range(2 * QUANTA):
        engine.run_samples(QUANTUM)
        done.append(int(engine.helper("c").arrays["marks"][DONE]))
    steps = np.diff(done)[np.diff(done) >= 0]  # a new partition starts from 0
    assert steps.sum() > 100
    assert steps.max() <= np.ceil(np.mean(steps)) + TRANSFORM_COST


def test_change_of_the_file_does_not_click(tmp_path):
    patch = convolver(tmp_path, decaying(20_000, 1), ("sine", {"frequency": 200.0, "amplitude": 0.5}), normalise=True)
    other = decaying(20_000, 1, seed=2)
    soundfile.write(tmp_path / "other.wav", other, round(RATE), subtype="FLOAT")
    engine = engine_of(patch, rate=RATE)
    before = engine.run_samples(44100)
    patch.set("c.file", "other.wav")
    after = engine.run_samples(44100)
    treble = sosfilt(butter(6, 3000.0, "high", fs=RATE, output="sos"), np.concatenate([before, after])[:, 0])
    assert np.abs(treble[44100:]).max() < 0.004 * np.abs(after).max()
    assert largest_step(after[:10_000]) < 2.0 * max(largest_step(before[30_000:]), largest_step(after[30_000:]))
    patch = convolver(tmp_path, other, ("sine", {"frequency": 200.0, "amplitude": 0.5}), normalise=True)
    steady = sound_of(patch, 88200, rate=RATE)[44100:]
    np.testing.assert_allclose(after[30_000:], steady[30_000:], atol=1e-4)


def test_edits_of_other_blocks_do_not_disturb_the_response(tmp_path):
    patch = convolver(tmp_path, decaying(9000, 2), NOISE)
    whole = sound_of(patch, 20_000, rate=RATE)
    engine = engine_of(patch, rate=RATE)
    before = engine.run_samples(10_000)
    patch.add("sine", id="other")
    assert np.array_equal(whole, np.concatenate([before, engine.run_samples(10_000)]))


def test_faulty_files_are_named(tmp_path):
    def problem_of(patch):
        return build_graph(patch.document, RATE, patch.path).node("c").problem

    patch = convolver(tmp_path, np.zeros((10, 3)), NOISE)
    assert problem_of(patch) == "'response.wav' has 3 channels; a response has 1, 2 or 4. Convert it."
    assert not sound_of(patch, 640, rate=RATE).any()
    (tmp_path / "response.wav").unlink()
    assert problem_of(patch) == "file 'response.wav' is missing. Put it in the patch's folder."
    assert not sound_of(patch, 640, rate=RATE).any()


def test_end_of_a_too_long_response_is_left_out(tmp_path):
    response = np.zeros((31_000, 1))
    response[29_990:] = 1.0
    engine = engine_of(convolver(tmp_path, response, IMPULSE, file_rate=1000.0), rate=1000.0)
    found = engine.run_samples(31_000)[:, 0]
    np.testing.assert_allclose(found[29_990:30_000], 1.0, atol=1e-5)
    assert np.abs(found[30_000:]).max() < 1e-5
    assert engine.problems() == ["c: the response is longer than 30 s; its end is left out. Shorten it."]


def test_loud_input_is_forgotten_after_the_response(tmp_path):
    patch = convolver(tmp_path, decaying(6000, 1), IMPULSE)
    patch.add("expression", id="loud", text="1e5 * a")
    patch.disconnect("n.out", "c.audio")
    patch.connect("n.out", "loud.a")
    patch.connect("loud.out", "c.audio")
    found = sound_of(patch, 6000 + 3 * HEAD_END, rate=RATE)
    assert np.abs(found[:6000]).max() > 1e3
    assert not found[6000 + 2 * HEAD_END :].any()
