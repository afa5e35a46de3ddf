"""Mixtures by the statistics of logarithmic bands; see ``texture_losses``.

The content is filtered, its phases are the start of the reconstruction, and the samples are refined. Grinstein, Duong,
Ozerov & Pérez, Audio style transfer (ICASSP, 2018) start from the content, too. Channels are filtered together, and
keep their differences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .log_bands import LogBands, log_bands, smoothing_matrix
from .mixing import BASE_BYTES, CPU, Mixing, Problem, sound_of
from .optimise import HISTORY, Terms
from .pieces import crossfade, divide
from .recipe import MixRecipe, MixSound
from .refinement import refinement, refinement_bytes
from .spectra import channels_of, mean_magnitudes, reference_phases, spectra_blocks, spread_over_channels
from .texture_losses import level_targets, relative


def texture_mixing(
    content: np.ndarray, style: np.ndarray, recipe: MixRecipe, seed: int, device: torch.device = CPU
) -> Mixing:
    """Return the mixture of two sounds, (samples,) or (samples, channels), as gains of log levels.

    The gains are (bands, frames) of each piece. The result has the channels of the content.
    """
    config, sound = recipe.texture, recipe.sound
    assert config is not None
    channels, others = channels_of(content), channels_of(style)
    carrier = channels if config.start == "content" else _noise(channels, seed)
    bands = log_bands(config.bands, config.octaves, config.range, sound.size, sound.rate)
    peak = max(float(mean_magnitudes(spectra).max()) for _, spectra in spectra_blocks(channels, sound))
    levels, base = (_levels(values, bands, peak, sound) for values in (channels, carrier))
    styles = others * (_rms(channels) / _rms(others))
    model = torch.from_numpy(_levels(styles, bands, peak, sound)).to(device)
    frames = levels.shape[1]
    pieces = divide(frames, *(max(round(x * sound.rate / sound.hop), 1) for x in (config.piece, config.overlap)))
    length = pieces[0].stop
    deviation = config.smoothing if config.start == "content" else 0.0
    smoothing = torch.from_numpy(smoothing_matrix(config.bands, deviation)).to(device)

    def problem(piece: slice) -> Problem:
        target, start = (torch.from_numpy(values[:, piece]).to(device) for values in (levels, base))
        targets = level_targets(model, target.shape[1])

        def losses(gains: Tensor) -> Terms:
            x = (start + smoothing @ gains).clamp_min(0.0)
            return {"content": config.content * relative(x, target), **targets.losses(x, config)}

        return Problem(torch.zeros_like(start), losses)

    def mono(found: Sequence[Tensor]) -> np.ndarray:
        gains = crossfade([(smoothing @ values).cpu().numpy() for values in found], pieces)
        mixed = np.maximum(base[:, : gains.shape[1]] + gains, 0.0)
        samples = channels.shape[1]
        if len(found) < len(pieces):
            samples = mixed.shape[1] * sound.hop - (sound.window - sound.hop)
        return sound_of(*_filtered(carrier, bands, mixed, peak, sound), recipe)[:samples]

    def finish(mono: np.ndarray) -> np.ndarray:
        if len(channels) == 1:
            return mono
        return spread_over_channels(mono, channels[:, : len(mono)], sound).T

    def refined(found: Sequence[Tensor]) -> Mixing:
        return refinement(mono(found), channels, styles, carrier, pieces, recipe, finish, device)

    parts = f" in {len(pieces)} pieces" if len(pieces) > 1 else ""
    needed = max(
        _search_bytes(recipe, length),
        _sound_bytes(sound, frames, len(channels)),
        refinement_bytes(recipe, length * sound.hop, others.shape[1]),
    )
    kept = 4.0 * (7 * config.bands * frames + 3 * channels.size)
    return Mixing(
        [problem(piece) for piece in pieces],
        lambda found: finish(mono(found)),
        BASE_BYTES + needed + kept,
        f"levels of {config.bands} bands × {frames} frames{parts}",
        refined if config.refine else None,
    )


def _levels(channels: np.ndarray, bands: LogBands, peak: float, sound: MixSound) -> np.ndarray:
    """Return the log levels (bands, frames) of channels (channels, samples)."""
    blocks = spectra_blocks(channels, sound)
    return np.concatenate([bands.levels(mean_magnitudes(spectra) / peak) for _, spectra in blocks], axis=1)


def _filtered(
    carrier: np.ndarray, bands: LogBands, levels: np.ndarray, peak: float, sound: MixSound
) -> tuple[np.ndarray, np.ndarray]:
    """Return magnitudes and phases (bins, frames) of a carrier (channels, samples), filtered to have levels."""
    frames = levels.shape[1]
    magnitudes, phases = (np.zeros((sound.size // 2 + 1, frames), np.float32) for _ in range(2))
    for at, spectra in spectra_blocks(carrier, sound):
        at = slice(at.start, min(at.stop, frames))
        if at.start >= frames:
            break
        spectra = spectra[..., : at.stop - at.start]
        filtered = bands.filtered(mean_magnitudes(spectra) / peak, levels[:, at])
        magnitudes[:, at] = filtered * np.float32(peak)
        phases[:, at] = reference_phases(spectra)
    return magnitudes, phases


def _noise(channels: np.ndarray, seed: int) -> np.ndarray:
    """Return Gaussian noise with the duration and level of channels: (1, samples)."""
    noise = np.random.default_rng(seed).normal(size=(1, channels.shape[1]))
    return (_rms(channels) * noise).astype(np.float32)


def _rms(channels: np.ndarray) -> np.float32:
    return np.float32(np.sqrt(np.mean(np.square(channels, dtype=np.float64))))


def _search_bytes(recipe: MixRecipe, frames: int) -> float:
    """Return the memory of the search of a piece: L-BFGS, levels and their changes, gradients."""
    assert recipe.texture is not None
    return 4.0 * (2 * HISTORY + 60) * recipe.texture.bands * frames


def _sound_bytes(sound: MixSound, frames: int, channels: int) -> float:
    """Return the memory of the reconstruction: eight arrays, then for channels 16 and the spectra, as measured."""
    return 4.0 * (sound.size // 2 + 1) * frames * (8 if channels == 1 else 16 + 2 * channels)
