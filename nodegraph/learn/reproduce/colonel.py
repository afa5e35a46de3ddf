"""What the tables of Colonel, Curro & Keene (2017) have in common."""

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
}
NOTES = (
    "Figures are squared errors per bin of frames scaled to a maximum of 1, on patches that no net was trained on. "
    "Which frames the paper's are of is not said there.",
    "The paper's momentum column was copied from Sarroff & Casey: errors summed over bins, of another corpus. Ours is "
    "trained here, on the same frames, the same nets and in the same unit as the column beside it.",
    "Momentum: rate 0.005, momentum 0.5, the error summed over bins, as the rate is meant for that.",
)


def adam(recipe: str, quick: int, epochs: int = 100) -> Run:
    """The paper's way."""
    return Run(recipe, epochs, quick, FEATURES)


def momentum(recipe: str, quick: int, epochs: int = 100) -> Run:
    """The same nets by the optimiser that the paper replaced."""
    return Run(recipe, epochs, quick, {**FEATURES, **MOMENTUM})


def best(quick: int) -> Run:
    """Our recipe."""
    return Run("best", 60, quick, FEATURES)
