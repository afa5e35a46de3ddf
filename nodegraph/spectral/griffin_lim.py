"""Offline phase reconstruction: the Griffin-Lim algorithm and its fast version.

Griffin & Lim, Signal estimation from modified short-time Fourier transform (IEEE Trans. ASSP, 1984).
Perraudin, Balazs & Søndergaard, A fast Griffin-Lim algorithm (WASPAA, 2013).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .stft import istft, stft

MOMENTUM = 0.99  # of the fast version: the best value for many iterations in the paper


def griffin_lim(
    magnitudes: np.ndarray,
    size: int,
    hop: int,
    window: str = "hann",
    iterations: int = 100,
    seed: int = 0,
    phase: np.ndarray | None = None,
    momentum: float = 0.0,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Return a sound with these magnitudes (bins, frames): float32 samples, aligned as in ``stft``.

    Each iteration keeps the phase of the inverse and forward transform P: ``C ← |X| e^(i arg P(C))``. The initial
    phase is ``phase`` (rad), or random. With ``momentum`` α the phase is that of ``P_m + α (P_m - P_(m-1))``.
    """
    target = np.asarray(magnitudes, np.float64)
    samples = max(target.shape[1] * hop, 0)
    if phase is None:
        phase = np.random.default_rng(seed).uniform(-np.pi, np.pi, target.shape)
    spectra = target * np.exp(1j * phase)
    previous = None
    for iteration in range(iterations):
        found = stft(istft(spectra, size, hop, window, samples), size, hop, window)
        found = found[:, : target.shape[1]].astype(np.complex128)
        ahead = found if previous is None else found + momentum * (found - previous)
        previous = found if momentum else None
        spectra = target * ahead / np.maximum(np.abs(ahead), 1e-20)
        if progress is not None:
            progress(iteration)
    return istft(spectra, size, hop, window, samples)


def fast_griffin_lim(
    magnitudes: np.ndarray,
    size: int,
    hop: int,
    window: str = "hann",
    iterations: int = 100,
    seed: int = 0,
    phase: np.ndarray | None = None,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Run the Griffin-Lim algorithm with the momentum of Perraudin, Balazs & Søndergaard (2013)."""
    return griffin_lim(magnitudes, size, hop, window, iterations, seed, phase, MOMENTUM, progress)
