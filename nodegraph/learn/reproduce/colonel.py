"""Common settings of the tables of Colonel, Curro & Keene (2017)."""

from __future__ import annotations

from .table import Run

SOURCE = "Colonel, Curro & Keene, Improving neural net autoencoders for music synthesis (AES 2017)"

FEATURES = {"features.hop": 512, "features.normalise": "frame", "features.log": False, "features.power": 1.0}
MOMENTUM = {
    "training.optimiser": "sgd",
    "training.rate": 0.005,
    "training.momentum": 0.5,
    "training.reduction": "sum",
    "training.schedule": "constant",
    "training.precision": "float32",
}
NOTES = (
    "Figures are squared errors per bin of frames scaled to a maximum of 1. The paper does not state which frames its "
    "figures are for.",
    "Adam has the settings of the paper and, where it states none, of the graph that an author published (JTColonel/"
    "ANNe, 2017): constant rate 0.001, normal weights of deviation 0.15 cut at two, 300 epochs; its penalty on the "
    "weights has no gradient. Adam, ours: the same nets with our start, rate and schedule.",
    "The paper's momentum column was copied from Sarroff & Casey: errors summed over bins, of another corpus. Ours is "
    "trained here, with the same frames, nets and unit as the Adam column.",
    "Momentum: rate 0.005, momentum 0.5, and the error summed over bins, which the rate is meant for.",
)


def adam(recipe: str, quick: int, epochs: int = 300) -> Run:
    """Return a run with the settings of the paper: Adam, from random weights."""
    return Run(f"{recipe}-literal", epochs, quick, FEATURES)


def adam_ours(recipe: str, quick: int, epochs: int = 100) -> Run:
    """Return a run of the same net with Adam, with our start and schedule."""
    return Run(recipe, epochs, quick, FEATURES)


def momentum(recipe: str, quick: int, epochs: int = 100) -> Run:
    """Return a run of the same net with SGD and momentum, the optimiser that the paper compares with."""
    return Run(recipe, epochs, quick, {**FEATURES, **MOMENTUM})


def best(quick: int) -> Run:
    """Return a run of the recipe "best"."""
    return Run("best", 60, quick, FEATURES)
