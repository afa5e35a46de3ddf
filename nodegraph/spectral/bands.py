"""Weights of bins for frame blocks: gain curves by frequency, mel bands, logarithmic bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Slaney's mel scale: linear up to 1 kHz, then 27 steps for each factor 6.4.
_LINEAR_HZ = 200.0 / 3.0
_BEND_HZ = 1000.0
_BEND_MEL = _BEND_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(hz: Any, scale: str) -> np.ndarray:
    """Convert Hz to Slaney's mel scale (Auditory Toolbox, 1998) or HTK's: ``2595 log10(1 + f / 700)``."""
    hz = np.asarray(hz, np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    above = _BEND_MEL + np.log(np.maximum(hz, _BEND_HZ) / _BEND_HZ) / _LOG_STEP
    return np.where(hz < _BEND_HZ, hz / _LINEAR_HZ, above)


def mel_to_hz(mel: Any, scale: str) -> np.ndarray:
    """Invert :func:`hz_to_mel`."""
    mel = np.asarray(mel, np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = _BEND_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BEND_MEL) - _BEND_MEL))
    return np.where(mel < _BEND_MEL, mel * _LINEAR_HZ, above)


def mel_matrix(
    bands: int,
    size: int,
    rate: float,
    low: float = 0.0,
    high: float = 0.0,
    scale: str = "slaney",
    norm: str = "area",
) -> np.ndarray:
    """Return triangular bands evenly spaced on the mel scale: (bands, size / 2 + 1), from ``low`` to ``high`` Hz.

    ``high`` 0 is half the sample rate. Norm "area" divides each triangle by half its width in Hz (Slaney), "peak"
    leaves its maximum at 1.
    """
    high = high or rate / 2.0
    edges = mel_to_hz(np.linspace(hz_to_mel(low, scale), hz_to_mel(high, scale), bands + 2), scale)
    frequencies = np.arange(size // 2 + 1) * rate / size
    rise = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0.0, np.minimum(rise, fall))
    if norm == "area":
        weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return weights


def log_matrix(octaves: int, per_octave: int, low: float, size: int, rate: float) -> np.ndarray:
    """Return triangular bands on a logarithmic frequency axis: (octaves × per_octave, size / 2 + 1).

    Each row sums to 1. The centre of band b is ``low 2^(b / per_octave)`` Hz. A triangle narrower than the distance
    of two bins becomes the linear interpolation between them; bands above half the sample rate are empty.
    """
    centres = low * 2.0 ** (np.arange(octaves * per_octave) / per_octave)
    step = 2.0 ** (1.0 / per_octave)
    bin_width = rate / size
    frequencies = np.arange(size // 2 + 1) * bin_width
    below = np.maximum(centres * (1.0 - 1.0 / step), bin_width)[:, None]
    above = np.maximum(centres * (step - 1.0), bin_width)[:, None]
    offset = frequencies - centres[:, None]
    weights = np.maximum(0.0, 1.0 - np.where(offset < 0.0, -offset / below, offset / above))
    weights[centres > rate / 2.0] = 0.0
    sums = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0.0)


def bounds(matrix: np.ndarray) -> np.ndarray:
    """Return the first nonzero bin of each row, and the bin after the last one."""
    found = [np.flatnonzero(row) for row in matrix]
    return np.array([(at[0], at[-1] + 1) if len(at) else (0, 0) for at in found], np.float32)


def gain_curve(points: Sequence[Sequence[float]], size: int, rate: float) -> np.ndarray:
    """Return the gain of each bin: breakpoints (Hz, dB), linear in dB over log frequency, constant outside."""
    frequencies = np.arange(size // 2 + 1) * rate / size
    if not points:
        return np.ones(len(frequencies))
    hz, db = np.array(sorted(tuple(point) for point in points), np.float64).T
    octaves = np.log2(np.maximum(frequencies, 1e-3))
    return 10.0 ** (np.interp(octaves, np.log2(np.maximum(hz, 1e-3)), db) / 20.0)


def points_problem(points: Sequence[Any]) -> str:
    """Return the problem with breakpoints, or ""."""
    for point in points:
        pair = isinstance(point, list | tuple) and len(point) == 2
        if not pair or not all(isinstance(v, int | float) and np.isfinite(v) for v in point):
            return "points must be pairs of Hz and dB, such as [[100, 0], [1000, -12]]"
        if not 0.0 <= point[0] <= 1e6 or not -300.0 <= point[1] <= 60.0:
            return f"a point must lie at 0–1000000 Hz and -300–60 dB, got {point[0]:g} Hz, {point[1]:g} dB"
    return ""


def curve_table(settings: Mapping[str, Any], sr: float) -> np.ndarray:
    return gain_curve(settings["points"], settings["size"], sr)


def octaves_table(settings: Mapping[str, Any], sr: float) -> np.ndarray:
    """Return the distance of each bin from 1 kHz in octaves; bin 0 counts as half a bin."""
    bins = np.maximum(np.arange(settings["size"] // 2 + 1), 0.5)
    return np.log2(bins * sr / settings["size"] / 1000.0)
