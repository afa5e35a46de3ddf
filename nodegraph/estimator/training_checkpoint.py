"""Checkpoints: the state of an interrupted training of an estimator, in a file next to its model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import torch

from nodegraph.learn.checkpoint import path_of
from nodegraph.models.estimator import PatchRecord
from nodegraph.models.parameters import Parameter

from .probe import Probe, Switch
from .recipe import EstimatorRecipe
from .symmetry import Symmetry

__all__ = ["key_of", "path_of", "probe_of", "probe_state"]


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
