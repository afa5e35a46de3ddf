"""The models of blocks, and their layers as the read-only tables that ``encoder`` and ``decoder`` calculate with.

Where a block has no model, each bin is a unit of the code: its tables say so by having no layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .autoencoder import ACTIVATIONS, Autoencoder, Layer, ModelError

BLOCK = 4  # inputs that a dense layer adds up at a time; the last are filled up with zeros
LAYER_WORDS = 4  # of a layer in its table: inputs, outputs, activation, slope


@lru_cache(maxsize=16)
def _read(file: str, changed: Any) -> Autoencoder | ModelError:
    try:
        return Autoencoder.load(file)
    except ModelError as error:
        return error


def model_of(settings: Mapping[str, Any]) -> Autoencoder | None:
    """The model of a block, read once for each state of its file; None without a file. Raises ModelError."""
    found = _read(settings["file"], settings["file_changed"]) if settings["file"] else None
    if isinstance(found, ModelError):
        raise found
    return found


def model_problem(settings: Mapping[str, Any]) -> str:
    """What is wrong with the model of a block, "" if nothing."""
    try:
        model_of(settings)
    except ModelError as error:
        return str(error).replace(settings["file"], f"'{Path(settings['file']).name}'").rstrip(".")
    return ""


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


def max_layer_width(layers: Sequence[Layer], bins: int) -> int:
    """Numbers that a lane must have room for between two layers."""
    return max([bins, *(y.inputs for y in layers), *(y.outputs for y in layers)]) + BLOCK
