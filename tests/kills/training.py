"""Training with checkpoints: a resumed training gives the weights of an uninterrupted one, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from nodegraph.learn import FrameSets, TrainingObserver, load_recipe, train
from nodegraph.learn import training as training_module
from nodegraph.models.autoencoder import Autoencoder, Features
from tests.kills.runner import check_leftovers, in_child, leftovers

RATE, SIZE, HOP = 8000, 128, 64
RECIPE = {
    "name": "small",
    "layers": [{"units": 12, "corruption": "gaussian", "noise": 0.1}, {"units": 4, "decoder": "sigmoid"}],
    "pretraining": {"epochs": 3, "rate": 0.01},
    "training": {"epochs": 4, "rate": 0.01, "schedule": "cosine"},
}
SETS = {"features.rate": RATE, "features.size": SIZE, "features.hop": HOP}
SEED = 4


def frames() -> FrameSets:
    """Return frames made of positive factors."""
    rng = np.random.default_rng(3)
    features = Features(RATE, SIZE, HOP)
    magnitudes = rng.gamma(0.6, 1.0, (500, 6)) @ rng.gamma(0.3, 1.0, (6, features.bins)) + 0.02
    sets = np.split(magnitudes.astype(np.float32), [300, 400])
    return FrameSets(*sets, features)


def trained(path: Path, resume: bool = False, observer: TrainingObserver | None = None) -> list[np.ndarray]:
    """Train, and return the weights in the model file."""
    torch.set_num_threads(1)
    training_module.CHECKPOINT_PERIOD = 0.0
    train(frames(), path, load_recipe(RECIPE, sets=SETS), seed=SEED, resume=resume, observer=observer)
    return weights(path)


def weights(path: Path) -> list[np.ndarray]:
    model = Autoencoder.load(path)
    return [a for layer in (*model.encoder, *model.decoder) for a in (layer.weight, layer.bias) if a is not None]


def prepare(folder: Path) -> None:
    trained(folder / "right.safetensors")


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    observer = TrainingObserver(lambda step: report(f"{step.stage} {step.epoch}"))
    trained(folder / f"{number}.safetensors", observer=observer)


def check(folder: Path, number: int, reports: list[str]) -> str:
    path = folder / f"{number}.safetensors"
    checkpoint = path.with_name(f"{path.name}.checkpoint")
    left, resumes = check_leftovers(folder), checkpoint.is_file()
    if path.is_file():
        weights(path)  # readable
    assert resumes or path.is_file() or len(set(reports)) <= 2, "no checkpoint of a finished epoch"
    found = in_child(lambda: trained(path, resume=resumes))
    right = weights(folder / "right.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(found, right, strict=True))
    assert not leftovers(folder) and not checkpoint.exists()
    path.unlink()
    return f"{'resumed' if resumes else 'started again'}, {left}"
