"""Weights to begin with."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from .recipe import LayerChoices
from .yardsticks import principal_components


class Start(NamedTuple):
    """Weights (units, inputs) and back (inputs, units); biases where they do not begin at 0."""

    weight: torch.Tensor
    back: torch.Tensor
    bias: torch.Tensor | None = None
    back_bias: torch.Tensor | None = None


def initial_weights(choices: LayerChoices, inputs: torch.Tensor, generator: torch.Generator) -> Start:
    """What ``choices.initialiser`` gives for inputs (frames, width). Random numbers are drawn on the CPU."""
    units, width = choices.units, inputs.shape[1]
    if choices.initialiser == "pca":
        return _pca(choices, inputs, generator)
    shapes = ((units, width), (width, units))
    weight, back = (_random(choices, shape, generator) for shape in shapes)
    return Start(weight, back)


def _random(choices: LayerChoices, shape: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    outputs, inputs = shape
    kind = choices.initialiser
    if kind == "truncated_normal":
        values = _truncated_normal(shape, generator) * choices.range
        return values.abs() if choices.non_negative else values
    if kind == "glorot":  # Glorot & Bengio (2010)
        span = 2.0 * math.sqrt(6.0 / (inputs + outputs))
    elif kind == "he":  # He et al. (2015)
        span = 2.0 * math.sqrt(6.0 / inputs)
    else:
        span = choices.range
    middle = span / 2.0 if choices.non_negative else 0.0
    return (torch.rand(shape, generator=generator) - 0.5) * span + middle


def _truncated_normal(shape: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    """Normal numbers within two standard deviations, by inversion of the distribution."""
    edge = math.erf(2.0 / math.sqrt(2.0))
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64) * 2.0 - 1.0
    return (torch.erfinv(uniform * edge) * math.sqrt(2.0)).float()


def _pca(choices: LayerChoices, inputs: torch.Tensor, generator: torch.Generator) -> Start:
    """The principal components as a network that does what they do, or comes near it.

    A sigmoid is used where it is nearly straight, a ReLU where it is straight for nearly all frames: the units are
    scaled, and moved by their biases. Without biases the components are those about 0, and a unit of one sign is turned
    to where most of it is above 0. More units than there are components begin small and at random.
    """
    units, width = choices.units, inputs.shape[1]
    mean, components = principal_components(inputs, units, centred=choices.bias)
    mean, components = mean.cpu(), components.cpu()
    codes = ((inputs[:: max(1, len(inputs) // 4096)].cpu() - mean) @ components.T).double()
    weight = torch.empty(units, width)
    back = torch.empty(width, units)
    count = len(components)
    weight[count:] = (torch.rand((units - count, width), generator=generator) - 0.5) * 0.01
    back[:, count:] = (torch.rand((width, units - count), generator=generator) - 0.5) * 0.01
    sign = torch.where(codes.mean(0) < 0, -1.0, 1.0).float()
    components, codes = components * sign[:, None], codes * sign
    bias, back_bias = torch.zeros(units), mean.clone()
    gain = torch.ones(count)
    if choices.encoder == "sigmoid" and not choices.tied:
        # σ(u) = 1/2 + u/4 + O(u³): units of standard deviation 1/4 about 0
        gain = (0.25 / codes.std(0).clamp_min(1e-6)).float()
        back[:, :count] = 4.0 * components.T / gain
        back_bias = mean - 0.5 * back.sum(1)
    else:
        back[:, :count] = components.T
    weight[:count] = components * gain[:, None]
    if choices.encoder in ("relu", "leaky"):
        bias[:count] = -codes.amin(0).float() if choices.bias else 0.0
        back_bias = mean - components.T @ bias[:count]
        bias[:count] -= components @ mean
    else:
        bias[:count] = -(weight[:count] @ mean)
    if choices.non_negative:
        weight, back = weight.clamp_min(0.0), back.clamp_min(0.0)
    return Start(weight, back, bias, back_bias)
