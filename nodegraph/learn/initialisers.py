"""Initial weights of a pair of layers."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from .activations import activate, deactivate
from .baselines import principal_components
from .recipe import LayerConfig

_SAMPLE = 4096  # frames used to fit initial weights
_SMALLEST = 1e-5  # smallest mean that is inverted through a sigmoid
_SECOND = 0.1  # what a second unit that copies an input gains, of the variance of the input
_FITTED, _STEPS = 400, 800  # frames and steps to fit the units that copy inputs
_RIDGE = 1e-4  # regularisation of the constant sum of units


class InitialWeights(NamedTuple):
    """Encoder weights (units, inputs), decoder weights (inputs, units), biases (units,) and (inputs,)."""

    weight: torch.Tensor
    back: torch.Tensor
    bias: torch.Tensor
    back_bias: torch.Tensor


def initial_weights(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """Return the weights of ``config.initialiser`` for inputs (frames, width); random numbers come from the CPU."""
    if config.initialiser in ("pca", "whitened"):
        start = _components(config, inputs, generator)
    elif config.initialiser == "mirrored":
        return _mirrored(config, inputs, generator)
    elif config.initialiser == "identity":
        return _identity(config, inputs, generator)
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
    """Draw normal numbers within two standard deviations, by inverting the distribution function."""
    edge = math.erf(2.0 / math.sqrt(2.0))
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64) * 2.0 - 1.0
    return (torch.erfinv(uniform * edge) * math.sqrt(2.0)).float()


def _components(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """Return weights that compute the principal components, exactly or approximately.

    A sigmoid is used in its nearly linear range. A ReLU is shifted into its linear range by its bias, or has one unit
    for each sign of a component. Units keep the variances of their components ("pca") or all have the same
    ("whitened"). Units beyond the number of components get small random weights.
    """
    units, width = config.units, inputs.shape[1]
    is_signed = config.encoder == "relu" and not config.bias
    mean, components = principal_components(inputs, (units + 1) // 2 if is_signed else units, centred=config.bias)
    mean, components = mean.cpu(), components.cpu()
    codes = (_sample_rows(inputs) - mean) @ components.T
    sign = torch.where(codes.mean(0) < 0, -1.0, 1.0)
    components, codes = components * sign[:, None], codes * sign
    if is_signed:
        components, codes = torch.cat([components, -components])[:units], torch.cat([codes, -codes], 1)[:, :units]
    count = len(components)
    gain, slope = torch.ones(count), torch.ones(count)
    if config.encoder == "sigmoid":
        # σ(u) = 1/2 + u/4 + O(u³): a standard deviation of u of 1/4, for the strongest unit ("pca") or for all units
        spread = codes.std(0).clamp_min(1e-6)
        gain = 0.25 / (spread if config.initialiser == "whitened" else spread.amax().expand(count))
        slope = 4.0 / gain
    weight, back = _small((units, width), generator), _small((width, units), generator)
    weight[:count], back[:, :count] = components * gain[:, None], components.T * slope
    if config.decoder == "sigmoid":
        # twice the pre-activation of the mean spans about 0…1; the minimum of 4 gives slope 1 at 1/2
        back *= (
            deactivate(_sample_rows(inputs).mean(0), "sigmoid", 0.0, _SMALLEST).abs().mul(2.0).clamp_min(4.0)[:, None]
        )
    bias = torch.zeros(units)
    bias[:count] = -(weight[:count] @ mean)
    if config.encoder in ("relu", "leaky") and config.bias:
        bias[:count] -= codes.amin(0)
    return InitialWeights(weight, back, bias, torch.zeros(width))


def _mirrored(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """Return weights that compute the principal components exactly, by units that bend at their means.

    A rectifier f has two units for each component c, f(c) and f(-c): f(c) - f(-c) = (1 + slope) c. A linear code inside
    of such units takes the strongest components from their two halves. Other weights are random and small.
    """
    units, width = config.units, inputs.shape[1]
    rectifier = config.decoder if config.encoder == "linear" else config.encoder
    slope = config.slope if rectifier == "leaky" else 0.0
    weight, back = _small((units, width), generator), _small((width, units), generator)
    if config.encoder == "linear":
        half, count = width // 2, min(units, width // 2)
        both = torch.eye(units, half)[:count].repeat(1, 2)
        both[:, half:] *= -1.0
        weight[:count, : 2 * half], back[: 2 * half, :count] = both / (1.0 + slope), both.T
        return InitialWeights(weight, back, torch.zeros(units), torch.zeros(width))
    mean, components = (values.cpu() for values in principal_components(inputs, units // 2, centred=config.bias))
    for sign, first in ((1.0, 0), (-1.0, units // 2)):
        weight[first : first + len(components)] = sign * components
        back[:, first : first + len(components)] = sign * components.T / (1.0 + slope)
    return InitialWeights(weight, back, -(weight @ mean), mean)


def _identity(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> InitialWeights:
    """Return weights by which sigmoid outputs copy the inputs with the largest variance, by one or two units each.

    Other outputs are their mean. Without biases, the sum of units that varies least stands for 1.
    """
    units, width = config.units, inputs.shape[1]
    some = _sample_rows(inputs)
    variance = some.var(0)
    benefits = torch.cat([variance, _SECOND * variance])  # of a first and of a second unit for each input
    chosen = benefits.argsort(descending=True)[:units]
    turn, copied = chosen // width, chosen % width
    gain, slope, rest = _copies(some, torch.bincount(copied, minlength=width))
    weight, back = _small((units, width), generator), _small((width, units), generator)
    own = torch.arange(len(chosen))
    weight[own], back[:, own] = 0.0, 0.0
    weight[own, copied], back[copied, own] = gain[turn, copied], slope[turn, copied]
    rest -= slope.sum(0) / 2.0
    if not config.bias:
        codes = torch.sigmoid(some @ weight.T).double()
        moments = codes.T @ codes
        moments.diagonal().add_(_RIDGE * float(moments.diagonal().mean()))
        back += torch.outer(rest, torch.linalg.solve(moments, codes.sum(0)).float())
    return InitialWeights(weight, back, torch.zeros(units), rest)


def _copies(inputs: torch.Tensor, count: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Fit σ(Σ s (σ(g x) - 1/2) + r) to each input x (frames, width), as a sum over ``count`` units, 0 to 2.

    Return g and s (2, width), and r (width,); s of a missing unit is 0.
    """
    width = inputs.shape[1]
    has = torch.stack([count > 0, count > 1]).float()
    logs = torch.tensor([[10.0, 8.0], [1.0, 20.0]]).log()[:, :, None].repeat(1, 1, width)  # of g and s by unit
    rest = deactivate(inputs.mean(0), "sigmoid", 0.0, _SMALLEST)
    chosen = inputs[:: max(1, len(inputs) // _FITTED)]

    def logits(x: torch.Tensor) -> torch.Tensor:
        gain, slope = logs.exp().unbind(1)
        return sum((torch.sigmoid(x * gain[k]) - 0.5) * (slope[k] * has[k]) for k in (0, 1)) + rest

    with torch.enable_grad():
        optimiser = torch.optim.Adam([logs.requires_grad_(), rest.requires_grad_()], 0.1)
        for _ in range(_STEPS):
            optimiser.zero_grad()
            (torch.sigmoid(logits(chosen)) - chosen).square().mean(0).sum().backward()
            optimiser.step()
    gain, slope = logs.detach().exp().unbind(1)
    return gain, slope * has, rest.detach()


def _small(shape: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    return (torch.rand(shape, generator=generator) - 0.5) * 0.01


def _centre_on_mean(config: LayerConfig, start: InitialWeights, inputs: torch.Tensor) -> InitialWeights:
    """Return the weights, shifted so that the mean units decode to the mean of the inputs.

    The shift is in the decoder bias or, without biases, spread over the decoder weights. Otherwise training spends
    many epochs on the bins that are quiet in all frames.
    """
    some = _sample_rows(inputs)
    units = activate(some @ start.weight.T + (start.bias if config.bias else 0.0), config.encoder, config.slope)
    target = deactivate(some.mean(0), config.decoder, config.slope, _SMALLEST)
    mean = units.mean(0)
    missing = target - start.back @ mean
    if config.bias:
        return start._replace(back_bias=missing)
    if config.tied:
        return start
    return start._replace(back=start.back + torch.outer(missing, mean / mean.square().sum().clamp_min(1e-9)))


def _sample_rows(inputs: torch.Tensor) -> torch.Tensor:
    return inputs[:: max(1, len(inputs) // _SAMPLE)].cpu()
