"""What the tables of Sarroff & Casey (2014) have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .table import Run

SOURCE = "Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (ICMC 2014)"
MEAN = 0.0951  # what predicting the mean leaves, summed over bins: the error of each net that the paper saw collapse
WIDE = 1024  # units from which a quick run can afford a few epochs only

# Frames are scaled by one number so that predicting their mean leaves MEAN: the rate of the paper belongs to that.
FEATURES = {"features.normalise": "none", "features.log": False, "features.power": 1.0}
ADAM = {
    "training.optimiser": "adam",
    "training.momentum": 0.9,
    "training.rate": 1e-3,
    "training.schedule": "cosine",
    "training.patience": 0,
}
NOTES = (
    "Figures are shares of what predicting the mean leaves, so that corpora can be compared; the paper's are divided "
    f"by its {MEAN}. The frames here are scaled so that the mean leaves as much, as its learning rate is only right "
    "for that.",
    "The paper does not say how weights begin. In the column momentum they begin at random (uniform, after Glorot & "
    "Bengio) and need many epochs to leave the mean, the more the less the first component stands out; from the "
    "principal components the same steps keep what these know.",
    "Steps of 0.005 with momentum 0.5 are stable while the curvature, about units / 2, is below 600: up to some 1200 "
    "units, which may be why the paper's nets of 2048 and more failed.",
)


def momentum(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """The paper's own way: SGD, rate 0.005, momentum 0.5, batches of 100."""
    start = {"layer.initialiser": "glorot", "training.patience": 0}
    return Run(recipe, 250, quick, {**FEATURES, **start, **(sets or {})}, stage)


def momentum_from_pca(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """The same steps, but weights begin at the principal components."""
    start = {"layer.initialiser": "pca", "training.patience": 5}
    return Run(recipe, 60, quick, {**FEATURES, **start, **(sets or {})}, stage)


def adam(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """The same nets by Adam."""
    start = {"layer.initialiser": "glorot"}
    return Run(recipe, 60, quick, {**FEATURES, **start, **ADAM, **(sets or {})}, stage)


def best(quick: int) -> Run:
    """Our recipe."""
    return Run("best", 60, quick, FEATURES)
