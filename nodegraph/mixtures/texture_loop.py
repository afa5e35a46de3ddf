"""Loops with the texture of a sound: any length, without a seam, without a content.

A loop of grains of the sound is optimised sample by sample, until the levels of its bands and the outputs of random
filters on them are distributed as those of the sound, at two resolutions of time. All spectra are circular.
Caracalla & Röbel, Sound texture synthesis using convolutional neural networks (DAFx, 2019) optimise samples, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.stft import stft

from .circular import circular_spectrum, spread
from .grains import loop_of_grains
from .log_bands import log_bands
from .mixing import BASE_BYTES, CPU, WINDOW, Mixing, Problem
from .optimise import HISTORY, Terms
from .recipe import MixRecipe, TextureConfig
from .spectra import channels_of
from .texture_losses import (
    autocorrelation,
    circular_autocorrelation,
    outputs,
    quantiles,
    random_filters,
    relative,
)

GRAIN = 0.25  # seconds
RHYTHM = 2.0  # seconds, the longest lag of the autocorrelation
LEAST_VARIANCE = 1e-6  # of levels that do not vary
LEAST_PEAK = 1e-9  # of the magnitudes of a sound that is silent but for its ends
CANCELLED = 1e-3  # peak of the mean of channels, relative to theirs, that is too low to stand for them


class _Scale(NamedTuple):
    """A resolution: window and hop in samples, bands and their octaves, filters."""

    window: int
    hop: int
    bands: int
    octaves: int
    filters: int


def texture_loop(style: np.ndarray, samples: int, recipe: MixRecipe, seed: int, device: torch.device = CPU) -> Mixing:
    """Return a loop of ``samples`` with the texture of a style, (samples,) or (samples, channels).

    The tensor is the mean of the channels over the level of the style; the channels differ as those of the grains.
    """
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    channels = channels_of(style)
    mono = _mono(channels)
    level = np.float32(np.sqrt(np.mean(np.square(mono, dtype=np.float64))))
    grain = min(round(GRAIN * sound.rate), len(mono) // 2)
    grains = loop_of_grains(channels, samples, grain, seed)
    start = _mono(grains)
    scales = _scales(recipe)
    scaled = [_distances(mono / level, samples, scale, recipe, seed, device) for scale in scales]

    def losses(x: Tensor) -> Terms:
        found = [distances(x) for distances in scaled]
        style_loss, rhythm = (torch.stack([pair[kind] for pair in found]).mean() for kind in (0, 1))
        return {"style": config.style * style_loss, "rhythm": config.rhythm * rhythm}

    def result(found: Sequence[Tensor]) -> np.ndarray:
        loop = found[0].cpu().numpy() * level
        if len(channels) == 1:
            return loop
        return spread(loop, start, grains, sound.window, sound.hop).T

    filters = " and ".join(f"{scale.filters} on {scale.bands} bands" for scale in scales)
    description = f"a loop of {samples / sound.rate:g} s, random filters: {filters}"
    problem = Problem(torch.from_numpy(start / level).to(device), losses)
    size = 4.0 * samples * (2 * HISTORY + 10) + sum(_bytes(scale, max(samples, len(mono)), config) for scale in scales)
    return Mixing([problem], result, BASE_BYTES + size, description)


def _scales(recipe: MixRecipe) -> list[_Scale]:
    """Return the resolution of the recipe, with fewer bands and filters, and one with a quarter of its window."""
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    least = len(config.kernels)
    coarse = _Scale(sound.window, sound.hop, max(config.bands // 2, 4), config.octaves, max(config.filters // 4, least))
    fine = _Scale(
        sound.window // 4,
        max(sound.hop // 4, 1),
        max(config.bands // 4, 4),
        max(config.octaves - 2, 1),
        max(config.filters // 8, least),
    )
    return [coarse, fine]


def _distances(
    style: np.ndarray, samples: int, scale: _Scale, recipe: MixRecipe, seed: int, device: torch.device
) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Return a function of a loop: the distances of its distributions and of its autocorrelation from a style's."""
    config, rate = recipe.texture, recipe.sound.rate
    assert config is not None
    bands = log_bands(scale.bands, scale.octaves, config.range, scale.window, rate)
    magnitudes = np.abs(stft(style, scale.window, scale.hop, WINDOW))
    first = -(-(scale.window - scale.hop) // scale.hop)
    magnitudes = magnitudes[:, first : max(len(style) // scale.hop, first + 1)]  # windows within the style
    peak = max(float(magnitudes.max()), LEAST_PEAK)
    model = torch.from_numpy(bands.levels(magnitudes / peak)).to(device)
    spectrum = circular_spectrum(samples, scale.window, scale.hop, device)
    frames, given = len(spectrum.samples), model.shape[1]
    kernels = [length for length in config.kernels if length <= min(frames, given)] or [1]
    filters = [w.to(device) for w in random_filters(scale.bands, kernels, scale.filters, seed)]
    weights = torch.from_numpy((bands.weights / (bands.floor * peak)).astype(np.float32)).to(device)
    lags = max(min(frames, given, round(2.0 * RHYTHM * rate / scale.hop)) // 2, 1)
    with torch.no_grad():
        distributions = [*outputs(model, filters), model]
        variances = [values.var(dim=1, correction=0).mean() + LEAST_VARIANCE for values in distributions]
        targets = [quantiles(values, frames) for values in distributions]
        # the products at a lag d are of given - d pairs only, those of a loop of all its frames
        pairs = given / (given - torch.arange(lags, device=device))
        rhythm = autocorrelation(model, lags) * pairs

    def distances(loop: Tensor) -> tuple[Tensor, Tensor]:
        levels = torch.log1p(weights @ spectrum.magnitudes(loop))
        found = [*outputs(levels, filters, circular=True), levels]
        each = [
            (quantiles(values, frames) - target).square().mean() / variance
            for values, target, variance in zip(found, targets, variances, strict=True)
        ]
        distribution = torch.stack(each[:-1]).mean() + each[-1]
        return distribution, relative(circular_autocorrelation(levels, lags), rhythm)

    return distances


def _mono(channels: np.ndarray) -> np.ndarray:
    """Return the mean of channels (channels, samples), or the first one if they cancel each other."""
    mean: np.ndarray = channels.mean(axis=0)
    return mean if np.abs(mean).max() >= CANCELLED * np.abs(channels).max() else channels[0]


def _bytes(scale: _Scale, samples: int, config: TextureConfig) -> float:
    """Return the memory of one resolution: windows, bands, outputs of filters, and their gradients."""
    frames = samples / scale.hop
    weights = scale.bands * scale.filters * sum(config.kernels) / len(config.kernels)
    return 4.0 * (frames * (8 * scale.window + 8 * scale.bands + 8 * scale.filters) + weights)
