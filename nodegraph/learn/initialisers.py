"""Weights to begin with."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from .activations import activate, deactivate
from .baselines import principal_components
from .recipe import LayerConfig

_SAMPLE = 4096  # frames that are looked at
_SMALLEST = 1e-5  # a mean that a sigmoid can begin with


class InitialWeights(NamedTuple):
    """Weights (units, inputs) and back (inputs, units), biases (units,) and (inputs,)."""

    weight: torch.Tensor
    back: torch.Tensor
    bias: torch.Tensor
    back_bias: torch.Tensor


def initial_weights(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """What ``config.initialiser`` gives for inputs (frames, width). Random numbers are drawn on the CPU."""
    if config.initialiser in ("pca", "whitened"):
        start = _components(config, inputs, generator)
    else:
        units, width = config.units, inputs.shape[1]
        weight, back = (_random(config, shape, generator) for shape in ((units, width), (width, units)))
        start = InitialWeights(weight, back, torch.zeros(units), torch.zeros(width))
    if config.tied:
        start = start._replace(back=start.weight.T)
    if config.initialiser in ("pca", "whitened", "mean"):
        start = _centre_on_mean(config, start, inputs)
    if config.non_negative:
        start = start._replace(weight=start.weight.clamp_min(0.0), back=start.back.clamp_min(0.0))
    return start


def _random(config: LayerConfig, shape: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    outputs, inputs = shape
    kind = config.initialiser
    if kind in ("truncated_normal", "mean"):
        values = _truncated_normal(shape, generator) * config.range
        return values.abs() if config.non_negative else values
    if kind == "glorot":  # Glorot & Bengio (2010)
        span = 2.0 * math.sqrt(6.0 / (inputs + outputs))
    elif kind == "he":  # He et al. (2015)
        span = 2.0 * math.sqrt(6.0 / inputs)
    else:
        span = config.range
    middle = span / 2.0 if config.non_negative else 0.0
    return (torch.rand(shape, generator=generator) - 0.5) * span + middle


def _truncated_normal(shape: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    """Normal numbers within two standard deviations, by inversion of the distribution."""
    edge = math.erf(2.0 / math.sqrt(2.0))
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64) * 2.0 - 1.0
    return (torch.erfinv(uniform * edge) * math.sqrt(2.0)).float()


def _components(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """A network that does what the principal components do, or comes near it.

    A sigmoid is used where it is nearly straight; a ReLU is moved by its bias to where it is, or has a unit for each
    sign of a component. Units keep the shares of their components, or are all as strong ("whitened"). More units than
    there are components begin small and at random.
    """
    units, width = config.units, inputs.shape[1]
    both = config.encoder == "relu" and not config.bias
    mean, components = principal_components(inputs, (units + 1) // 2 if both else units, centred=config.bias)
    mean, components = mean.cpu(), components.cpu()
    codes = (_sample_rows(inputs) - mean) @ components.T
    sign = torch.where(codes.mean(0) < 0, -1.0, 1.0)
    components, codes = components * sign[:, None], codes * sign
    if both:
        components, codes = torch.cat([components, -components])[:units], torch.cat([codes, -codes], 1)[:, :units]
    count = len(components)
    gain, slope = torch.ones(count), torch.ones(count)
    if config.encoder == "sigmoid":
        # σ(u) = 1/2 + u/4 + O(u³): the strongest unit has a standard deviation of 1/4 about 0, or all have
        spread = codes.std(0).clamp_min(1e-6)
        gain = 0.25 / (spread if config.initialiser == "whitened" else spread.amax().expand(count))
        slope = 4.0 / gain
    weight = (torch.rand((units, width), generator=generator) - 0.5) * 0.01
    back = (torch.rand((width, units), generator=generator) - 0.5) * 0.01
    weight[:count], back[:, :count] = components * gain[:, None], components.T * slope
    if config.decoder == "sigmoid":
        # pre-activations that lead from the mean through 1/2 to about 1, with slope 1 for a mean of 1/2
        back *= (
            deactivate(_sample_rows(inputs).mean(0), "sigmoid", 0.0, _SMALLEST).abs().mul(2.0).clamp_min(4.0)[:, None]
        )
    bias = torch.zeros(units)
    bias[:count] = -(weight[:count] @ mean)
    if config.encoder in ("relu", "leaky") and config.bias:
        bias[:count] -= codes.amin(0)
    return InitialWeights(weight, back, bias, torch.zeros(width))


def _centre_on_mean(config: LayerConfig, start: InitialWeights, inputs: torch.Tensor) -> InitialWeights:
    """The same weights, moved so that mean units lead to the mean of the inputs.

    By the bias or, without one, by what all units add together: a network that has to learn first what is dark in all
    frames stays there for long.
    """
    some = _sample_rows(inputs)
    units = activate(some @ start.weight.T + (start.bias if config.bias else 0.0), config.encoder, config.slope)
    wanted = deactivate(some.mean(0), config.decoder, config.slope, _SMALLEST)
    mean = units.mean(0)
    missing = wanted - start.back @ mean
    if config.bias:
        return start._replace(back_bias=missing)
    if config.tied:
        return start
    return start._replace(back=start.back + torch.outer(missing, mean / mean.square().sum().clamp_min(1e-9)))


def _sample_rows(inputs: torch.Tensor) -> torch.Tensor:
    return inputs[:: max(1, len(inputs) // _SAMPLE)].cpu()
