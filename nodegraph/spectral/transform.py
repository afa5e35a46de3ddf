"""Real transforms of frames, as native functions that blocks call.

A block that declares ``Transform()`` receives an integer, the address of ``WORDS`` words: half the size, address and
argument block of the FFT kernel, then the arrays of input (re, im), result (re, im) and ``e^(-2πi k / size)``
(cos, sin), of size/2 points.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.native.words import as_float32_memory, as_i64, call_kernel

from .fft import Fft, argument_words, fft

HALF, KERNEL, ARGUMENTS, Z_RE, Z_IM, R_RE, R_IM, COS, SIN = range(9)
WORDS = 9

_HALF = np.float32(0.5)


def rfft(transform, samples, re, im):  # type: ignore[no-untyped-def]
    """Transform ``size`` real samples to bins 0 … size/2 in ``re`` and ``im``, unscaled as numpy's rfft."""
    w = as_i64(transform)
    n = w[HALF]
    zr, zi = as_float32_memory(w[Z_RE]), as_float32_memory(w[Z_IM])
    for k in range(n):
        zr[k] = samples[2 * k]
        zi[k] = samples[2 * k + 1]
    call_kernel(w[KERNEL], w[ARGUMENTS], 0, 1)
    split(
        as_float32_memory(w[R_RE]),
        as_float32_memory(w[R_IM]),
        as_float32_memory(w[COS]),
        as_float32_memory(w[SIN]),
        n,
        re,
        im,
    )


def split(zr, zi, cos, sin, n, re, im):  # type: ignore[no-untyped-def]
    """Compute the transform of all samples from that of even samples + i odd samples."""
    re[0], im[0] = zr[0] + zi[0], np.float32(0.0)
    re[n], im[n] = zr[0] - zi[0], np.float32(0.0)
    for k in range(1, n):
        er, ei = (zr[k] + zr[n - k]) * _HALF, (zi[k] - zi[n - k]) * _HALF
        dr, di = (zr[k] - zr[n - k]) * _HALF, (zi[k] + zi[n - k]) * _HALF
        re[k] = er + (cos[k] * di + sin[k] * dr)
        im[k] = ei + (sin[k] * di - cos[k] * dr)


def irfft(transform, re, im, samples):  # type: ignore[no-untyped-def]
    """Compute the real samples of a spectrum: the inverse of ``rfft``, scaled.

    Imaginary parts of the first and the last bin count as 0, as in numpy's irfft.
    """
    w = as_i64(transform)
    n = w[HALF]
    zr, zi, cos, sin = (
        as_float32_memory(w[Z_RE]),
        as_float32_memory(w[Z_IM]),
        as_float32_memory(w[COS]),
        as_float32_memory(w[SIN]),
    )
    zi[0], zr[0] = re[0] + re[n], re[0] - re[n]
    for k in range(1, n):
        er, ei = re[k] + re[n - k], im[k] - im[n - k]
        dr, di = re[k] - re[n - k], im[k] + im[n - k]
        # z = E + i O with O = D e^(2πi k / size); exchanging real and imaginary parts inverts the transform
        zi[k] = er - (cos[k] * di - sin[k] * dr)
        zr[k] = ei + (cos[k] * dr + sin[k] * di)
    call_kernel(w[KERNEL], w[ARGUMENTS], 0, 1)
    rr, ri = as_float32_memory(w[R_RE]), as_float32_memory(w[R_IM])
    scale = np.float32(0.5 / n)
    for k in range(n):
        samples[2 * k] = ri[k] * scale
        samples[2 * k + 1] = rr[k] * scale


class TransformMemory:
    """Words and arrays for one size, shared by all blocks of a plan, which run sequentially."""

    def __init__(self, size: int) -> None:
        half = size // 2
        self.fft: Fft = fft(half)
        self.arrays = np.zeros((4, half), np.float32)
        angle = -2.0 * np.pi * np.arange(half) / size
        self.turns = np.array([np.cos(angle), np.sin(angle)], np.float32)
        self.arguments = np.array(argument_words(self.fft, list(self.arrays)), np.int64)
        self.words = np.zeros(WORDS, np.int64)
        result = 2 if self.fft.stages % 2 else 0
        self.words[:] = (
            half,
            self.fft.address,
            self.arguments.ctypes.data,
            self.arrays[0].ctypes.data,
            self.arrays[1].ctypes.data,
            self.arrays[result].ctypes.data,
            self.arrays[result + 1].ctypes.data,
            self.turns[0].ctypes.data,
            self.turns[1].ctypes.data,
        )

    @property
    def address(self) -> int:
        return int(self.words.ctypes.data)


def transform_memory(size: int, cache: dict[Any, Any]) -> TransformMemory:
    """Return the memory for a size, created once in ``cache``."""
    key = ("transform", size)
    if key not in cache:
        cache[key] = TransformMemory(size)
    return cache[key]
