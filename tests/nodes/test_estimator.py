"""The estimator block: what it hears, when it outputs the estimates, and models that are missing, late or broken."""

import importlib.util
import os
import re

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.blocks.estimator_worker import IS_RUNNING, EstimatorWorker
from nodegraph.blocks.worker_process import are_processes_supported
from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline, Stepper
from nodegraph.graph import build_graph
from nodegraph.models.estimation import Inference
from nodegraph.models.estimator import Calibration, Estimator, PatchRecord, layout_of
from nodegraph.models.estimator_layout import tensor_shapes
from nodegraph.models.parameters import Parameter
from nodegraph.models.sound_features import SoundFeatureSettings
from tests.nodes.frame_helpers import RATE, random_model
from tests.rendering import patch_of
from tests.waiting import has_ended, wait_for

PARAMETERS = (
    Parameter("cutoff", "filter.cutoff", 100.0, 10000.0, "log"),
    Parameter("gain", "vca.gain", 0.0, 2.0),
    Parameter("wave", "osc.wave", 0.0, 4.0, steps=(0.0, 1.0, 2.0, 4.0)),
)
MIDDLE = [1000.0, 1.0, 2.0]  # geometric for a logarithmic range, the nearest step
FEATURES = SoundFeatureSettings(rate=4000.0, seconds=0.1, size=64, hop=32, bands=8, points=8)
WINDOW = round(FEATURES.seconds * RATE)
DELAY = 1200  # samples
SAMPLES = 6000


