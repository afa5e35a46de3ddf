"""The samples of a mixture, refined: with the phases of the content, the levels are not those that were searched.

The samples are optimised for the same content and style as the gains before, at two resolutions: the finer one
describes attacks. Mital, Time domain neural audio style transfer (2017) optimises samples, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from .mixing import BASE_BYTES, Mixing, Problem
from .optimise import HISTORY, Terms
from .pieces import crossfade
from .recipe import MixRecipe
from .scales import Scale, band_weights, magnitudes, scales
from .texture_losses import level_targets, relative


def refinement(
    mono: np.ndarray,
    content: np.ndarray,
    style: np.ndarray,
    origin: np.ndarray,
    frames: Sequence[slice],
    recipe: MixRecipe,
    finish: Callable[[np.ndarray], np.ndarray],
    device: torch.device,
) -> Mixing:
    """Return a mixture (samples,) as an optimisation of its samples over their level.

    ``content`` and ``style`` are (channels, samples), at one level; the losses of the start are those of ``origin``,
    also (channels, samples). ``frames`` are the pieces. ``finish`` makes the result of the refined samples.
    """
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    level = float(np.sqrt(np.mean(np.square(content, dtype=np.float64))))
    model = torch.from_numpy(style).to(device)
    resolutions = []
    for scale in scales(recipe):
        found = magnitudes(model, scale)
        weights = band_weights(scale, recipe, float(found.max()), device)
        resolutions.append((scale, weights, torch.log1p(weights @ found)))
    pieces = [slice(part.start * sound.hop, min(part.stop * sound.hop, len(mono))) for part in frames]

    def problem(piece: slice) -> Problem:
        original = torch.from_numpy(content[:, piece]).to(device)
        parts = []
        for scale, weights, levels in resolutions:
            kept = torch.log1p(weights @ magnitudes(original, scale))
            parts.append((scale, weights, kept, level_targets(levels, kept.shape[1])))

        def losses(x: Tensor) -> Terms:
            terms: Terms = {}
            for scale, weights, kept, targets in parts:
                levels = torch.log1p(weights @ magnitudes(x * level, scale))
                found = {"content": config.content * relative(levels, kept), **targets.losses(levels, config)}
                for name, value in found.items():
                    terms[name] = terms.get(name, 0.0) + value / len(parts)
            return terms

        first, before = (
            torch.from_numpy(values[:, piece] / np.float32(level)).to(device) for values in (mono[None], origin)
        )
        return Problem(first, losses, before)

    def result(found: Sequence[Tensor]) -> np.ndarray:
        return finish(crossfade([values[0].cpu().numpy() * np.float32(level) for values in found], pieces))

    size = refinement_bytes(recipe, pieces[0].stop, style.shape[1])
    return Mixing([problem(piece) for piece in pieces], result, BASE_BYTES + size, f"samples of {len(pieces)} pieces")


def refinement_bytes(recipe: MixRecipe, samples: int, style_samples: int) -> float:
    """Return the memory of the refinement of a piece: L-BFGS, spectra and levels, their gradients."""

    def spectra(count: int, scale: Scale) -> float:
        return count / scale.hop * (8 * scale.window + 40 * scale.bands)

    resolutions = scales(recipe)
    found = [spectra(samples, scale) + spectra(style_samples, scale) / 2 for scale in resolutions]
    return 4.0 * (samples * (2 * HISTORY + 10) + sum(found))
