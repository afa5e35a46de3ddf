"""The short-time Fourier transform of whole sounds, in NumPy: what the blocks must agree with."""

from __future__ import annotations

import numpy as np

from .windows import overlap
from .windows import window as window_of

_GAP = 1e-4


def stft(signal: np.ndarray, size: int, hop: int, window: str = "hann") -> np.ndarray:
    """Spectra of a signal, ``X[k, m] = Σ w[n] x[mH + n] e^(-2πi kn / N)``: complex64, (size / 2 + 1, frames).

    The signal is preceded by ``size - hop`` zeros and followed by as many as complete the last frame, so that
    every sample lies under as many windows, and frame m is the m-th that the block ``stft`` makes.
    """
    framed = _frames(np.asarray(signal, np.float64).ravel(), size, hop)
    return np.fft.rfft(framed * window_of(window, size), axis=1).T.astype(np.complex64)


def istft(spectra: np.ndarray, size: int, hop: int, window: str = "hann", samples: int | None = None) -> np.ndarray:
    """The signal whose spectra come nearest: float32, its first ``samples`` (all, if None).

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
    """Frames (frames, size) laid ``hop`` apart and added up."""
    count, size = frames.shape
    blocks = -(-size // hop)
    padded = np.zeros((count, blocks * hop))
    padded[:, :size] = frames
    total = np.zeros((count + blocks, hop))
    for block in range(blocks):
        total[block : block + count] += padded[:, block * hop : (block + 1) * hop]
    return total.ravel()[: (count - 1) * hop + size if count else 0]


def consistent(size: int, hop: int, window: str) -> bool:
    """Whether the windows leave no gap, so that ``istft`` inverts ``stft``."""
    weights = window_of(window, size) ** 2
    return hop <= size and bool(overlap(weights, hop).min() > _GAP * weights.max())


def _frames(signal: np.ndarray, size: int, hop: int) -> np.ndarray:
    """All frames of a padded signal, (frames, size)."""
    count = -(-(len(signal) + max(size - hop, 0)) // hop)
    padded = np.zeros((count - 1) * hop + size if count else size)
    first = max(size - hop, 0)
    padded[first : first + len(signal)] = signal[: len(padded) - first]
    return np.lib.stride_tricks.sliding_window_view(padded, size)[: (count - 1) * hop + 1 if count else 0 : hop]
