"""Spectrograms as colour images, for a network that was made for images: three forms, each invertible.

Magnitudes are float32 (bins, frames) in 0…255. Images are (3, rows, frames): red, green, blue, each in 0…255.
Herbert-Voss, Style transfer for audio on spectrograms (thesis, 2016).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PEAK = 255.0  # of magnitudes and of colours
KNEE = 10.0  # magnitude at which the curve of the split form bends
_FINE_SLOPE = 1.6e6  # codes per unit of magnitude up to the knee
_KNEE_CODE = KNEE * _FINE_SLOPE
_MAX_CODE = (1 << 24) - 1
_COARSE_SLOPE = (_MAX_CODE - _KNEE_CODE) / (PEAK - KNEE)


def fold(magnitudes: np.ndarray) -> np.ndarray:
    """Return an image of a third of the height: bins 3i, 3i + 1, 3i + 2 are red, green, blue of row i. Lossless.

    Zeros complete the last row.
    """
    bins, frames = magnitudes.shape
    rows = -(-bins // 3)
    padded = np.zeros((3 * rows, frames), np.float32)
    padded[:bins] = magnitudes
    return np.ascontiguousarray(padded.reshape(rows, 3, frames).transpose(1, 0, 2))


def unfold(image: np.ndarray, bins: int) -> np.ndarray:
    """Invert :func:`fold`."""
    _, rows, frames = image.shape
    return np.ascontiguousarray(image.transpose(1, 0, 2).reshape(3 * rows, frames)[:bins])


def replicate(magnitudes: np.ndarray) -> np.ndarray:
    """Return a grey image: the same value in red, green and blue. Lossless."""
    return np.repeat(np.asarray(magnitudes, np.float32)[None], 3, axis=0)


def average(image: np.ndarray, bins: int) -> np.ndarray:
    """Invert :func:`replicate`: the mean of the three colours, which an optimisation may have changed unequally."""
    return image[:, :bins].mean(axis=0, dtype=np.float64).astype(np.float32)


def split(magnitudes: np.ndarray) -> np.ndarray:
    """Return an image of the three bytes of :func:`code_of`: red is the least significant, blue the most."""
    codes = code_of(magnitudes)
    return np.stack([(codes >> shift & 255).astype(np.float32) for shift in (0, 8, 16)])


def join(image: np.ndarray, bins: int) -> np.ndarray:
    """Invert :func:`split`; colours are rounded to bytes. The error is at most half a step of the curve."""
    low, middle, high = np.clip(np.rint(image[:, :bins]), 0.0, PEAK).astype(np.int64)
    return value_of(low | middle << 8 | high << 16)


def code_of(magnitudes: np.ndarray) -> np.ndarray:
    """Return 24-bit integers (int64): 1.6e6 x up to x = 10, then linear from 16,000,000 to 2²⁴ - 1 at x = 255."""
    x = np.clip(np.asarray(magnitudes, np.float64), 0.0, PEAK)
    curve = np.where(x <= KNEE, _FINE_SLOPE * x, _KNEE_CODE + _COARSE_SLOPE * (x - KNEE))
    codes: np.ndarray = np.rint(curve).astype(np.int64)
    return codes


def value_of(codes: np.ndarray) -> np.ndarray:
    """Invert :func:`code_of`: float32."""
    code = np.asarray(codes, np.float64)
    values = np.where(code <= _KNEE_CODE, code / _FINE_SLOPE, KNEE + (code - _KNEE_CODE) / _COARSE_SLOPE)
    return values.astype(np.float32)


class ImageForm(NamedTuple):
    """A form by its two directions: ``image_of(magnitudes)`` and ``magnitudes_of(image, bins)``."""

    image_of: Callable[[np.ndarray], np.ndarray]
    magnitudes_of: Callable[[np.ndarray, int], np.ndarray]


FORMS = {
    "fold": ImageForm(fold, unfold),
    "replicate": ImageForm(replicate, average),
    "split": ImageForm(split, join),
}
