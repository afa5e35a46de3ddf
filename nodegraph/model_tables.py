"""Autoencoders as the read-only tables that the blocks ``encoder`` and ``decoder`` calculate with.

Where a block has no model, each bin is a unit of the code: its tables say so by having no layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .autoencoder import ACTIVATIONS, SILENCE, Autoencoder, Layer, ModelError

BLOCK = 4  # inputs that a dense layer adds up at a time; the last are filled up with zeros
LAYER_WORDS = 4  # of a layer in its table: inputs, outputs, activation, slope

# The table of features: bins of the model, bins of the stft from one of them to the next, magnitudes of the model for
# one of the stft, whether each frame is divided by its maximum, that of silence, a full-scale sine in the model, power,
# whether logarithms are taken, the lowest magnitude and its logarithm, whether an empty code sounds.
BINS, STEP, SCALE, BY_FRAME, QUIET, FULL, POWER, LOG, FLOOR, LOWEST, SOUNDS = range(11)


@lru_cache(maxsize=16)
def _model(file: str, changed: Any) -> Autoencoder:
    return Autoencoder.load(file)


def model_of(settings: Mapping[str, Any]) -> Autoencoder | None:
    """The model of a block, read once for each state of its file; None without a file. Raises ModelError."""
    return _model(settings["file"], settings["file_changed"]) if settings["file"] else None


def model_problem(settings: Mapping[str, Any]) -> str:
    """What is wrong with the model of a block, "" if nothing."""
    try:
        model_of(settings)
    except ModelError as error:
        return str(error).replace(settings["file"], f"'{Path(settings['file']).name}'").rstrip(".")
    return ""


def bins_per_bin(model: Autoencoder, size: int, sr: float) -> float:
    """Bins of an stft of ``size`` samples at ``sr`` Hz from one bin of the model to the next.

    Raises ValueError where the window is so much longer or shorter that another size would fit better.
    """
    features = model.features
    step = features.rate * size / (features.size * sr)
    if not math.sqrt(0.5) <= step <= math.sqrt(2.0):
        best = 1 << max(round(math.log2(features.size * sr / features.rate)), 3)
        raise ValueError(
            f"its model was made with {features.size} samples at {features.rate:g} Hz, which at {sr:g} Hz is an stft "
            f"of size {best}, not {size}. Set size to {best}."
        )
    return step


def layer_table(layers: Sequence[Layer]) -> np.ndarray:
    """How many layers, then for each its inputs, outputs, activation and slope."""
    rows = [(y.inputs, y.outputs, ACTIVATIONS.index(y.activation), y.slope) for y in layers]
    return np.array([len(rows), *(word for row in rows for word in row)], np.float32)


def weight_table(layers: Sequence[Layer]) -> np.ndarray:
    """For each layer its biases, then its weights (inputs, outputs): those of one input side by side."""
    parts = [np.zeros(1, np.float32)]
    for layer in layers:
        rows = np.zeros((-(-layer.inputs // BLOCK) * BLOCK, layer.outputs), np.float32)
        rows[: layer.inputs] = layer.weight.T
        parts += [np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias, rows.ravel()]
    return np.concatenate(parts[1:] or parts)


def widest(layers: Sequence[Layer], bins: int) -> int:
    """Numbers that a lane must have room for between two layers."""
    return max([bins, *(y.inputs for y in layers), *(y.outputs for y in layers)]) + BLOCK


def feature_table(model: Autoencoder | None, bins: int, size: int, sr: float) -> np.ndarray:
    """How features are made of magnitudes and back, in numbers."""
    table = np.zeros(SOUNDS + 1, np.float32)
    if model is None:
        table[[BINS, STEP, SCALE, FULL, POWER]] = bins, 1.0, 1.0, size / 4, 1.0
        return table
    features = model.features
    table[[BINS, STEP, SCALE]] = features.bins, bins_per_bin(model, size, sr), features.size / size
    table[[BY_FRAME, QUIET, FULL]] = features.normalise == "frame", SILENCE, features.size / 4
    table[[POWER, LOG, FLOOR, LOWEST]] = features.power, features.log, features.floor, math.log10(features.floor)
    empty = model.restore(model.decode(np.zeros((1, model.code), np.float32)), np.ones(1, np.float32))
    table[SOUNDS] = empty.max() > 0.0
    return table


def offset_and_scale(model: Autoencoder | None, bins: int) -> np.ndarray:
    """Of each bin what is taken away, then of each what it is multiplied with."""
    bins = model.bins if model else bins
    table = np.zeros((2, bins), np.float32)
    table[1] = 1.0
    for row, name in enumerate(("offset", "scale")):
        values = getattr(model.features, name) if model else None
        if values is not None:
            table[row] = values
    return table.ravel()
