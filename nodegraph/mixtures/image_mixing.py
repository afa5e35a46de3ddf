"""Mixtures by style transfer on images of spectrograms. Herbert-Voss, Style transfer for audio (thesis, 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.stft import stft

from . import image_losses
from .image_forms import FORMS, PEAK
from .mixing import BASE_BYTES, CPU, WINDOW, Mixing, Problem, sound_of
from .optimise import HISTORY, Terms
from .recipe import ImageConfig, MixRecipe
from .vgg19 import MEAN, Weights, activations, normalised
from .vgg_layers import layer_shapes

NOISE = 128.0  # half the range of a random start image


def image_mixing(
    content: np.ndarray,
    style: np.ndarray,
    recipe: MixRecipe,
    weights: Weights,
    seed: int,
    device: torch.device = CPU,
) -> Mixing:
    """Return the mixture of two sounds (samples,) as an image, without its mean colour: (3, rows, frames).

    The magnitudes of each sound are scaled to 0…255, those of the result back by the scale of the content.
    """
    config = recipe.image
    assert config is not None
    spectra = _spectra(content, recipe)
    phase, bins = np.angle(spectra).astype(np.float32), len(spectra)
    magnitudes = np.abs(spectra)
    peak = float(magnitudes.max())
    form = FORMS[config.form]
    mean = torch.tensor(MEAN, device=device)[:, None, None]
    weights = {name: (kernels.to(device), biases.to(device)) for name, (kernels, biases) in weights.items()}

    def image_of(values: np.ndarray) -> Tensor:
        return torch.from_numpy(form.image_of(values * np.float32(PEAK / values.max()))).to(device) - mean

    def sound(found: Sequence[Tensor]) -> np.ndarray:
        values = form.magnitudes_of((found[0] + mean).cpu().numpy(), bins)
        return sound_of(np.clip(values, 0.0, PEAK) * np.float32(peak / PEAK), phase, recipe)[: len(content)]

    image, style_image = image_of(magnitudes), image_of(np.abs(_spectra(style, recipe)))
    layers = {*config.content, *config.style}
    weights = normalised(weights, [image, style_image], layers)
    with torch.no_grad():
        targets = activations(image, weights, config.content)
        found = activations(style_image, weights, config.style)
        grams = {name: image_losses.gram(values) for name, values in found.items()}
        del found

    def losses(x: Tensor) -> Terms:
        found = activations(x, weights, layers)
        terms = {"content": x.new_zeros(()), "style": x.new_zeros(()), "variation": x.new_zeros(())}
        for name, weight in config.content.items():
            terms["content"] = terms["content"] + weight * image_losses.content_loss(found[name], targets[name])
        for name, weight in config.style.items():
            gram = image_losses.gram(found[name])
            terms["style"] = terms["style"] + weight * image_losses.style_loss(gram, grams[name])
        terms["variation"] = config.variation * image_losses.total_variation(x)
        return terms

    start = image
    if config.start == "noise":
        generator = torch.Generator().manual_seed(seed)
        start = NOISE * (2.0 * torch.rand(image.shape, generator=generator).to(device) - 1.0)
    rows, frames = image.shape[1:]
    description = f"VGG-19 on an image of {rows} × {frames} in the form {config.form}"
    return Mixing([Problem(start, losses)], sound, image_bytes(rows, frames, config), description)


def image_bytes(rows: int, frames: int, config: ImageConfig) -> float:
    """Return an estimate of the memory of an optimisation: activations for the gradient, images of L-BFGS.

    Six times the largest layer is for convolutions at work, as measured.
    """
    layers = list(layer_shapes(config.width).items())
    needed = max(index for index, (name, _) in enumerate(layers) if name in {*config.content, *config.style})
    total = largest = 0.0
    for name, (_, channels) in layers[: needed + 1]:
        block = int(name[4])
        size = 4.0 * channels * (rows / 2 ** (block - 1)) * (frames / 2 ** (block - 1))
        total += size
        largest = max(largest, size)
    weights = 4.0 * sum(9 * before * after for _, (before, after) in layers)
    return BASE_BYTES + weights + total + 6.0 * largest + 4.0 * 3 * rows * frames * (2 * HISTORY + 10)


def _spectra(sound: np.ndarray, recipe: MixRecipe) -> np.ndarray:
    return stft(sound, recipe.sound.window, recipe.sound.hop, WINDOW, recipe.sound.size)
