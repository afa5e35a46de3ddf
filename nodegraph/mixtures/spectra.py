"""Spectra of long sounds with channels, a block of frames at a time, as in ``spectral.stft``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nodegraph.spectral.stft import istft, stft

from .mixing import WINDOW
from .recipe import MixSound

BLOCK = 1024  # frames


def channels_of(sound: np.ndarray) -> np.ndarray:
    """Return the channels of a sound (samples,) or (samples, channels): float32 (channels, samples)."""
    return np.ascontiguousarray(np.atleast_2d(np.asarray(sound, np.float32).T))


def frame_count(samples: int, sound: MixSound) -> int:
    """Return the number of frames of a sound."""
    return -(-(samples + sound.window - sound.hop) // sound.hop)


def spectra_blocks(channels: np.ndarray, sound: MixSound) -> Iterator[tuple[slice, np.ndarray]]:
    """Compute the spectra of channels (channels, samples): pairs of frames and complex64 (channels, bins, frames)."""
    frames = frame_count(channels.shape[1], sound)
    before = -(-(sound.window - sound.hop) // sound.hop)  # frames with zeros before their samples
    for start in range(0, frames, BLOCK):
        stop = min(start + BLOCK, frames)
        first = max(start - before, 0)
        sections = channels[:, first * sound.hop : stop * sound.hop]
        spectra = [stft(section, sound.window, sound.hop, WINDOW) for section in sections]
        yield slice(start, stop), np.stack(spectra)[..., start - first : stop - first]


def mean_magnitudes(spectra: np.ndarray) -> np.ndarray:
    """Return ``√ mean |X|²`` over the channels of spectra (channels, bins, frames): float32 (bins, frames).

    Unlike the magnitude of their sum, it is not 0 for channels of opposite sign.
    """
    if len(spectra) == 1:
        return np.abs(spectra[0])
    powers = np.mean(np.square(np.abs(spectra), dtype=np.float64), axis=0)
    return np.sqrt(powers).astype(np.float32)


def reference_phases(spectra: np.ndarray) -> np.ndarray:
    """Return the phase of the loudest channel in each bin of spectra (channels, bins, frames): (bins, frames)."""
    loudest = np.abs(spectra).argmax(axis=0)
    return np.angle(np.take_along_axis(spectra, loudest[None], axis=0)[0])


def spread_over_channels(mono_sound: np.ndarray, channels: np.ndarray, sound: MixSound) -> np.ndarray:
    """Return a sound (samples,) as channels that differ from each other as given ones: (channels, samples).

    In each bin, channel c keeps its part of the power, and its phase relative to the loudest channel. So equal channels
    remain equal, and panned sounds stay where they are. Bins that are silent in all channels are equal in all.
    """
    found = np.zeros((len(channels), sound.window // 2 + 1, frame_count(len(mono_sound), sound)), np.complex64)
    blocks = spectra_blocks(np.concatenate([channels, mono_sound[None]]), sound)
    for at, spectra in blocks:
        originals, mono = spectra[:-1], spectra[-1]
        reference = mean_magnitudes(originals) * np.exp(1j * reference_phases(originals))
        ratios = np.divide(originals, reference, out=np.ones_like(originals), where=np.abs(reference) > 0.0)
        found[..., at] = mono * ratios
    return np.array([istft(channel, sound.window, sound.hop, WINDOW, len(mono_sound)) for channel in found])
