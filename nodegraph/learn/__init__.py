"""Training of autoencoders on sound: ``nodegraph.learn.train("recordings/", "mine.safetensors")``.

    sources ──► frames ──► features ──► stages (network, loss, optimiser) ──► model, card, curve

torch is imported only when a training starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodegraph.models.torch_import import require_torch

from .errors import LearnError
from .frames import FrameSets, collect, magnitudes_of
from .recipe import Recipe, load_recipe, recipe_files
from .sources import AudioSource, sources_of

if TYPE_CHECKING:
    from .training import TrainingObserver, TrainingResult, train

__all__ = [
    "AudioSource",
    "FrameSets",
    "LearnError",
    "Recipe",
    "TrainingObserver",
    "TrainingResult",
    "collect",
    "load_recipe",
    "magnitudes_of",
    "recipe_files",
    "sources_of",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in ("TrainingResult", "TrainingObserver", "train"):
        raise AttributeError(f"module 'nodegraph.learn' has no attribute '{name}'")
    require_torch()
    from . import training as module

    return getattr(module, name)
