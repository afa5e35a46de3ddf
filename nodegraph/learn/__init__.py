"""Training of autoencoders on sound: ``nodegraph.learn.train("recordings/", "mine.safetensors")``.

    sources ──► frames ──► features ──► stages (network, loss, optimiser) ──► model, card, curve

torch is imported only when a training starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodegraph.lazy import lazy_names
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

_LATE = ("TrainingObserver", "TrainingResult", "train")
__getattr__ = lazy_names(__name__, dict.fromkeys(_LATE, "training"), require_torch)
