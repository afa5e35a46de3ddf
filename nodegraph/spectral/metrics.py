"""Distances between a reconstructed sound and its target. Magnitudes are (bins, frames), as from ``stft``."""

from __future__ import annotations

from collections.abc import Sequence

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
    return float(np.sqrt(((target - estimate) ** 2).sum() / max((target**2).sum(), _EPSILON)))


def log_spectral_distance(
    reference: np.ndarray, signal: np.ndarray, size: int = 1024, hop: int = 256, window: str = "hann"
) -> float:
    """Return the mean over frames of ``√(mean_k (20 log10 |X| / |Y|)²)``, in dB, between two sounds.

    Gray & Markel, Distance measures for speech processing (IEEE Trans. ASSP, 1976). Levels are clamped to at
    least -100 dB relative to the loudest bin of the reference, so that silence does not dominate.
    """
    target, estimate = _paired(np.abs(stft(reference, size, hop, window)), np.abs(stft(signal, size, hop, window)))
    least = max(1e-5 * float(target.max(initial=0.0)), _EPSILON)
    difference = 20.0 * np.log10(np.maximum(target, least) / np.maximum(estimate, least))
    return float(np.sqrt((difference**2).mean(axis=0)).mean()) if difference.size else 0.0


def multi_resolution_stft(reference: np.ndarray, signal: np.ndarray, sizes: Sequence[int] = (512, 1024, 2048)) -> float:
    """Return the mean over sizes of ``‖|X| - |Y|‖ / ‖X‖ + mean |ln |X| / |Y||``; 0 is perfect.

    The windows are Hann, the hop is size / 4. Yamamoto, Song & Kim, Parallel WaveGAN (ICASSP, 2020). Levels are
    clamped to at least -100 dB relative to the loudest bin.
    """
    total = 0.0
    for size in sizes:
        target, estimate = _paired(np.abs(stft(reference, size, size // 4)), np.abs(stft(signal, size, size // 4)))
        least = max(1e-5 * float(target.max(initial=0.0)), _EPSILON)
        ratio = np.sqrt(((target - estimate) ** 2).sum() / max((target**2).sum(), _EPSILON))
        total += float(ratio) + float(np.abs(np.log(np.maximum(target, least) / np.maximum(estimate, least))).mean())
    return total / len(sizes)


def cross_correlation(reference: np.ndarray, signal: np.ndarray, normalised: bool = True) -> tuple[float, int]:
    """Return the peak of the cross-correlation ``c[d] = Σ x[n] y[n + d]``, and its lag d in samples (y is d late).

    If normalised by ``‖x‖ ‖y‖``, the peak is between -1 and 1, and 1 for the same sound at any positive gain.
    """
    x, y = np.asarray(reference, np.float64).ravel(), np.asarray(signal, np.float64).ravel()
    if not len(x) or not len(y):
        return 0.0, 0
    length = 1 << (len(x) + len(y) - 1).bit_length()
    values = np.fft.irfft(np.conj(np.fft.rfft(x, length)) * np.fft.rfft(y, length), length)
    lags = np.arange(-(len(x) - 1), len(y))
    values = values[lags]
    best = int(np.argmax(values))
    scale = float(np.sqrt((x**2).sum() * (y**2).sum())) if normalised else 1.0
    return (float(values[best]) / scale if scale > 0.0 else 0.0), int(lags[best])


def _paired(target: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both with the same number of frames, the shorter padded with silence."""
    frames = max(target.shape[1], estimate.shape[1])
    padded = [np.pad(x.astype(np.float64), ((0, 0), (0, frames - x.shape[1]))) for x in (target, estimate)]
    return padded[0], padded[1]
