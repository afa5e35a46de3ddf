"""The units of a model's code as a player sees them: names, ranges and shares, from the model card.

The card has an entry ``axes`` if the training ended with ordered axes (``nodegraph.learn.axes``): a list of one object
per unit, ``{"name": "1 noisy", "share": 0.31, "low": -1.2, "median": 0.1, "high": 1.9, "follows": "noisy",
"correlation": 0.79}``; low, median and high are the 5, 50 and 95 % quantiles of the unit on training frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from .autoencoder import Autoencoder

MAX_NAME = 24  # characters of a name that a table shows


def unit_names(model: Autoencoder | None) -> tuple[str, ...]:
    """Return the name of each unit of a model's code; () if the card has none."""
    axes = _axes(model)
    return tuple(str(axis.get("name", number + 1))[:MAX_NAME] for number, axis in enumerate(axes))


def unit_ranges(model: Autoencoder | None, units: int) -> np.ndarray:
    """Return the values of each unit with its fader down, in the middle and up: float32 (3 units,), lowest first.

    They are the low, median and high value of its axis; 0, ½ and 1 if these are unknown.
    """
    table = np.repeat(np.array([[0.0], [0.5], [1.0]], np.float32), units, axis=1)
    for number, axis in enumerate(_axes(model)[:units]):
        low, high = axis.get("low"), axis.get("high")
        if _is_number(low) and _is_number(high):
            median = axis.get("median")
            table[:, number] = low, median if _is_number(median) else 0.5 * (low + high), high
    return table.ravel()


def _axes(model: Autoencoder | None) -> list[Mapping[str, Any]]:
    axes = model.card.get("axes") if model else None
    if not isinstance(axes, list) or not all(isinstance(axis, Mapping) for axis in axes):
        return []
    return axes if model and len(axes) == model.code_size else []


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e6
