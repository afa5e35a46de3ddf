"""Models of blocks, and their layers as read-only tables for the kernels of ``encoder`` and ``decoder``.

Without a model the tables have no layers, and each bin is a unit of the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .autoencoder import ACTIVATIONS, Autoencoder, Layer
from .model_file import model_of_block, problem_of_block

LAYER_WORDS = 4  # numbers per layer in the layer table: inputs, outputs, activation, slope


def model_of(settings: Mapping[str, Any]) -> Autoencoder | None:
    """Return the model of a block; None without a file. Raises ModelError."""
    return model_of_block(Autoencoder.load, settings)


def model_problem(settings: Mapping[str, Any]) -> str:
    """Return the problem with the model of a block, or ""."""
    return problem_of_block(model_of, settings)


def layer_table(layers: Sequence[Layer]) -> np.ndarray:
    """Return the number of layers, then inputs, outputs, activation and slope of each."""
    rows = [(y.inputs, y.outputs, ACTIVATIONS.index(y.activation), y.slope) for y in layers]
    return np.array([len(rows), *(word for row in rows for word in row)], np.float32)


def weight_table(layers: Sequence[Layer]) -> np.ndarray:
    """Return the biases, then the weights (inputs, outputs) of each layer, in C order."""
    parts = [np.zeros(1, np.float32)]
    for layer in layers:
        bias = np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias
        parts += [bias, np.ascontiguousarray(layer.weight.T, np.float32).ravel()]
    return np.concatenate(parts[1:] or parts)


def band_table(model: Autoencoder | None, back: bool) -> np.ndarray:
    """Return the matrix from bins to bands, or ``back``, as a layer's weights; no use without bands."""
    if model is None or not model.features.bands:
        return np.zeros(1, np.float32)
    return weight_table([Layer(model.features.band_matrices[back])])


def max_layer_width(layers: Sequence[Layer], bins: int) -> int:
    """Return the scratch size of a lane in numbers: that of the widest layer."""
    return max([bins, *(y.inputs for y in layers), *(y.outputs for y in layers)])
