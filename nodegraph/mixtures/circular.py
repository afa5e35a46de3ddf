"""Spectra of a loop: a sound that repeats after its last sample, so that no window sees its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.stft import istft, stft
from nodegraph.spectral.windows import window

from .mixing import WINDOW
from .scales import LEAST_POWER


@dataclass(frozen=True)
class CircularSpectrum:
    """Magnitudes of a loop of torch: the samples of each frame, (frames, size), and the window, (size,)."""

    samples: Tensor
    window: Tensor

    def magnitudes(self, loop: Tensor) -> Tensor:
        """Return the magnitudes (bins, frames) of a loop (samples,)."""
        spectra = torch.fft.rfft(loop[self.samples] * self.window)
        return torch.sqrt(spectra.real**2 + spectra.imag**2 + LEAST_POWER).T


def circular_spectrum(samples: int, size: int, hop: int, device: torch.device) -> CircularSpectrum:
    """Return the spectrum of a loop of any length, in whole frames about ``hop`` samples apart."""
    frames = max(round(samples / hop), 1)
    starts = np.arange(frames) * samples // frames
    indices = torch.from_numpy((starts[:, None] + np.arange(size)) % samples).to(device)
    return CircularSpectrum(indices, torch.from_numpy(window(WINDOW, size).astype(np.float32)).to(device))


def spread(loop: np.ndarray, reference: np.ndarray, channels: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return a loop (samples,) as channels (channels, samples), which differ as channels differ from a reference.

    In each bin, channel c of the result is to the loop as channel c is to the reference, at most by ``channels`` times
    its magnitude.
    """

    def spectra(sound: np.ndarray) -> np.ndarray:
        return stft(np.pad(sound, size, mode="wrap"), size, hop, WINDOW)

    below, above = spectra(reference), spectra(loop)
    found = []
    for channel in channels:
        ratio = np.divide(spectra(channel), below, out=np.ones_like(below), where=np.abs(below) > 0.0)
        ratio /= np.maximum(np.abs(ratio) / len(channels), 1.0)
        found.append(istft(above * ratio, size, hop, WINDOW)[size : size + len(loop)])
    return np.array(found)
