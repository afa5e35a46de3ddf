"""An architecture as a torch network."""

from __future__ import annotations

import math

import torch
from torch import nn

from .architectures import OUTPUTS, Architecture, Conv, Image, shapes_of


def build_network(architecture: Architecture, generator: torch.Generator) -> nn.Sequential:
    """Build a network that maps inputs (N, channels, times, frequencies) to logits (N, 368).

    Weights are uniform after Glorot & Bengio from ``generator``, biases are 0. Convolutions are in channels-last order,
    which is faster on CPUs.
    """
    with torch.random.fork_rng([]):  # layers draw weights of their own when they are made
        network = nn.Sequential(*_modules(architecture))
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _modules(architecture: Architecture) -> list[nn.Module]:
    modules: list[nn.Module] = []
    shapes = shapes_of(architecture)
    is_flat = False
    for layer, shape in zip(architecture.layers, shapes):
        if isinstance(layer, Conv):
            modules += [SameConv(shape, layer), nn.ReLU()]
        elif isinstance(layer, Image):
            modules.append(ChannelsToFrequencies())
        else:
            modules += [] if is_flat else [nn.Flatten()]
            is_flat = True
            modules.append(nn.Linear(math.prod(shape), layer.units))
            modules += [] if layer.linear else [nn.ReLU()]
            modules += [nn.Dropout(layer.dropout)] if layer.dropout else []
    return [*modules, nn.Linear(math.prod(shapes[-1]), OUTPUTS)]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after an axis that give ⌈size / stride⌉ outputs; the odd zero is after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SameConv(nn.Module):
    """A strided convolution with SAME padding for inputs of one shape."""

    def __init__(self, shape: tuple[int, int, int], layer: Conv) -> None:
        super().__init__()
        time = same_padding(shape[1], layer.kernel[0], layer.stride[0])
        frequency = same_padding(shape[2], layer.kernel[1], layer.stride[1])
        is_even = time[0] == time[1] and frequency[0] == frequency[1]
        inside = (time[0], frequency[0]) if is_even else (0, 0)
        self.padding = None if is_even else (*frequency, *time)
        self.conv = nn.Conv2d(shape[0], layer.filters, layer.kernel, layer.stride, inside)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.conv(values if self.padding is None else nn.functional.pad(values, self.padding))


class ChannelsToFrequencies(nn.Module):
    """Turns (N, channels, 1, positions) into an image (N, 1, positions, channels)."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.permute(0, 2, 3, 1)
