"""Losses of audio textures: on the levels of bands, and on the outputs of random filters over time.

Levels are (bands, frames), features (filters, frames). Heitz, Vanhoey, Chambon & Belcour, A sliced Wasserstein loss for
neural texture synthesis (CVPR, 2021); Ulyanov & Lebedev, Audio texture synthesis and style transfer (2016); Antognini,
Hoffman & Weiss, Audio texture synthesis with random neural networks: improving diversity and quality (ICASSP, 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

STEADY = 0.01  # variance of levels, in nepers², below which a band counts as steady


def random_filters(bands: int, kernels: Sequence[int], filters: int, seed: int) -> list[Tensor]:
    """Return Gaussian filters (filters, bands, length) of variance 2 / fan-in for each length, ``filters`` in all."""
    generator = torch.Generator().manual_seed(seed)
    counts = [filters // len(kernels) + (number < filters % len(kernels)) for number in range(len(kernels))]
    return [
        torch.randn(count, bands, length, generator=generator) * math.sqrt(2.0 / (bands * length))
        for count, length in zip(counts, kernels, strict=True)
    ]


def features(levels: Tensor, filters: Sequence[Tensor]) -> list[Tensor]:
    """Return the rectified outputs of the filters on levels (bands, frames), with zeros around them."""
    return [functional.relu(functional.conv1d(levels[None], w, padding="same"))[0] for w in filters]


def autocorrelation(values: Tensor, lags: int) -> Tensor:
    """Return ``Σ_t f[t] f[t + d] / frames`` of each row without its mean, for the lags d from 0: (filters, lags)."""
    frames = values.shape[1]
    centred = values - values.mean(dim=1, keepdim=True)
    spectrum = torch.fft.rfft(centred, frames + lags)
    return torch.fft.irfft(spectrum.abs() ** 2, frames + lags)[:, :lags] / frames


def circular_autocorrelation(values: Tensor, lags: int) -> Tensor:
    """Return the autocorrelation of rows that repeat after their last frame, for the lags from 0: (filters, lags)."""
    centred = values - values.mean(dim=1, keepdim=True)
    frames = values.shape[1]
    return torch.fft.irfft(torch.fft.rfft(centred).abs() ** 2, frames)[:, :lags] / frames


def outputs(levels: Tensor, filters: Sequence[Tensor], circular: bool = False) -> list[Tensor]:
    """Return the outputs of the filters within levels (bands, frames), or as if these repeated after the last frame."""
    found = []
    for weights in filters:
        length = weights.shape[2]
        padding = (length // 2, (length - 1) // 2) if circular else (0, 0)
        found.append(functional.conv1d(functional.pad(levels[None], padding, mode="circular"), weights)[0])
    return found


def quantiles(values: Tensor, count: int) -> Tensor:
    """Return the ``count`` quantiles (n + ½) / count of each row, (rows, count): the sorted row, if it has as many."""
    ordered = values.sort(dim=1).values
    last = values.shape[1] - 1
    positions = ((torch.arange(count, device=values.device) + 0.5) * ((last + 1) / count) - 0.5).clamp(0.0, last)
    low = positions.floor().long().clamp_max(max(last - 1, 0))
    part = positions - low
    return ordered[:, low] * (1.0 - part) + ordered[:, (low + 1).clamp_max(last)] * part


def distribution_distance(levels: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared Wasserstein distance of the rows from quantiles, relative to the targets' variance.

    ``targets`` are :func:`quantiles`, as many as there are frames. The order in time does not matter.
    """
    variance = targets.var(dim=1, unbiased=False).mean() + STEADY
    return ((levels.sort(dim=1).values - targets) ** 2).mean() / variance


def correlations(levels: Tensor) -> Tensor:
    """Return the correlations between bands, those of steady ones nearly 0: (bands, bands)."""
    centred = levels - levels.mean(dim=1, keepdim=True)
    deviations = (centred**2).mean(dim=1, keepdim=True).add(STEADY).sqrt()
    scaled = centred / deviations
    return scaled @ scaled.T / levels.shape[1]


def relative(found: Tensor, target: Tensor) -> Tensor:
    """Return ``‖found - target‖² / ‖target‖²``."""
    return ((found - target) ** 2).sum() / (target**2).sum().clamp_min(1e-12)
