"""TorchScript blocks: output, latency, and behaviour with late or broken models."""

import importlib.util
import os
import re

import numpy as np
import pytest
import torch

from nodegraph.blocks.torch_worker import LATE, MODEL, READY, TorchWorker
from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline, Stepper
from nodegraph.files.trust import trusting
from nodegraph.graph import build_graph
from tests.nodes.frame_helpers import RATE, noise
from tests.rendering import largest_step, patch_of
from tests.waiting import has_ended, wait_for

SIZE, HOP = 64, 16


class Twice(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2.0 * x


class FirstThree(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., :3]


class Undefined(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 0.0


class Raises(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.abs().max() < 0.1, "too loud"
        return x


pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Yield the path of a patch in a folder with trusted models."""
    folder = tmp_path_factory.mktemp("models")
    for cls in (Twice, FirstThree, Undefined, Raises):
        torch.jit.save(torch.jit.script(cls()), folder / f"{cls.__name__}.pt")
    (folder / "text.pt").write_text("no model")
    with trusting(folder.iterdir()):
        yield folder / "patch.json"


def sound_patch(file="", **settings):
    return patch_of(
        "in.out model.audio", "model.out out.audio",
        model=("torchscript", {"file": file, "size": 128} | settings), out="audio_out", **{"in": "audio_in"},
    )  # fmt: skip


def frame_patch(file="", **settings):
    return patch_of(
        "in.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude model.a",
        "model.out back.magnitude", "polar.phase back.phase", "back.spectrum inverse.spectrum",
        "inverse.out out.audio",
        stft=("stft", {"size": SIZE, "hop": HOP}), polar="polar",
        model=("torchscript_frames", {"file": file} | settings), back="from_polar",
        inverse="inverse_stft", out="audio_out", **{"in": "audio_in"},
    )  # fmt: skip


def engine_of(patch, path, audio, driver=Offline):
    return driver(patch.document, RATE, path=path, inputs={"in": audio})


def worker_of(engine) -> TorchWorker:
    return next(helper for helper in engine.plan.helpers.values() if isinstance(helper, TorchWorker))


@pytest.mark.parametrize("make", [sound_patch, frame_patch])
@pytest.mark.parametrize(("file", "gain"), [("", 1.0), ("Twice.pt", 2.0)])
def test_model_output_has_the_declared_latency(models, make, file, gain):
    audio, patch = noise(4000), make(file)
    late = build_graph(patch.document, RATE, models).latency
    engine = engine_of(patch, models, audio)
    sound = engine.run_samples(4000)[:, 0]
    assert np.abs(sound[late + SIZE :] - gain * audio[SIZE:-late]).max() < 1e-5
    assert engine.problems() == []
    assert worker_of(engine).marks[LATE] == 0


@pytest.mark.parametrize("make", [sound_patch, frame_patch])
def test_output_is_equal_in_chunks_and_in_the_python_driver(models, make):
    audio, patch = noise(3000), make("Twice.pt")
    whole = engine_of(patch, models, audio).run_samples(3000)
    engine = engine_of(patch, models, audio)
    assert np.array_equal(whole, np.concatenate([engine.run_samples(n) for n in (1, 64, 935, 2000)]))
    assert np.array_equal(whole, engine_of(patch, models, audio, Stepper).run_samples(3000))


@pytest.mark.parametrize("size", [16, 128, 2048])
def test_latency_is_right_for_each_size(models, size):
    audio, patch = noise(9000), sound_patch("Twice.pt", size=size)
    late = build_graph(patch.document, RATE, models).latency
    assert late % size == 0 and late >= max(2 * size, 1024 + size)
    sound = engine_of(patch, models, audio).run_samples(9000)[:, 0]
    assert np.array_equal(sound[late:], 2.0 * audio[:-late])


def test_lanes_are_a_batch(models):
    patch = sound_patch("Twice.pt")
    patch.set("in.channels", 2)
    audio = np.stack([noise(3000, seed=1), noise(3000, seed=2)], 1)
    sound = engine_of(patch, models, audio).run_samples(3000)
    late = build_graph(patch.document, RATE, models).latency
    assert np.array_equal(sound[late:], 2.0 * audio[:-late])


def test_frames_may_become_a_code(models):
    patch = frame_patch("FirstThree.pt", units=3, gives="latent")
    patch.disconnect("model.out", "back.magnitude")
    patch.add("gain_bank", id="bank")
    patch.connect("model.out", "bank.code")
    graph = build_graph(patch.document, RATE, models)
    assert graph.node("bank").bank_sizes == dict.fromkeys(("gain", "scale", "mute", "own"), 3)
    engine = engine_of(patch, models, noise(2000))
    engine.run_samples(2000)
    assert engine.problems() == []


@pytest.mark.parametrize("late", ["hold", "dry"])
def test_late_frames_are_held_or_dry_and_counted(models, late, monkeypatch):
    audio = np.full(12000, 0.5, np.float32)
    engine = engine_of(frame_patch("Twice.pt", late=late), models, audio)
    before = engine.run_samples(3008)[-500:, 0]
    with monkeypatch.context() as patched:
        patched.setattr(TorchWorker, "process_pending", lambda self: None)
        during = engine.run_samples(4992)[:, 0]
    after = engine.run_samples(3000)[:, 0]
    held = {"hold": 1.0, "dry": 0.5}[late]
    assert before == pytest.approx(1.0, abs=1e-5)
    assert during[-500:] == pytest.approx(held, abs=1e-5)
    assert after[-500:] == pytest.approx(1.0, abs=1e-5)
    assert largest_step(np.concatenate([before, during, after])[:, None]) < 0.03
    assert worker_of(engine).marks[LATE] > 100
    (problem,) = engine.problems()
    assert "of the model were late. Raise 'delay', or use a smaller model" in problem


@pytest.mark.parametrize("late", ["dry", "silence"])
def test_late_sound_fades_to_dry_or_silence(models, late, monkeypatch):
    audio = np.full(16000, 0.5, np.float32)
    engine = engine_of(sound_patch("Twice.pt", late=late), models, audio)
    before = engine.run_samples(4032)[-500:, 0]
    with monkeypatch.context() as patched:
        patched.setattr(TorchWorker, "process_pending", lambda self: None)
        during = engine.run_samples(4992)[:, 0]
    after = engine.run_samples(4000)[:, 0]
    assert before == pytest.approx(1.0) and after[-500:] == pytest.approx(1.0)
    assert during[-500:] == pytest.approx({"dry": 0.5, "silence": 0.0}[late])
    assert largest_step(np.concatenate([before, during, after])[:, None]) < 1.5 / (0.01 * RATE)
    assert worker_of(engine).marks[LATE] > 10


@pytest.mark.parametrize("make", [sound_patch, frame_patch])
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("text.pt", "'text.pt' does not run"),
        ("FirstThree.pt", r"returns \[1, .*3\] for \[1, .*, not \[1, "),
        ("Raises.pt", r"the model failed .*too loud"),
    ],
)
def test_broken_model_is_reported_and_the_sound_passes(models, make, file, message):
    audio, patch = noise(4000), make(file)
    engine = engine_of(patch, models, audio)
    sound = engine.run_samples(4000)[:, 0]
    (problem,) = engine.problems()
    assert problem.startswith("model: ") and "\n" not in problem
    assert re.search(message, problem)
    late = build_graph(patch.document, RATE, models).latency
    assert np.abs(sound[late + 1500 :] - audio[1500:-late]).max() < 1e-5


def test_non_finite_model_output_is_silent(models):
    sound = engine_of(sound_patch("Undefined.pt"), models, noise(3000)).run_samples(3000)
    assert not sound[2000:].any()


def test_model_outside_the_patch_folder_is_not_run(models, tmp_path):
    graph = build_graph(sound_patch(str(models.parent / "Twice.pt")).document, RATE, tmp_path / "patch.json")
    assert "model" in graph.placeholders


def test_missing_pytorch_is_reported(models, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    assert build_graph(sound_patch("").document, RATE, models).placeholders == {}
    reason = build_graph(sound_patch("Twice.pt").document, RATE, models).placeholders["model"]
    assert reason == "PyTorch is not installed: pip install 'nodegraph[learn]'"


def test_live_model_runs_in_a_separate_process(models):
    patch = sound_patch("Twice.pt")
    patch.add("sine", id="tone", frequency=200.0)
    patch.disconnect("in.out", "model.audio")
    patch.connect("tone.out", "model.audio")
    with Live(patch.document, models, null=True, rate=44100.0) as engine:
        worker = worker_of(engine)
        wait_for(lambda: worker.marks[MODEL] == READY)
        process = worker.process_id
        assert process not in (0, os.getpid())
    assert has_ended(process)
