"""Models of blocks, and their layers as read-only tables for the kernels of ``encoder`` and ``decoder``.

Without a model the tables have no layers, and each bin is a unit of the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .autoencoder import ACTIVATIONS, Autoencoder, Layer
from .model_file import ModelError

BLOCK = 4  # inputs that a dense layer processes at a time; the last block is padded with zeros
LAYER_WORDS = 4  # numbers per layer in the layer table: inputs, outputs, activation, slope


@lru_cache(maxsize=16)
def _read(file: str, changed: Any) -> Autoencoder | ModelError:
    try:
        return Autoencoder.load(file)
    except ModelError as error:
        return error


def model_of(settings: Mapping[str, Any]) -> Autoencoder | None:
    """Return the model of a block, cached until its file changes; None without a file. Raises ModelError."""
    found = _read(settings["file"], settings["file_changed"]) if settings["file"] else None
    if isinstance(found, ModelError):
        raise found
    return found


def model_problem(settings: Mapping[str, Any]) -> str:
    """Return the problem with the model of a block, or ""."""
    try:
        model_of(settings)
    except ModelError as error:
        return str(error).replace(settings["file"], f"'{Path(settings['file']).name}'").rstrip(".")
    return ""


def layer_table(layers: Sequence[Layer]) -> np.ndarray:
    """Return the number of layers, then inputs, outputs, activation and slope of each."""
    rows = [(y.inputs, y.outputs, ACTIVATIONS.index(y.activation), y.slope) for y in layers]
    return np.array([len(rows), *(word for row in rows for word in row)], np.float32)


def weight_table(layers: Sequence[Layer]) -> np.ndarray:
    """Return the biases, then the weights (inputs, outputs) of each layer, in C order."""
    parts = [np.zeros(1, np.float32)]
    for layer in layers:
        rows = np.zeros((-(-layer.inputs // BLOCK) * BLOCK, layer.outputs), np.float32)
        rows[: layer.inputs] = layer.weight.T
        parts += [np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias, rows.ravel()]
    return np.concatenate(parts[1:] or parts)


def max_layer_width(layers: Sequence[Layer], bins: int) -> int:
    """Return the scratch size of a lane in numbers: that of the widest layer."""
    return max([bins, *(y.inputs for y in layers), *(y.outputs for y in layers)]) + BLOCK
