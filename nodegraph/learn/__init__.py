"""Training of autoencoders on sound: ``nodegraph.learn.train("recordings/", "mine.safetensors")``.

    sources ──► frames ──► features ──► stages (network, loss, optimiser) ──► model, card, curve

torch is imported when a training begins, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodegraph.models.late_torch import require_torch

from .errors import LearnError
from .frames import Frames, collect, magnitudes_of
from .recipe import Recipe, load_recipe, recipe_files
from .sources import Source, sources_of

if TYPE_CHECKING:
    from .training import Trained, Watcher, train

__all__ = [
    "Frames",
    "LearnError",
    "Recipe",
    "Source",
    "Trained",
    "Watcher",
    "collect",
    "load_recipe",
    "magnitudes_of",
    "recipe_files",
    "sources_of",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in ("Trained", "Watcher", "train"):
        raise AttributeError(f"module 'nodegraph.learn' has no attribute '{name}'")
    require_torch()
    from . import training as module

    return getattr(module, name)
