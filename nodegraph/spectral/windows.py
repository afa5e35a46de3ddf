"""Windows of the short-time Fourier transform, for analysis and synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

WINDOWS = ("hann", "hamming", "sqrt_hann", "blackman", "rectangular")
_GAP = 1e-4  # minimum of the overlapped squared windows, relative to the peak of one


def window(name: str, size: int) -> np.ndarray:
    """Return a periodic window of ``size`` samples, float64. Harris, On the use of windows (Proc. IEEE, 1978)."""
    turn = 2.0 * np.pi * np.arange(size) / size
    if name == "hann":
        return 0.5 - 0.5 * np.cos(turn)
    if name == "hamming":
        return 0.54 - 0.46 * np.cos(turn)
    if name == "sqrt_hann":
        return np.sin(turn / 2.0)
    if name == "blackman":
        return 0.42 - 0.5 * np.cos(turn) + 0.08 * np.cos(2.0 * turn)
    return np.ones(size)


def overlap(weights: np.ndarray, hop: int) -> np.ndarray:
    """Return ``Σ_m weights[n + m hop]`` for the ``hop`` positions n, 0 where no window reaches."""
    size = len(weights)
    padded = np.zeros(-(-size // hop) * hop)
    padded[:size] = weights
    return padded.reshape(-1, hop).sum(axis=0)


def analysis_window(settings: Mapping[str, Any], sr: float) -> np.ndarray:
    return window(settings["window"], settings["size"])


def synthesis_window(settings: Mapping[str, Any], sr: float) -> np.ndarray:
    """Return the window with which overlap-add inverts the analysis; 0 in gaps between windows.

    ``settings["analysis_window"]`` is the window of the analysis; if it is "", it is the same.
    """
    size, hop = settings["size"], settings["hop"]
    weights = window(settings["window"], size)
    product = weights * window(settings["analysis_window"] or settings["window"], size)
    sums = overlap(product, hop)[np.arange(size) % hop]
    return np.where(sums > _GAP * product.max(), weights / np.maximum(sums, 1e-12), 0.0)