def random_estimator():
    """Return an untrained estimator whose estimates differ from sound to sound."""
    layout = layout_of(PARAMETERS, FEATURES, channels=(8,), strides=((2, 2),), hidden=16, flow_width=16, flow_layers=1)
    rng = np.random.default_rng(5)
    fixed = {"deviation": np.float32(20.0), "running_var": np.float32(1.0)}
    tensors = {
        name: np.full(shape, fixed[name.rpartition(".")[2]])
        if name.endswith(tuple(fixed))
        else rng.standard_normal(shape).astype(np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        for name, shape in tensor_shapes(layout).items()
    }
    return Estimator(
        PARAMETERS,
        FEATURES,
        layout,
        PatchRecord("test", "0"),
        Calibration(*((1.0,) * len(PARAMETERS),) * 2),
        tensors,
    )


MODEL = random_estimator()
INFERENCE = Inference(MODEL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the path of a patch in a folder with a model, and with files that are none."""
    path = tmp_path_factory.mktemp("models")
    MODEL.save(path / "model.safetensors")
    random_model().save(path / "autoencoder.safetensors")
    (path / "text.safetensors").write_text("no model")
    return path / "patch.json"


def sweep(samples=SAMPLES):
    """Return a rising and louder sine, so that all windows differ."""
    t = np.linspace(0.0, 1.0, samples)
    return ((0.05 + t) * np.sin(2 * np.pi * (100 * t + 900 * t**2) * SAMPLES / RATE)).astype(np.float32)


def estimator_patch(channels=1, **params):
    """Return a patch whose output channels are values, confidence and done."""
    return patch_of(
        "in.out estimator.audio", "gate.out estimator.trigger", "estimator.values all.a", "estimator.confidence all.b",
        "estimator.done all.c", "all.out out.audio",
        estimator=("cnn_estimator", {"file": "model.safetensors", "delay": DELAY / RATE, "interval": 0.0} | params),
        all=("join", {"count": 3}), gate="audio_in", out="audio_out", **{"in": ("audio_in", {"channels": channels})},
    )  # fmt: skip


def engine_of(patch, path, audio, triggers=(), driver=Offline):
    gate = np.zeros(len(audio), np.float32)
    for sample in triggers:
        gate[sample : sample + 10] = 1.0
    return driver(patch.document, RATE, path=path, inputs={"in": audio, "gate": gate})


def play(patch, path, audio, triggers=(), driver=Offline, samples=None):
    """Return values and confidence (samples, parameters), and the samples at which an estimate is output."""
    engine = engine_of(patch, path, audio, triggers, driver)
    try:
        return parts(engine.run_samples(samples or len(audio)))
    finally:
        engine.close()


def parts(sound):
    count = sound.shape[1] // 2
    return sound[:, :count], sound[:, count : 2 * count], np.flatnonzero(sound[:, -1]).tolist()


def estimate(audio, end, noise=0.0):
    """Return values and confidence of the sound that ends before sample ``end``, with zeros before its start."""
    sound = np.concatenate([np.zeros(WINDOW, np.float32), audio])[end : end + WINDOW]
    found = INFERENCE.estimate(soxr.resample(sound, RATE, FEATURES.rate)[None], noise)
    return found.values[0].astype(np.float32), found.confidence[0].astype(np.float32)


def worker_of(engine) -> EstimatorWorker:
    return next(helper for helper in engine.plan.helpers.values() if isinstance(helper, EstimatorWorker))


# -- what is heard, and when -------------------------------------------------------------------------------


@given(st.integers(10, SAMPLES - DELAY - 1), st.sampled_from([Offline, Stepper]))
@settings(max_examples=8)
def test_trigger_gives_the_estimate_of_the_sound_before_it(folder, trigger, driver):
    audio = sweep()
    values, confidence, done = play(estimator_patch(), folder, audio, [trigger], driver)
    due = trigger + DELAY
    assert done == [due]
    expected = estimate(audio, trigger + 1)
    assert np.array_equal(values[due:], np.tile(expected[0], (SAMPLES - due, 1)))
    assert np.array_equal(confidence[due:], np.tile(expected[1], (SAMPLES - due, 1)))
    assert np.array_equal(values[:due], np.tile(np.float32(MIDDLE), (due, 1))) and not confidence[:due].any()


@given(st.integers(10, SAMPLES - DELAY - WINDOW - 1))
@settings(max_examples=8)
def test_trigger_gives_the_estimate_of_the_sound_after_it(folder, trigger):
    audio = sweep()
    values, _, done = play(estimator_patch(listens="after"), folder, audio, [trigger])
    assert done == [trigger + WINDOW - 1 + DELAY]
    assert np.array_equal(values[-1], estimate(audio, trigger + WINDOW)[0])


def test_estimates_differ_from_sound_to_sound():
    found = {tuple(estimate(sweep(), end)[0].tolist()) for end in range(500, SAMPLES, 500)}
    assert len(found) == 11


@pytest.mark.parametrize("interval", [0.05, 0.2, 0.3])
def test_estimates_follow_each_other_at_the_interval(folder, interval):
    audio = sweep()
    values, _, done = play(estimator_patch(interval=interval), folder, audio)
    first, step = round(interval * RATE), max(round(interval * RATE), DELAY)
    expected = [end for end in range(first, SAMPLES, step) if end - 1 + DELAY < SAMPLES]
    assert done == [end - 1 + DELAY for end in expected]
    for end in expected:
        assert np.array_equal(values[end - 1 + DELAY], estimate(audio, end)[0])


def test_trigger_during_a_pending_estimate_is_answered_after_it(folder):
    audio = sweep()
    values, _, done = play(estimator_patch(), folder, audio, [900, 1300, 1700])
    assert done == [900 + DELAY, 900 + 2 * DELAY]
    assert np.array_equal(values[done[0]], estimate(audio, 901)[0])
    assert np.array_equal(values[done[1]], estimate(audio, 1701)[0])  # the latest trigger


def test_mean_of_the_lanes_is_heard(folder):
    audio = np.stack([sweep(), 0.5 * sweep()[::-1], np.zeros(SAMPLES, np.float32)], axis=1)
    values, _, _ = play(estimator_patch(channels=3), folder, audio, [3000])
    np.testing.assert_allclose(values[-1], estimate(audio.mean(axis=1), 3001)[0], rtol=1e-5)


def test_delay_is_at_least_1024_samples(folder):
    _, _, done = play(estimator_patch(delay=0.0), folder, sweep(), [1000])
    assert done == [1000 + 1024]


def test_noise_in_the_sound_is_told_to_the_model(folder):
    audio = sweep()
    _, confidence, _ = play(estimator_patch(noise=0.7), folder, audio, [3000])
    assert np.array_equal(confidence[-1], estimate(audio, 3001, 0.7)[1])
    assert not np.array_equal(confidence[-1], estimate(audio, 3001)[1])


def test_silence_changes_nothing(folder):
    audio = sweep()
    audio[1500:] = 0.0
    values, confidence, done = play(estimator_patch(), folder, audio, [1000, 3500])
    assert done == [1000 + DELAY]
    assert np.array_equal(values[-1], values[done[0]]) and confidence[-1].any()


def test_sound_above_the_band_of_the_model_changes_nothing(folder):
    high = 1e-5 * np.sin(2 * np.pi * 3500.0 / RATE * np.arange(SAMPLES)).astype(np.float32)
    values, _, done = play(estimator_patch(), folder, np.where(np.arange(SAMPLES) < 4500, high, sweep()), [3000, 4700])
    assert done == [4700 + DELAY]
    assert values[4700].tolist() == MIDDLE


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=5))
@settings(max_examples=8)
def test_output_is_equal_in_chunks(folder, counts):
    audio, patch = sweep(), estimator_patch(interval=0.1)
    whole = play(patch, folder, audio, [2500])
    engine = engine_of(patch, folder, audio, [2500])
    pieces = np.concatenate([engine.run_samples(n) for n in [*counts, max(SAMPLES - sum(counts), 0)]])
    for a, b in zip(parts(pieces[:SAMPLES]), whole, strict=True):
        assert np.array_equal(a, b)


# -- lanes -------------------------------------------------------------------------------------------------


def test_chosen_parameters_are_the_lanes_in_their_order(folder):
    audio = sweep()
    values, confidence, _ = play(estimator_patch(parameters="wave, cutoff"), folder, audio, [3000])
    expected = estimate(audio, 3001)
    assert np.array_equal(values[-1], expected[0][[2, 0]]) and np.array_equal(confidence[-1], expected[1][[2, 0]])
    assert values[0].tolist() == [2.0, 1000.0]


def test_estimate_sets_the_knob_that_it_is_wired_to(folder):
    patch = estimator_patch(parameters="cutoff")
    patch.add("ladder", id="filter")
    patch.connect("estimator.values", "filter.cutoff")
    patch.connect("in.out", "filter.audio")
    patch.disconnect("all.out", "out.audio")
    patch.connect("filter.out", "out.audio")
    audio = sweep()
    by_estimate = engine_of(patch, folder, audio).run_samples(1000)
    patch.disconnect("estimator.values", "filter.cutoff")
    patch.set("filter.cutoff", 1000.0)
    assert np.array_equal(by_estimate, engine_of(patch, folder, audio).run_samples(1000))


def test_without_a_model_there_is_one_silent_lane(folder):
    values, confidence, done = play(estimator_patch(file=""), folder, sweep()[:1000], [100])
    assert values.shape == (1000, 1) and not values.any() and not confidence.any() and done == []


def test_values_stay_when_another_part_of_the_patch_is_edited(folder):
    patch = estimator_patch()
    patch.save(folder.with_name("edited.json"))
    engine = engine_of(patch, patch.path, sweep(), [1000, 3000])
    engine.follow(patch)
    before = engine.run_samples(1000 + DELAY + 64)
    patch.add("sine", id="tone")
    patch.connect("tone.out", "all.d")
    after = engine.run_samples(SAMPLES - len(before))
    assert np.array_equal(after[:100], np.tile(before[-1], (100, 1)))
    assert np.array_equal(after[-1, :3], estimate(sweep(), 3001)[0])


# -- models that are missing, late or broken ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"file": "none.safetensors"}, "file 'none.safetensors' is missing"),
        ({"file": "text.safetensors"}, "'text.safetensors': .* Choose a model made by `nodegraph train estimator`"),
        ({"file": "autoencoder.safetensors"}, "'autoencoder.safetensors': kind must be 'estimator'"),
        ({"parameters": "cutof"}, r"parameters must be names of the model's, got 'cutof'\. Did you mean 'cutoff'\?"),
        ({"parameters": "xyz"}, r"parameters must be names of the model's, got 'xyz'\. The model has cutoff, gain"),
    ],
)
def test_wrong_model_makes_a_placeholder(folder, params, message):
    patch = estimator_patch(**params)
    reason = build_graph(patch.document, RATE, folder).placeholders["estimator"]
    assert re.match(message, reason) and "\n" not in reason
    assert not play(patch, folder, sweep()[:300])[0].any()


def test_missing_pytorch_is_reported(folder, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    reason = build_graph(estimator_patch().document, RATE, folder).placeholders["estimator"]
    assert reason == "PyTorch is not installed: pip install 'nodegraph[learn]'"
    assert build_graph(estimator_patch(file="").document, RATE, folder).placeholders == {}


def test_failing_model_is_reported_and_values_stay(folder, monkeypatch):
    patch = estimator_patch()
    engine = engine_of(patch, folder, sweep(), [1000, 4000])
    monkeypatch.setattr(Inference, "estimate", lambda *_: 1 / 0)
    values, _, done = parts(engine.run_samples(SAMPLES))
    assert done == [] and values[-1].tolist() == MIDDLE
    assert engine.problems() == ["estimator: the model failed (division by zero)."]


def test_late_estimate_is_output_when_it_is_there_and_counted(folder, monkeypatch):
    audio = sweep()
    engine = engine_of(estimator_patch(), folder, audio, [1000])
    with monkeypatch.context() as patched:
        patched.setattr(EstimatorWorker, "process_pending", lambda self: True)
        _, _, before = parts(engine.run_samples(3008))
    values, _, after = parts(engine.run_samples(1000))
    assert before == [] and after == [0]
    assert np.array_equal(values[-1], estimate(audio, 1001)[0])
    assert engine.problems() == ["estimator: 1 estimate was late. Raise 'delay'."]


def test_overwritten_sound_has_no_estimate(folder, monkeypatch):
    audio = sweep(40_000)
    engine = engine_of(estimator_patch(), folder, audio, [1000, 39_000])
    with monkeypatch.context() as patched:
        patched.setattr(EstimatorWorker, "process_pending", lambda self: True)
        engine.run_samples(30_016)
    values, _, done = parts(engine.run_samples(12_000))
    assert done == [39_000 + DELAY - 30_016]
    assert values[0].tolist() == MIDDLE and np.array_equal(values[-1], estimate(audio, 39_001)[0])


@pytest.mark.skipif(not are_processes_supported(), reason="models run in threads on this system")
def test_live_model_runs_in_a_separate_process(folder):
    patch = patch_of(
        "noise.out estimator.audio", "estimator.values out.audio", noise="white_noise",
        estimator=("cnn_estimator", {"file": "model.safetensors", "interval": 0.05}), out="audio_out",
    )  # fmt: skip
    with Live(patch.document, folder, null=True, rate=44100.0) as engine:
        worker = worker_of(engine)
        wait_for(lambda: worker.marks[IS_RUNNING] and worker.arrays["output"][3:].any())
        process = worker.process_id
        assert process not in (0, os.getpid())
        assert worker.arrays["output"][3:].all()
    assert has_ended(process)
