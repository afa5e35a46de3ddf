"""Phase from magnitude offline: Griffin & Lim's iteration, and its fast version.

Griffin & Lim, Signal estimation from modified short-time Fourier transform (IEEE Trans. ASSP, 1984).
Perraudin, Balazs & Søndergaard, A fast Griffin-Lim algorithm (WASPAA, 2013).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .stft import istft, stft

MOMENTUM = 0.99  # of the fast version: the paper's best for long runs


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
    """A sound with these magnitudes (bins, frames): float32 samples, aligned as in ``stft``.

    Each iteration goes to the sound and back and keeps the phase found: ``C ← |X| e^(i arg P(C))``. It starts
    at ``phase`` (rad), or at a random one. With ``momentum`` α it goes on from ``P_m + α (P_m - P_(m-1))``.
    """
    wanted = np.asarray(magnitudes, np.float64)
    samples = max(wanted.shape[1] * hop, 0)
    if phase is None:
        phase = np.random.default_rng(seed).uniform(-np.pi, np.pi, wanted.shape)
    spectra = wanted * np.exp(1j * phase)
    before = None
    for iteration in range(iterations):
        found = stft(istft(spectra, size, hop, window, samples), size, hop, window)
        found = found[:, : wanted.shape[1]].astype(np.complex128)
        ahead = found if before is None else found + momentum * (found - before)
        before = found if momentum else None
        spectra = wanted * ahead / np.maximum(np.abs(ahead), 1e-20)
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
    """Griffin & Lim's iteration with the momentum of Perraudin, Balazs & Søndergaard (2013)."""
    return griffin_lim(magnitudes, size, hop, window, iterations, seed, phase, MOMENTUM, progress)
