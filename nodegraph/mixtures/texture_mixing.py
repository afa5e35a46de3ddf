"""Mixtures by the statistics of logarithmic bands and of random filters on them; see ``texture_losses``.

The result starts from the content and is resynthesised by filtering the content. Grinstein, Duong, Ozerov & Pérez,
Audio style transfer (ICASSP, 2018).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.stft import stft

from .image_losses import gram
from .log_bands import log_bands, smoothing_matrix
from .mixing import BASE_BYTES, CPU, WINDOW, Mixing, sound_of
from .optimise import HISTORY, Terms
from .recipe import MixRecipe
from .texture_losses import (
    autocorrelation,
    correlations,
    distribution_distance,
    features,
    likeness,
    quantiles,
    random_filters,
    relative,
)

RHYTHM = 2.0  # seconds, the longest lag of the autocorrelation


def texture_mixing(
    content: np.ndarray, style: np.ndarray, recipe: MixRecipe, seed: int, device: torch.device = CPU
) -> Mixing:
    """Return the mixture of two sounds (samples,) as gains (bands, frames) of the content's log levels."""
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    bands = log_bands(config.bands, config.octaves, config.range, sound.size, sound.rate)
    spectra = stft(content, sound.window, sound.hop, WINDOW)
    phase, magnitudes = np.angle(spectra).astype(np.float32), np.abs(spectra)
    peak = float(magnitudes.max())
    magnitudes /= peak
    other = np.abs(stft(_at_level_of(content, style), sound.window, sound.hop, WINDOW)) / peak
    target, model = (torch.from_numpy(bands.levels(values)).to(device) for values in (magnitudes, other))
    distribution = quantiles(model, target.shape[1])
    filters: list[Tensor] = []
    if config.uses_filters:
        filters = [w.to(device) for w in random_filters(config.bands, config.kernels, config.filters, seed)]
    lags = max(min(target.shape[1], model.shape[1], round(2.0 * RHYTHM * sound.rate / sound.hop)) // 2, 1)
    with torch.no_grad():
        styles = features(model, filters)
        grams = [gram(values) for values in styles]
        rhythm = autocorrelation(styles[0], lags) if config.uses_filters else None
        correlation = correlations(model)
    smoothing = torch.from_numpy(smoothing_matrix(config.bands, config.smoothing)).to(device)

    def levels(gains: Tensor) -> Tensor:
        return (target + smoothing @ gains).clamp_min(0.0)

    def losses(gains: Tensor) -> Terms:
        x = levels(gains)
        terms = {"content": config.content * relative(x, target)}
        if config.levels:
            terms["levels"] = config.levels * distribution_distance(x, distribution)
        if config.correlation:
            terms["correlation"] = config.correlation * relative(correlations(x), correlation)
        found = features(x, filters)
        if config.style:
            each = [relative(gram(values), of_style) for values, of_style in zip(found, grams, strict=True)]
            terms["style"] = config.style * torch.stack(each).mean()
        if config.rhythm and rhythm is not None:
            terms["rhythm"] = config.rhythm * relative(autocorrelation(found[0], lags), rhythm)
        if config.diversity:
            terms["diversity"] = config.diversity * likeness(found[0], styles[0])
        return terms

    def result(gains: Tensor) -> np.ndarray:
        filtered = bands.filtered(magnitudes, levels(gains).cpu().numpy()) * np.float32(peak)
        return sound_of(filtered, phase, recipe)[: len(content)]

    frames = max(target.shape[1], model.shape[1])
    size = 4.0 * (
        8 * config.filters * frames * config.uses_filters
        + sum(values.numel() for values in filters)
        + (2 * HISTORY + 20) * config.bands * frames
    )
    description = f"levels of {config.bands} bands × {target.shape[1]} frames"
    if config.uses_filters:
        description += f", {config.filters} random filters over {', '.join(map(str, config.kernels))} frames"
    return Mixing(torch.zeros_like(target), losses, result, BASE_BYTES + size, description)


def _at_level_of(sound: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the other sound with the RMS of ``sound``."""
    powers = [float(np.mean(np.square(values, dtype=np.float64))) for values in (sound, other)]
    return other * np.float32(np.sqrt(powers[0] / powers[1]))
