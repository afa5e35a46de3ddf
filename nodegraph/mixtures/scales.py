"""Log levels of samples at two resolutions: one of pitch, one of time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.windows import window

from .log_bands import log_bands
from .mixing import WINDOW
from .recipe import MixRecipe

LEAST_POWER = 1e-12  # the gradient of the magnitude is infinite at 0
LEAST_PEAK = 1e-9  # of the magnitudes of a sound that is silent but for its ends


class Scale(NamedTuple):
    """A resolution: window and hop in samples, bands and their octaves below half the sample rate."""

    window: int
    hop: int
    bands: int
    octaves: int


def scales(recipe: MixRecipe) -> list[Scale]:
    """Return the resolution of a recipe with half the bands, and one with a quarter of its window."""
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    return [
        Scale(sound.window, sound.hop, max(config.bands // 2, 4), config.octaves),
        Scale(sound.window // 4, max(sound.hop // 4, 1), max(config.bands // 4, 4), max(config.octaves - 2, 1)),
    ]


def band_weights(scale: Scale, recipe: MixRecipe, peak: float, device: torch.device) -> Tensor:
    """Return weights (bands, bins): levels are ``ln(1 + W m)`` of magnitudes m that reach up to ``peak``."""
    assert recipe.texture is not None
    bands = log_bands(scale.bands, scale.octaves, recipe.texture.range, scale.window, recipe.sound.rate)
    return torch.from_numpy((bands.weights / (bands.floor * max(peak, LEAST_PEAK))).astype(np.float32)).to(device)


def magnitudes(channels: Tensor, scale: Scale) -> Tensor:
    """Return ``√ mean |X|²`` over channels (channels, samples), which silence surrounds: (bins, frames)."""
    weights = torch.from_numpy(window(WINDOW, scale.window).astype(np.float32)).to(channels.device)
    spectra = torch.stft(
        channels, scale.window, scale.hop, window=weights, center=True, pad_mode="constant", return_complex=True
    )
    return torch.sqrt((spectra.real**2 + spectra.imag**2).mean(dim=0) + LEAST_POWER)
