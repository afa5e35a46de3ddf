"""Models in processes of their own: killed during playback, they are started again and continue with their state."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch

from nodegraph.blocks.torch_worker import LATE, MODEL, PUT, READY, TorchWorker
from nodegraph.blocks.worker_process import _launcher, are_processes_supported
from nodegraph.cli.stream_report import status_line
from nodegraph.engine.live import Live
from tests.processes import has_ended, wait_for
from tests.rendering import largest_step, patch_of

RATE = 44100.0

pytestmark = [
    pytest.mark.skipif(not are_processes_supported(), reason="models run in threads on this system"),
    pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning"),
]


class Counter(torch.nn.Module):
    """Returns a constant that says how many vectors it has seen, at most 10,000: from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += x.shape[0]
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
    """Return the path of a patch in a folder with models."""
    folder = tmp_path_factory.mktemp("models")
    for cls in (Counter, Slow):
        torch.jit.save(torch.jit.script(cls()), folder / f"{cls.__name__}.pt")
    return folder / "patch.json"


def patch_with(file, **settings):
    return patch_of(
        "tone.out model.audio", "model.out out.audio", tone=("constant", {"value": 0.25}),
        model=("torchscript", {"file": file, "size": 128} | settings), out="audio_out",
    )  # fmt: skip


def worker_of(live) -> TorchWorker:
    return next(helper for helper in live.plan.helpers.values() if isinstance(helper, TorchWorker))


@pytest.mark.parametrize("late", ["dry", "silence"])
def test_killed_model_is_started_again_and_continues_with_its_state(models, late):
    with Live(patch_with("Counter.pt", late=late).document, models, null=True, rate=RATE, capture=60.0) as live:
        worker = worker_of(live)
        wait_for(lambda: worker.marks[MODEL] == READY and worker.process.memory.read_state())
        wait_for(lambda: worker.answers.max() > 0.03)
        killed, before, since = worker.process.id, float(worker.answers.max()), live.clock - 2000
        os.kill(killed, signal.SIGKILL)
        seconds = wait_for(lambda: worker.process.id != killed and worker.process.restarts == 1)
        at = int(worker.marks[PUT])
        wait_for(lambda: worker.answered.max() > at)
        after = float(worker.answers[int(worker.answered.argmax()), 0, 0])
        clock = live.clock
        wait_for(lambda: live.clock > clock + 8000)
        sound = live.captured()[since:]
    print(f"started again after {seconds:.2f} s")
    assert after > before - 0.02, "the model has forgotten what it has seen"
    assert np.isfinite(sound).all() and largest_step(sound) < 2.0 / (0.01 * RATE)
    assert sound[-4000:].mean() > 0.9 * before
    assert "the model's process ended and was started again" in worker.problem
    assert has_ended(worker.process.id)


def test_killed_launcher_is_started_again(models):
    with Live(patch_with("Counter.pt").document, models, null=True, rate=RATE) as live:
        worker = worker_of(live)
        wait_for(lambda: worker.marks[MODEL] == READY)
        first = worker.process.id
        launcher = _launcher().process_id
        os.kill(launcher, signal.SIGKILL)
        wait_for(lambda: _launcher().process_id != launcher)
        assert worker.process.id == first, "the model goes on without its launcher"
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: worker.process.restarts == 1)
        at = int(worker.marks[PUT])
        wait_for(lambda: worker.answered.max() > at)
    assert has_ended(worker.process.id)


def test_model_that_is_too_slow_delays_no_callback_and_is_counted(models):
    with Live(patch_with("Slow.pt").document, models, null=True, rate=RATE, capture=60.0) as live:
        worker = worker_of(live)
        wait_for(lambda: worker.marks[MODEL] == READY)
        wait_for(lambda: worker.marks[LATE] > 50)
        since, served = live.clock, live.report().callbacks
        wait_for(lambda: live.report().callbacks > served + 100)
        sound = live.captured()[since:]
        problems, report = dict(live.node_problems()), live.report()
    assert "outputs of the model were late. Raise 'delay', or use a smaller model" in problems["model"]
    count = report.late_answers["model"]
    assert count > 50 and f"late model answers {count}" in status_line(report)
    assert np.abs(sound).max() <= 0.5 and largest_step(sound) < 1.5 / (0.01 * RATE)
