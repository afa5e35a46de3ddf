"""The fourteen models as plain data: tables of layers, with their shapes and numbers of weights.

Layers are those of the journal version (Barkan, Tsiris, Katz & Koenigstein, InverSynth, IEEE/ACM TASLP 2019). Each
model ends in 368 outputs: 16 classes for each of 23 parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nodegraph.learn.errors import LearnError

CLASSES = 16
PARAMETERS = 23
OUTPUTS = PARAMETERS * CLASSES

InputName = Literal["stft", "sound", "words", "handcrafted"]
Shape = tuple[int, int, int]  # channels, times, frequencies

SHAPES: dict[InputName, Shape] = {
    "stft": (1, 64, 257),
    "sound": (1, 1, 16384),
    "words": (1000, 1, 1),
    "handcrafted": (1000, 1, 1),
}


@dataclass(frozen=True)
class Conv:
    """A convolution with ReLU and SAME padding; ``kernel`` and ``stride`` are (times, frequencies)."""

    filters: int
    kernel: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True)
class Image:
    """The end of the layers on raw sound: positions become times, and channels become frequencies."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer on all numbers of the previous one, with ReLU unless ``linear``, then dropout."""

    units: int
    dropout: float = 0.0
    linear: bool = False


Layer = Conv | Image | Dense


@dataclass(frozen=True)
class Architecture:
    """A model: its input and its hidden layers. The output layer is the same for all."""

    name: str
    input: InputName
    layers: tuple[Layer, ...]


def _conv(filters: int, kernel_time: int, kernel_frequency: int, stride_time: int, stride_frequency: int) -> Conv:
    return Conv(filters, (kernel_time, kernel_frequency), (stride_time, stride_frequency))


_CONV6 = (
    _conv(32, 3, 3, 2, 2),
    _conv(71, 3, 3, 2, 2),
    _conv(128, 3, 4, 2, 3),
    _conv(128, 3, 3, 2, 2),
    _conv(128, 3, 3, 2, 2),
    _conv(128, 3, 3, 1, 2),
)
_HIDDEN = Dense(512)
_DEEP = (Dense(560), Dense(500, 0.2), Dense(400, 0.4))

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture("FC Linear", "words", (Dense(869, 0.2, linear=True),)),
        Architecture("FC1", "words", (Dense(868, 0.3),)),
        Architecture("FC2", "words", (Dense(603, 0.1), Dense(602, 0.3))),
        Architecture("FC3", "words", _DEEP),
        Architecture("HC", "handcrafted", (Dense(869, 0.2, linear=True),)),
        Architecture("HC3", "handcrafted", _DEEP),
        Architecture("Conv1", "stft", (_conv(38, 13, 26, 13, 26), _HIDDEN)),
        Architecture("Conv2", "stft", (_conv(35, 6, 7, 5, 6), _conv(87, 6, 9, 5, 8), _HIDDEN)),
        Architecture("Conv3", "stft", (_conv(32, 4, 5, 3, 4), _conv(98, 4, 6, 3, 5), _conv(128, 4, 6, 3, 5), _HIDDEN)),
        Architecture(
            "Conv4",
            "stft",
            (
                _conv(32, 3, 4, 2, 3),
                _conv(65, 3, 4, 2, 3),
                _conv(105, 3, 4, 2, 3),
                _conv(128, 4, 5, 3, 4),
                _HIDDEN,
            ),
        ),
        Architecture(
            "Conv5",
            "stft",
            (
                _conv(32, 3, 3, 2, 2),
                _conv(98, 3, 3, 2, 2),
                _conv(128, 3, 4, 2, 3),
                _conv(128, 3, 5, 2, 4),
                _conv(128, 3, 3, 2, 2),
                _HIDDEN,
            ),
        ),
        Architecture("Conv6", "stft", (*_CONV6, _HIDDEN)),
        Architecture(
            "Conv6XL",
            "stft",
            (
                _conv(64, 3, 3, 2, 2),
                _conv(128, 3, 3, 2, 2),
                _conv(128, 3, 4, 2, 3),
                _conv(128, 3, 3, 2, 2),
                _conv(256, 3, 3, 2, 2),
                _conv(256, 3, 3, 1, 2),
                _HIDDEN,
            ),
        ),
        Architecture(
            "ConvE2E",
            "sound",
            (
                _conv(96, 1, 64, 1, 4),
                _conv(96, 1, 32, 1, 4),
                _conv(128, 1, 16, 1, 4),
                _conv(257, 1, 8, 1, 4),
                Image(),
                *_CONV6,
                _HIDDEN,
            ),
        ),
    )
}


def architecture_of(name: str) -> Architecture:
    """Return a model by name. Raises LearnError if there is none."""
    if name not in ARCHITECTURES:
        raise LearnError(f"model '{name}': not found. Models are {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]


def shapes_of(architecture: Architecture) -> list[Shape]:
    """Return the shape of the input and of the output of each hidden layer."""
    shapes = [SHAPES[architecture.input]]
    for layer in architecture.layers:
        channels, times, frequencies = shapes[-1]
        if isinstance(layer, Conv):
            times, frequencies = math.ceil(times / layer.stride[0]), math.ceil(frequencies / layer.stride[1])
            shapes.append((layer.filters, times, frequencies))
        elif isinstance(layer, Image):
            shapes.append((times, frequencies, channels))
        else:
            shapes.append((layer.units, 1, 1))
    return shapes


def count_weights(architecture: Architecture) -> int:
    """Return the number of weights and biases, including the output layer."""
    shapes = shapes_of(architecture)
    count = (math.prod(shapes[-1]) + 1) * OUTPUTS
    for layer, shape in zip(architecture.layers, shapes):
        if isinstance(layer, Conv):
            count += (shape[0] * math.prod(layer.kernel) + 1) * layer.filters
        elif isinstance(layer, Dense):
            count += (math.prod(shape) + 1) * layer.units
    return count
