"""The model card: training data, recipe and errors of a model."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import torch

from nodegraph.version import __version__

from .frames import FrameSets
from .recipe import Recipe

MAX_NAMES = 50


def card_of(
    recipe: Recipe, seed: int, frames: FrameSets, device: torch.device, widths: str, **more: Any
) -> dict[str, Any]:
    """Return the model card as plain data. File names are stored without their folders, for privacy."""
    names = list(dict.fromkeys(Path(name).name for part in frames.sources.values() for name in part))
    return {
        "recipe": recipe.name,
        "widths": widths,
        "source": recipe.source,
        "choices": recipe.plain(),
        "seed": seed,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "nodegraph": __version__,
        "torch": torch.__version__,
        "device": str(device),
        "trained_on": {
            "files": names[:MAX_NAMES],
            "file_count": len(names),
            "skipped": len(frames.skipped),
            "seconds": round(frames.seconds, 1),
            "frames": {part: len(getattr(frames, part)) for part in ("train", "valid", "test")},
        },
        **more,
    }
