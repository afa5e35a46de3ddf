"""Loops with the texture of a sound: any length, without a seam, without a content.

A loop of grains of the sound is optimised sample by sample, until the levels of its bands have the statistics of those
of the sound, at two resolutions. All spectra are circular. Caracalla & Röbel, Sound texture synthesis using
convolutional neural networks (DAFx, 2019) optimise samples, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.stft import stft

from .circular import circular_spectrum, spread
from .grains import loop_of_grains
from .mixing import BASE_BYTES, CPU, WINDOW, Mixing, Problem
from .optimise import HISTORY, Terms
from .recipe import MixRecipe
from .scales import Scale, band_weights, scales
from .spectra import channels_of
from .texture_losses import level_targets

GRAIN = 0.25  # seconds
CANCELLED = 1e-3  # peak of the mean of channels, relative to theirs, that is too low to stand for them


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
    resolutions = scales(recipe)
    distances = [_distances(mono / level, samples, scale, recipe, device) for scale in resolutions]

    def losses(x: Tensor) -> Terms:
        found = [function(x) for function in distances]
        return {name: torch.stack([terms[name] for terms in found]).mean() for name in found[0]}

    def result(found: Sequence[Tensor]) -> np.ndarray:
        loop = found[0].cpu().numpy() * level
        if len(channels) == 1:
            return loop
        return spread(loop, start, grains, sound.window, sound.hop).T

    bands = " and ".join(str(scale.bands) for scale in resolutions)
    description = f"a loop of {samples / sound.rate:g} s, levels of {bands} bands"
    problem = Problem(torch.from_numpy(start / level).to(device), losses)
    size = 4.0 * samples * (2 * HISTORY + 10) + sum(_bytes(scale, max(samples, len(mono))) for scale in resolutions)
    return Mixing([problem], result, BASE_BYTES + size, description)


def _distances(
    style: np.ndarray, samples: int, scale: Scale, recipe: MixRecipe, device: torch.device
) -> Callable[[Tensor], Terms]:
    """Return a function of a loop: the distances of its levels from those of a style, at one resolution."""
    config = recipe.texture
    assert config is not None
    magnitudes = np.abs(stft(style, scale.window, scale.hop, WINDOW))
    first = -(-(scale.window - scale.hop) // scale.hop)
    magnitudes = magnitudes[:, first : max(len(style) // scale.hop, first + 1)]  # windows within the style
    weights = band_weights(scale, recipe, float(magnitudes.max()), device)
    spectrum = circular_spectrum(samples, scale.window, scale.hop, device)
    model = torch.log1p(weights @ torch.from_numpy(magnitudes).to(device))
    targets = level_targets(model, len(spectrum.samples))

    def distances(loop: Tensor) -> Terms:
        return targets.losses(torch.log1p(weights @ spectrum.magnitudes(loop)), config)

    return distances


def _mono(channels: np.ndarray) -> np.ndarray:
    """Return the mean of channels (channels, samples), or the first one if they cancel each other."""
    mean: np.ndarray = channels.mean(axis=0)
    return mean if np.abs(mean).max() >= CANCELLED * np.abs(channels).max() else channels[0]


def _bytes(scale: Scale, samples: int) -> float:
    """Return the memory of one resolution: windows, levels and their changes, and their gradients."""
    return 4.0 * samples / scale.hop * (8 * scale.window + 40 * scale.bands)
