"""Checkpoints: the state of an interrupted training of an estimator, in a file next to its model."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from nodegraph.files.atomic import write_atomic
from nodegraph.learn.checkpoint import path_of
from nodegraph.learn.errors import LearnError
from nodegraph.models.estimator import PatchRecord
from nodegraph.models.parameters import Parameter

from .probe import Probe, Switch
from .recipe import EstimatorRecipe
from .symmetry import Symmetry

FORMAT = 1

__all__ = ["key_of", "path_of", "read_checkpoint", "write_checkpoint"]


def key_of(
    recipe: EstimatorRecipe,
    seed: int,
    patch: PatchRecord,
    names: Sequence[str],
) -> str:
    """Return a hash of everything that must match to resume: all but the duration of the training."""
    plain = recipe.plain()
    plain["training"] |= {"minutes": 0, "examples": 0}
    data = [plain, seed, msgspec.to_builtins(patch), list(names)]
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def probe_state(probe: Probe) -> dict[str, Any]:
    """Return a probe for a checkpoint; its symmetry follows from the patch."""
    return {
        "wired": torch.from_numpy(probe.wired.copy()),
        "audible_part": torch.from_numpy(probe.audible_part.copy()),
        "switches": [(switch.parameter, switch.by, switch.low, switch.high) for switch in probe.switches],
        "settings": probe.settings,
    }


def probe_of(state: dict[str, Any], parameters: tuple[Parameter, ...], symmetry: Symmetry) -> Probe:
    """Return the probe in a checkpoint."""
    wired, audible = state["wired"].cpu().numpy(), state["audible_part"].cpu().numpy()
    return Probe(parameters, symmetry, wired, audible, tuple(Switch(*s) for s in state["switches"]), state["settings"])


def write_checkpoint(path: Path, state: dict[str, Any], key: str) -> None:
    """Write a checkpoint atomically. Raises OSError."""
    data = io.BytesIO()
    torch.save({"state": state, "key": key, "format": FORMAT}, data)
    write_atomic(path, data.getvalue())


def read_checkpoint(path: Path, key: str, device: torch.device) -> dict[str, Any]:
    """Return the state in a checkpoint without executing anything in the file. Raises LearnError."""
    if not path.is_file():
        raise LearnError(f"{path}: checkpoint not found, no training to resume. Leave out --resume to start one.")
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        if found["format"] != FORMAT:
            raise ValueError("unsupported version")
        state, same = dict(found["state"]), found["key"] == key
    except Exception:  # torch raises arbitrary exceptions on damaged files
        raise LearnError(f"{path}: invalid checkpoint. Leave out --resume to start again.") from None
    if not same:
        raise LearnError(
            f"{path}: the checkpoint is from a training with another patch, parameters, recipe or seed. Use the same "
            "ones, or leave out --resume to start again."
        )
    return state
