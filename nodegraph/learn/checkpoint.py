"""Where an interrupted training stood, in a file beside its model, so that it can go on as if nothing had been."""

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
    """The stage that was running (``number``), where it stood, and what the stages before it left."""

    number: int
    stage: dict[str, Any]
    pairs: list[list[torch.Tensor]]
    rows: list[EpochResult] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def path_of(model: Path) -> Path:
    """The checkpoint that belongs to a model file."""
    return model.with_name(model.name + ENDING)


def key_of(recipe: Recipe, seed: int, frames: FrameSets) -> str:
    """What must be the same for a training to go on: recipe (however long it runs), seed and frames."""
    plain = recipe.plain()
    for part in ("training", "pretraining"):
        if plain[part]:
            plain[part] |= {"epochs": 0, "minutes": None}
    digest = hashlib.sha256(json.dumps([plain, seed], sort_keys=True).encode())
    for values in (frames.train, frames.valid, frames.test):
        digest.update(repr(values.shape).encode())
        digest.update(values[:: max(1, len(values) // 64)].tobytes())
    return digest.hexdigest()


def tensors_of(pair: LayerPair) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in (*pair.weights, *pair.biases)]


def write_checkpoint(path: Path, checkpoint: Checkpoint, key: str) -> None:
    """Whole or not at all. Raises OSError."""
    data = io.BytesIO()
    rows = [tuple(row) for row in checkpoint.rows]
    torch.save({**vars(checkpoint), "rows": rows, "key": key, "format": FORMAT}, data)
    write_atomic(path, data.getvalue())


def read_checkpoint(path: Path, key: str, device: torch.device) -> Checkpoint:
    """Nothing in the file is executed. Raises LearnError."""
    if not path.is_file():
        raise LearnError(f"{path}: there is no training to resume. Leave out --resume to begin one.")
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        if found.pop("format") != FORMAT:
            raise ValueError("of another version")
        same = found.pop("key") == key
        checkpoint = Checkpoint(**found)
        checkpoint.rows = [EpochResult(*row) for row in checkpoint.rows]
    except Exception:  # damaged bytes make torch's reader stumble in any way
        raise LearnError(f"{path}: is no checkpoint that can be read. Leave out --resume to begin anew.") from None
    if not same:
        raise LearnError(
            f"{path}: belongs to a training with another recipe, seed or sound. Give the same ones, "
            "or leave out --resume to begin anew."
        )
    return checkpoint
