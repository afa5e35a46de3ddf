"""Losses of audio textures on log levels (bands, frames).

Heitz, Vanhoey, Chambon & Belcour, A sliced Wasserstein loss for neural texture synthesis (CVPR, 2021) compare
distributions; McDermott & Simoncelli, Sound texture perception (Neuron, 2011) moments and correlations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .optimise import Terms
from .recipe import TextureConfig

STEADY = 0.01  # variance of levels, in nepers², below which a band counts as steady
FASTEST = 0.25  # periods per frame, of the fastest octave of modulations
PERIODS = 3.0  # of a modulation that levels must contain to be compared


@dataclass(frozen=True)
class LevelTargets:
    """The statistics of a style that levels shall have.

    ``levels`` are quantiles (bands, frames), ``correlation`` is that between bands, and ``modulation`` the same in
    octaves of modulations, the slowest of ``slowest`` periods per frame.
    """

    levels: Tensor
    correlation: Tensor
    modulation: Tensor
    slowest: float

    def losses(self, levels: Tensor, config: TextureConfig) -> Terms:
        """Return the weighted distances of levels (bands, frames), without those of weight 0."""
        terms = {}
        if config.levels:
            terms["levels"] = config.levels * distribution_distance(levels, self.levels)
        if config.correlation:
            terms["correlation"] = config.correlation * relative(correlations(levels), self.correlation)
        if config.modulation:
            terms["modulation"] = config.modulation * relative(modulations(levels, self.slowest), self.modulation)
        return terms


def level_targets(style: Tensor, frames: int) -> LevelTargets:
    """Return the statistics of a style's levels (bands, any frames) for levels of ``frames``."""
    slowest = PERIODS / min(frames, style.shape[1])
    return LevelTargets(quantiles(style, frames), correlations(style), modulations(style, slowest), slowest)


def quantiles(values: Tensor, count: int) -> Tensor:
    """Return the ``count`` quantiles (n + ½) / count of each row, (rows, count): the sorted row, if it has as many."""
    ordered = values.sort(dim=1).values
    last = values.shape[1] - 1
    positions = ((torch.arange(count, device=values.device) + 0.5) * ((last + 1) / count) - 0.5).clamp(0.0, last)
    low = positions.floor().long().clamp_max(max(last - 1, 0))
    part = positions - low
    return ordered[:, low] * (1.0 - part) + ordered[:, (low + 1).clamp_max(last)] * part


def distribution_distance(values: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared Wasserstein distance of the rows from quantiles, relative to the targets' variance.

    ``targets`` are :func:`quantiles`, as many as there are values in a row. The order in time does not matter.
    """
    variance = targets.var(dim=1, unbiased=False).mean() + STEADY
    return ((values.sort(dim=1).values - targets) ** 2).mean() / variance


def correlations(levels: Tensor) -> Tensor:
    """Return the correlations between bands, those of steady ones nearly 0: (bands, bands)."""
    scaled = _scaled(levels)
    return scaled @ scaled.T / levels.shape[1]


def modulations(levels: Tensor, slowest: float) -> Tensor:
    """Return the covariances between bands of variance 1, in octaves of modulations: (octaves, bands, bands).

    The octaves, half cosines over log frequency, have centres from a quarter period per frame down to ``slowest``. A
    diagonal is the power of modulations.
    """
    frames = levels.shape[1]
    spectra = torch.fft.rfft(_scaled(levels))
    count = max(math.floor(math.log2(FASTEST / slowest)) + 1, 1)
    found = []
    for centre in (FASTEST * frames * 2.0**-octave for octave in range(count)):
        bins = torch.arange(
            math.ceil(centre / 2.0), min(math.floor(2.0 * centre), frames // 2) + 1, device=levels.device
        )
        response = torch.cos(
            0.5 * torch.pi * torch.log2(bins.to(levels.dtype).clamp_min(1e-9) / centre).clamp(-1.0, 1.0)
        )
        filtered = torch.view_as_real(spectra[:, bins] * response).flatten(1)
        found.append(2.0 * filtered @ filtered.T / frames**2)
    return torch.stack(found)


def _scaled(levels: Tensor) -> Tensor:
    """Return levels without their means, at a variance of 1, steady ones nearly 0."""
    centred = levels - levels.mean(dim=1, keepdim=True)
    return centred / (centred**2).mean(dim=1, keepdim=True).add(STEADY).sqrt()


def relative(found: Tensor, target: Tensor) -> Tensor:
    """Return ``‖found - target‖² / ‖target‖²``."""
    return ((found - target) ** 2).sum() / (target**2).sum().clamp_min(1e-12)
