"""Estimation of a patch's parameters from a sound: data sets, features, search and models.

``parameters`` says which inputs of a patch vary, ``rendering`` renders many settings at once, ``examples`` draws them
at random, ``features`` analyses their sounds. ``training`` makes an estimator, a network that hears a sound and
estimates the parameters:

    example_stream (examples, augmentation, features) ──► losses (targets) ──► calibration ──► evaluation ──► model

torch is imported only when a training starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodegraph.lazy import lazy_names
from nodegraph.models.torch_import import require_torch

from .recipe import EstimatorRecipe, load_recipe, recipe_files

if TYPE_CHECKING:
    from .training import EstimatorObserver, EstimatorStatus, TrainedEstimator, train_estimator

__all__ = [
    "EstimatorObserver",
    "EstimatorRecipe",
    "EstimatorStatus",
    "TrainedEstimator",
    "load_recipe",
    "recipe_files",
    "train_estimator",
]

_LATE = ("EstimatorObserver", "EstimatorStatus", "TrainedEstimator", "train_estimator")
__getattr__ = lazy_names(__name__, dict.fromkeys(_LATE, "training"), require_torch)
