"""The short-time Fourier transform of complete sounds in NumPy: the reference for the blocks."""

from __future__ import annotations

import numpy as np

from .windows import overlap
from .windows import window as window_of

_GAP = 1e-4


def stft(signal: np.ndarray, size: int, hop: int, window: str = "hann", transform: int | None = None) -> np.ndarray:
    """Return the spectra of a signal, ``X[k, m] = Σ w[n] x[mH + n] e^(-2πi kn / N)``.

    The result is complex64, (size / 2 + 1, frames). ``size - hop`` zeros precede the signal, and zeros complete the
    last frame: all samples are covered by the same number of windows, and frame m is frame m of the block ``stft``.
    ``transform`` is N, if zeros follow the window of ``size`` samples.
    """
    framed = _frames(np.asarray(signal, np.float64).ravel(), size, hop)
    return np.fft.rfft(framed * window_of(window, size), transform, axis=1).T.astype(np.complex64)


def istft(spectra: np.ndarray, size: int, hop: int, window: str = "hann", samples: int | None = None) -> np.ndarray:
    """Return the signal with the closest spectra: float32, the first ``samples`` of it (all, if None).

    Overlap-add with the same window, divided by ``Σ_m w²[n - mH]``: least squares (Griffin & Lim, 1984).
    """
    frames = np.fft.irfft(np.asarray(spectra).T, size, axis=1)
    weights = window_of(window, size)
    total = overlap_add(frames * weights, hop)
    norm = overlap_add(np.broadcast_to(weights**2, frames.shape), hop)
    enough = norm > _GAP * (weights**2).max()
    signal = np.divide(total, norm, out=np.zeros_like(total), where=enough)[max(size - hop, 0) :]
    return signal[:samples].astype(np.float32)


def overlap_add(frames: np.ndarray, hop: int) -> np.ndarray:
    """Add frames (frames, size) at a distance of ``hop`` samples."""
    count, size = frames.shape
    blocks = -(-size // hop)
    padded = np.zeros((count, blocks * hop))
    padded[:, :size] = frames
    total = np.zeros((count + blocks, hop))
    for block in range(blocks):
        total[block : block + count] += padded[:, block * hop : (block + 1) * hop]
    return total.ravel()[: (count - 1) * hop + size if count else 0]


def consistent(size: int, hop: int, window: str) -> bool:
    """Return whether the windows leave no gap, so that ``istft`` inverts ``stft``."""
    weights = window_of(window, size) ** 2
    return hop <= size and bool(overlap(weights, hop).min() > _GAP * weights.max())


def _frames(signal: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return all frames of the padded signal, (frames, size)."""
    count = -(-(len(signal) + max(size - hop, 0)) // hop)
    padded = np.zeros((count - 1) * hop + size if count else size)
    first = max(size - hop, 0)
    padded[first : first + len(signal)] = signal[: len(padded) - first]
    return np.lib.stride_tricks.sliding_window_view(padded, size)[: (count - 1) * hop + 1 if count else 0 : hop]
