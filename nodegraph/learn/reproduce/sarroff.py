"""Common settings of the tables of Sarroff & Casey (2014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .table import Run

SOURCE = "Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (ICMC 2014)"
MEAN = 0.0951  # error of predicting the mean, summed over bins: that of each collapsed net in the paper
WIDE = 1024  # units from which a quick run has only a few epochs

# Frames are scaled so that predicting their mean leaves MEAN, because the learning rate of the paper depends on it.
FEATURES = {"features.normalise": "none", "features.log": False, "features.power": 1.0}
ADAM = {
    "training.optimiser": "adam",
    "training.momentum": 0.9,
    "training.rate": 1e-3,
    "training.schedule": "cosine",
    "training.patience": 0,
}
NOTES = (
    "Figures are relative to the error of predicting the mean, so that corpora can be compared; the paper's are "
    f"divided by its {MEAN}. The frames here are scaled to the same error, because the learning rate depends on it.",
    "The momentum column has the settings of the paper and, where it states none, of the authors' code (woodshop/"
    "deepAutoController): uniform weights within ±0.025, and an end when the validation error falls by less than 0.1 % "
    "in five epochs. Such nets predict the mean for 30 to 45 epochs, which this rule takes for convergence. Started "
    "from the principal components, the same steps keep their accuracy.",
    "Steps of 0.005 with momentum 0.5 are stable while the curvature, about units / 2, is below 600: up to about 1200 "
    "units. This may be why the paper's nets of 2048 and more units failed.",
)


def momentum(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """Return a run of a literal recipe: SGD, rate 0.005, momentum 0.5, batches of 100, small uniform weights."""
    return Run(recipe, 250, quick, {**FEATURES, **(sets or {})}, stage)


def momentum_from_pca(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """Return a run with the same steps, starting from the principal components."""
    start = {"layer.initialiser": "pca", "training.patience": 5}
    return Run(recipe, 60, quick, {**FEATURES, **start, **(sets or {})}, stage)


def adam(recipe: str, quick: int, sets: Mapping[str, Any] | None = None, stage: str = "") -> Run:
    """Return a run of the same net with Adam."""
    start = {"layer.initialiser": "glorot"}
    return Run(recipe, 60, quick, {**FEATURES, **start, **ADAM, **(sets or {})}, stage)


def best(quick: int) -> Run:
    """Return a run of the recipe "best"."""
    return Run("best", 60, quick, FEATURES)
