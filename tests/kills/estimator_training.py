"""Training of an estimator with checkpoints: a resumed one gives the weights of an uninterrupted one, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from nodegraph.estimator import evaluation, training
from nodegraph.estimator.training import EstimatorObserver, train_estimator
from nodegraph.models.estimator import Estimator
from tests.estimator.conftest import SMALL, two_tones
from tests.kills.runner import check_leftovers, in_child, leftovers

EXAMPLES, SEED = 1024, 4


def trained(path: Path, resume: bool = False, observer: EstimatorObserver | None = None) -> dict[str, np.ndarray]:
    """Train, and return the weights in the model file."""
    torch.set_num_threads(1)
    training.CHECKPOINT_PERIOD, training.CALIBRATION_CHUNKS, evaluation.SOUNDS = 0.0, 1, 4
    train_estimator(
        two_tones().document, path, recipe=SMALL, examples=EXAMPLES, threads=1, compare=False, seed=SEED,
        resume=resume, observer=observer,
    )  # fmt: skip
    return Estimator.load(path).tensors


def prepare(folder: Path) -> None:
    trained(folder / "right.safetensors")


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    observer = EstimatorObserver(progress=lambda status: report(str(status.examples)))
    trained(folder / f"{number}.safetensors", observer=observer)


def check(folder: Path, number: int, reports: list[str]) -> str:
    path = folder / f"{number}.safetensors"
    checkpoint = path.with_name(f"{path.name}.checkpoint")
    left, is_finished, resumes = check_leftovers(folder), path.is_file(), checkpoint.is_file()
    if is_finished:
        Estimator.load(path)
    found = in_child(lambda: trained(path, resume=resumes))
    right = Estimator.load(folder / "right.safetensors").tensors
    assert all(np.array_equal(found[name], right[name]) for name in right)
    assert not leftovers(folder) and not checkpoint.exists()
    path.unlink()
    return f"{'resumed' if resumes else 'started again'}, {left}"
