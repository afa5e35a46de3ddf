"""Distances between a reconstructed sound and its target. Magnitudes are (bins, frames), as from ``stft``."""

from __future__ import annotations

import numpy as np

from .stft import stft

_EPSILON = 1e-20


def ser(target_magnitudes: np.ndarray, signal: np.ndarray, size: int, hop: int, window: str = "hann") -> float:
    """Return the signal-to-error ratio in dB: ``10 log10(Σ|X|² / Σ(|X| - |Y|)²)`` over all bins and frames.

    |X| are the target magnitudes, Y is the STFT of ``signal``. Zhu, Beauregard & Wyse, Real-time
    signal estimation from modified short-time Fourier transform magnitude spectra (IEEE Trans. ASLP, 2007).
    The signal must be aligned: its first sample is the first sample of the sound with these magnitudes.
    """
    target, estimate = _paired(np.abs(target_magnitudes), np.abs(stft(signal, size, hop, window)))
    return 10.0 * float(np.log10(max((target**2).sum(), _EPSILON) / max(((target - estimate) ** 2).sum(), _EPSILON)))


def spectral_convergence(
    target_magnitudes: np.ndarray, signal: np.ndarray, size: int, hop: int, window: str = "hann"
) -> float:
    """Return ``‖|X| - |Y|‖ / ‖X‖`` (Frobenius norms): 0 is perfect; ``-20 log10`` of it is :func:`ser`.

    Sturmel & Daudet, Signal reconstruction from STFT magnitude: a state of the art (DAFx, 2011).
    """
    target, estimate = _paired(np.abs(target_magnitudes), np.abs(stft(signal, size, hop, window)))
    return convergence(target, estimate)


def convergence(target: np.ndarray, estimate: np.ndarray) -> float:
    """Return ``‖X - Y‖ / ‖X‖`` of magnitudes of one shape; huge but finite if X is 0 and Y is not."""
    return float(np.sqrt(((target - estimate) ** 2).sum() / max((target**2).sum(), _EPSILON)))


def _paired(target: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both with the same number of frames, the shorter padded with silence."""
    frames = max(target.shape[1], estimate.shape[1])
    padded = [np.pad(x.astype(np.float64), ((0, 0), (0, frames - x.shape[1]))) for x in (target, estimate)]
    return padded[0], padded[1]
