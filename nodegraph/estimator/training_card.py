"""The model card of an estimator: how it was trained, and how well it estimates."""

from __future__ import annotations

import datetime
from typing import Any

import torch

from nodegraph.version import __version__

from .recipe import EstimatorRecipe


def card_of(
    recipe: EstimatorRecipe,
    seed: int,
    device: torch.device,
    training: dict[str, Any],
    probe: list[str],
    evaluation: dict[str, Any],
) -> dict[str, Any]:
    """Return the model card as plain data."""
    return {
        "recipe": recipe.name,
        "choices": recipe.plain(),
        "seed": seed,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "nodegraph": __version__,
        "torch": str(torch.__version__),
        "device": str(device),
        "training": training,
        "probe": probe,
        "evaluation": evaluation,
    }
