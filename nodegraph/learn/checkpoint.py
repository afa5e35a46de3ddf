"""Checkpoints: the state of an interrupted training, in a file next to its model, to resume it exactly."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from nodegraph.files.atomic import write_atomic

from .errors import LearnError
from .frames import FrameSets
from .network import LayerPair
from .recipe import Recipe
from .stage import EpochResult

FORMAT = 1
ENDING = ".checkpoint"


@dataclass
class Checkpoint:
    """The number and state of the running stage, and the results of the previous stages."""

    number: int
    stage: dict[str, Any]
    pairs: list[list[torch.Tensor]]
    rows: list[EpochResult] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def path_of(model: Path) -> Path:
    """Return the path of the checkpoint of a model file."""
    return model.with_name(model.name + ENDING)


def key_of(recipe: Recipe, seed: int, frames: FrameSets) -> str:
    """Return a hash of everything that must match to resume: recipe (without its duration), seed and frames."""
    plain = recipe.identity()
    for part in ("training", "pretraining"):
        if plain[part]:
            plain[part] |= {"epochs": 0, "minutes": None}
    digest = hashlib.sha256(json.dumps([plain, seed], sort_keys=True).encode())
    for values in (frames.train, frames.valid, frames.test):
        digest.update(repr(values.shape).encode())
        digest.update(values[:: max(1, len(values) // 64)].tobytes())
    return digest.hexdigest()


def tensors_of(pair: LayerPair) -> list[torch.Tensor]:
    """Return copies of all parameters of a pair."""
    return [tensor.detach().clone() for tensor in (*pair.weights, *pair.biases)]


def write_checkpoint(path: Path, checkpoint: Checkpoint, key: str) -> None:
    """Write a checkpoint atomically. Raises OSError."""
    write_state(path, {**vars(checkpoint), "rows": [tuple(row) for row in checkpoint.rows]}, key)


def read_checkpoint(path: Path, key: str, device: torch.device) -> Checkpoint:
    """Read a checkpoint without executing anything in the file. Raises LearnError."""
    try:
        checkpoint = Checkpoint(**read_state(path, key, device))
        checkpoint.rows = [EpochResult(*row) for row in checkpoint.rows]
    except TypeError:
        raise _invalid(path) from None
    return checkpoint


def write_state(path: Path, state: dict[str, Any], key: str) -> None:
    """Write a state of tensors and plain data atomically, with the key that must match to read it. Raises OSError."""
    data = io.BytesIO()
    torch.save({**state, "key": key, "format": FORMAT}, data)
    write_atomic(path, data.getvalue())


def read_state(path: Path, key: str, device: torch.device, work: str = "training") -> dict[str, Any]:
    """Read a state of some ``work`` without executing anything in the file. Raises LearnError."""
    if not path.is_file():
        raise LearnError(f"{path}: checkpoint not found, no {work} to resume. Leave out --resume to start one.")
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        if found.pop("format") != FORMAT:
            raise ValueError("unsupported version")
        same = found.pop("key") == key
    except Exception:  # torch raises arbitrary exceptions on damaged files
        raise _invalid(path) from None
    if not same:
        raise LearnError(
            f"{path}: the checkpoint is from a {work} with another recipe, seed or input. Use the same ones, "
            "or leave out --resume to start again."
        )
    return found


def _invalid(path: Path) -> LearnError:
    return LearnError(f"{path}: invalid checkpoint. Leave out --resume to start again.")
