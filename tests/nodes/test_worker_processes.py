"""Models in processes of their own: killed during playback, they are started again and continue with their state."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch

from nodegraph.blocks.estimator_worker import ANSWER, ESTIMATE, REQUEST, EstimatorWorker
from nodegraph.blocks.torch_worker import LATE, MAX_QUICK_ENDS, MODEL, PUT, READY, TorchWorker
from nodegraph.blocks.worker_process import _launcher, are_processes_supported
from nodegraph.cli.stream_report import status_line
from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from nodegraph.files.trust import trusting
from tests.nodes.test_estimator import MODEL as ESTIMATOR
from tests.rendering import largest_step, patch_of
from tests.waiting import has_ended, wait_for

RATE = 44100.0
CAPTURE = 400.0  # seconds of sound; a loaded machine takes minutes to start the processes

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL"),
    pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning"),
]
in_shared_memory = pytest.mark.skipif(not are_processes_supported(), reason="estimators run in threads on this system")


class Counter(torch.nn.Module):
    """Returns a constant that says how many vectors it has seen, at most 10,000: from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += x.shape[0]
        return torch.zeros_like(x) + self.seen / 10_000.0


class Replacer(Counter):
    """A counter that replaces its buffer instead of changing it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + x.shape[0]
        return torch.zeros_like(x) + self.seen / 10_000.0


class Slow(torch.nn.Module):
    """Takes far longer for a block of 128 samples than the block lasts."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.ones(160, 160)
        for _ in range(100 * x.shape[0]):
            y = y @ y / 160.0
        return 2.0 * x * y[0, 0]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Yield the path of a patch in a folder with trusted models."""
    folder = tmp_path_factory.mktemp("models")
    for cls in (Counter, Replacer, Slow):
        torch.jit.save(torch.jit.script(cls()), folder / f"{cls.__name__}.pt")
    with trusting(folder.iterdir()):
        ESTIMATOR.save(folder / "model.safetensors")
        yield folder / "patch.json"


def patch_with(file, **settings):
    return patch_of(
        "tone.out model.audio", "model.out out.audio", tone=("constant", {"value": 0.25}),
        model=("torchscript", {"file": file, "size": 128} | settings), out="audio_out",
    )  # fmt: skip


def estimator_patch():
    return patch_of(
        "noise.out model.audio", "model.values out.audio", noise="white_noise", out="audio_out",
        model=("cnn_estimator", {"file": "model.safetensors", "interval": 0.05}),
    )  # fmt: skip


def worker_of(engine, kind=TorchWorker):
    return next(helper for helper in engine.plan.helpers.values() if isinstance(helper, kind))


def live(patch, path, **options):
    return Live(patch.document, path, null=True, rate=RATE, **options)


def kill(process):
    os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize(("file", "late"), [("Counter.pt", "dry"), ("Counter.pt", "silence"), ("Replacer.pt", "dry")])
def test_killed_model_is_started_again_and_continues_with_its_state(models, file, late):
    with live(patch_with(file, late=late), models, capture=CAPTURE) as engine:
        worker = worker_of(engine)
        wait_for(lambda: worker.marks[MODEL] == READY)
        wait_for(lambda: worker.answers.max() > 0.05)
        killed, before, since = worker.process_id, float(worker.answers.max()), engine.clock - 2000
        kill(killed)
        seconds = wait_for(lambda: worker.restarts == 1)
        assert worker.process_id != killed and worker.marks[MODEL] == READY
        at = int(worker.marks[PUT])
        wait_for(lambda: worker.answered.max() > at)
        after = float(worker.answers[int(worker.answered.argmax()), 0, 0])
        clock = engine.clock
        wait_for(lambda: (np.abs(engine.captured()[clock:] - worker.answers.max()) < 0.01).any())  # it is heard
        sound, running = engine.captured()[since:], worker.process_id
    print(f"started again after {seconds:.2f} s")
    assert after > before - 0.02, "the model has forgotten what it has seen"
    assert np.isfinite(sound).all() and largest_step(sound) < 2.0 / (0.01 * RATE)
    assert "the model's process ended and was started again" in worker.problem
    assert has_ended(killed) and has_ended(running)


def test_render_whose_model_is_killed_has_the_same_samples(models):
    def render(kills):
        engine = Offline(patch_with("Counter.pt").document, RATE, path=models)
        parts = []
        for number in range(3):
            parts.append(engine.run_samples(4000))
            if number < kills:
                kill(worker_of(engine).process_id)
        problems = engine.problems()
        engine.close()
        return np.concatenate(parts), problems

    (expected, none), (found, some) = render(0), render(1)
    assert np.array_equal(found, expected) and expected.any()
    assert none == [] and some == ["model: the model's process ended and was started again."]


def test_model_that_is_killed_again_and_again_fails_in_one_line(models):
    engine = Offline(patch_with("Counter.pt").document, RATE, path=models)
    worker = worker_of(engine)
    for _ in range(MAX_QUICK_ENDS):
        kill(worker.process_id)
        engine.run_samples(4000)
    (problem,) = engine.problems()
    sound = engine.run_samples(8000)
    engine.close()
    assert problem == (
        "model: the model's process ended 3 times soon after its start. Use another model, or close programs that use "
        "much memory."
    )
    assert sound[-1000:] == pytest.approx(0.25), "the signal passes"


@in_shared_memory
def test_killed_estimator_is_started_again_and_answers(models):
    with live(estimator_patch(), models) as engine:
        worker = worker_of(engine, EstimatorWorker)
        wait_for(lambda: worker.marks[ESTIMATE] > 0)
        killed = worker.process_id
        kill(killed)
        seconds = wait_for(lambda: worker.process_id != killed and worker.restarts == 1)
        at = int(worker.marks[REQUEST])
        wait_for(lambda: worker.marks[ESTIMATE] > at)
        assert worker.marks[ANSWER] >= worker.marks[ESTIMATE]
        assert "the model's process ended and was started again" in engine.problems()[0]
        running = worker.process_id
    print(f"started again after {seconds:.2f} s")
    assert has_ended(killed) and has_ended(running)


@in_shared_memory
def test_killed_launcher_is_started_again(models):
    with live(estimator_patch(), models) as engine:
        worker = worker_of(engine, EstimatorWorker)
        wait_for(lambda: worker.marks[ESTIMATE] > 0)
        first = worker.process_id
        launcher = _launcher().process_id
        kill(launcher)
        wait_for(lambda: _launcher().process_id != launcher)
        assert worker.process_id == first, "the model goes on without its launcher"
        kill(first)
        wait_for(lambda: worker.restarts == 1)
        at = int(worker.marks[REQUEST])
        wait_for(lambda: worker.marks[ESTIMATE] > at)
        running = worker.process_id
    assert has_ended(running)


def test_model_that_is_too_slow_delays_no_callback_and_is_counted(models):
    with live(patch_with("Slow.pt"), models, capture=CAPTURE) as engine:
        worker = worker_of(engine)
        wait_for(lambda: worker.marks[MODEL] == READY)
        wait_for(lambda: worker.marks[LATE] > 50)
        since, served = engine.clock, engine.report().callbacks
        wait_for(lambda: engine.report().callbacks > served + 100)
        sound = engine.captured()[since:]
        problems, report = dict(engine.node_problems()), engine.report()
    assert "outputs of the model were late. Raise 'delay', or use a smaller model" in problems["model"]
    count = report.late_answers["model"]
    assert count > 50 and f"late model answers {count}" in status_line(report)
    assert np.abs(sound).max() <= 0.5 and largest_step(sound) < 1.5 / (0.01 * RATE)
