"""Short-time spectra of many sounds in machine code: window, Fourier transform and bands in one pass over the samples.

The sums are in a fixed order: a spectrum depends neither on the other sounds nor on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodegraph.kernel import NativeFunction
from nodegraph.kernel.native_function import native_call
from nodegraph.maths import sqrt
from nodegraph.native.words import as_f32, as_f64, as_float32_memory, as_i64

from .transform import TransformMemory, rfft

SOUNDS, STEP, FRAMES, HOP, SIZE, WINDOW, TRANSFORM, FRAME, RE, IM, OUT, BANDS, EDGES, RISE, REFERENCE, SUMS = range(16)
CHUNK = 16  # sounds that are padded together: they stay in the cache


def magnitudes(arguments: int, start: int, count: int) -> None:
    """Compute the magnitudes of all frames of ``count`` sounds from ``start``."""
    w = as_i64(arguments)
    re, im, out = as_float32_memory(w[RE]), as_float32_memory(w[IM]), as_f32(w[OUT])
    bins = w[SIZE] // 2 + 1
    for sound in range(start, start + count):
        for number in range(w[FRAMES]):
            transform_frame(arguments, sound, number)
            at = (sound * w[FRAMES] + number) * bins
            for k in range(bins):
                out[at + k] = sqrt(re[k] * re[k] + im[k] * im[k])


def mel_power(arguments: int, start: int, count: int) -> None:
    """Compute the power in triangular bands of all frames of ``count`` sounds from ``start``."""
    w = as_i64(arguments)
    for sound in range(start, start + count):
        for number in range(w[FRAMES]):
            transform_frame(arguments, sound, number)
            square_and_sum_bands(arguments, sound, number)


def mel_power_and_sums(arguments: int, start: int, count: int) -> None:
    """Compute the power like ``mel_power``, and three sums over the magnitudes of each sound.

    They are the sum of the magnitudes, that of their squares, and that of their products with ``reference``.
    """
    w = as_i64(arguments)
    re, sums = as_float32_memory(w[RE]), as_f64(w[SUMS])
    bins = w[SIZE] // 2 + 1
    for sound in range(start, start + count):
        total = square = product = 0.0
        for number in range(w[FRAMES]):
            transform_frame(arguments, sound, number)
            square_and_sum_bands(arguments, sound, number)
            reference = as_float32_memory(w[REFERENCE] + 4 * number * bins)
            total0 = total1 = square0 = square1 = product0 = product1 = np.float32(0.0)
            for k in range(0, bins - 1, 2):
                one, other = sqrt(re[k]), sqrt(re[k + 1])
                total0 += one
                total1 += other
                square0 += one * one
                square1 += other * other
                product0 += one * reference[k]
                product1 += other * reference[k + 1]
            last = sqrt(re[bins - 1])
            total += total0 + total1 + last
            square += square0 + square1 + last * last
            product += product0 + product1 + last * reference[bins - 1]
        sums[3 * sound] = total
        sums[3 * sound + 1] = square
        sums[3 * sound + 2] = product


def square_and_sum_bands(arguments: int, sound: int, number: int) -> None:
    """Square the magnitudes of a transformed frame, into ``re``, and sum them in triangular bands.

    The bins from ``edges[b]`` to ``edges[b + 1]`` rise in band b with the weight ``rise`` and fall in band b - 1 with
    ``1 - rise``.
    """
    w = as_i64(arguments)
    re, im, rise = as_float32_memory(w[RE]), as_float32_memory(w[IM]), as_float32_memory(w[RISE])
    edges, out, bands = as_i64(w[EDGES]), as_f32(w[OUT]), w[BANDS]
    for k in range(w[SIZE] // 2 + 1):
        re[k] = re[k] * re[k] + im[k] * im[k]
        im[k] = re[k] * rise[k]
    at = (sound * w[FRAMES] + number) * bands
    before = np.float32(0.0)
    for band in range(bands + 1):
        # two independent sums: a single sum would wait for each addition
        all0 = all1 = rising0 = rising1 = np.float32(0.0)
        first, last = edges[band], edges[band + 1]
        for k in range(first, last - 1, 2):
            all0 += re[k]
            all1 += re[k + 1]
            rising0 += im[k]
            rising1 += im[k + 1]
        if (last - first) % 2 == 1:
            all0 += re[last - 1]
            rising0 += im[last - 1]
        rising = rising0 + rising1
        if band > 0:
            out[at + band - 1] = before + ((all0 + all1) - rising)
        before = rising


def transform_frame(arguments: int, sound: int, number: int) -> None:
    """Transform the windowed frame ``number`` of a sound to ``re`` and ``im``."""
    w = as_i64(arguments)
    window, frame = as_float32_memory(w[WINDOW]), as_float32_memory(w[FRAME])
    samples = as_float32_memory(w[SOUNDS] + 4 * (sound * w[STEP] + number * w[HOP]))
    for k in range(w[SIZE]):
        frame[k] = samples[k] * window[k]
    rfft(w[TRANSFORM], frame, as_float32_memory(w[RE]), as_float32_memory(w[IM]))


MAGNITUDES, MEL_POWER = NativeFunction(magnitudes), NativeFunction(mel_power)
MEL_POWER_AND_SUMS = NativeFunction(mel_power_and_sums)


def stft_of(sounds: np.ndarray, window: np.ndarray, hop: int, before: int = 0) -> np.ndarray:
    """Return magnitudes of sounds (N, samples): float32 (N, frames, size / 2 + 1).

    The window has a power of two of samples, 8 or more. ``before`` zeros precede each sound; zeros complete the last
    of its frames, one for each begun hop.
    """
    return _analysed(MAGNITUDES, sounds, window, hop, before, len(window) // 2 + 1)


@dataclass(frozen=True)
class TriangularBands:
    """Triangular bands over the bins of a transform: the first bin of each slope, and the weight of rising slopes."""

    firsts: np.ndarray
    rise: np.ndarray

    @classmethod
    def between(cls, edges: Sequence[float] | np.ndarray, size: int, rate: float) -> TriangularBands:
        """Return bands for transforms of ``size`` samples.

        Band b rises from 0 at ``edges[b]`` to 1 at ``edges[b + 1]`` and falls to 0 at ``edges[b + 2]``, in Hz.
        """
        corners = np.asarray(edges, np.float64)
        frequencies = np.arange(size // 2 + 1) * rate / size
        firsts = np.searchsorted(frequencies, corners).astype(np.int64)
        firsts[-1] = np.searchsorted(frequencies, corners[-1], side="right")
        rise = np.zeros(len(frequencies), np.float32)
        for low, high, start, stop in zip(corners, corners[1:], firsts, firsts[1:], strict=False):
            rise[start:stop] = (frequencies[start:stop] - low) / (high - low)
        return cls(firsts, rise)


def mel_power_of(sounds: np.ndarray, window: np.ndarray, hop: int, before: int, bands: TriangularBands) -> np.ndarray:
    """Return the power of sounds (N, samples) in bands: float32 (N, frames, bands).

    The other arguments are those of :func:`stft_of`.
    """
    return _analysed(MEL_POWER, sounds, window, hop, before, len(bands.firsts) - 2, bands)


def mel_power_and_sums_of(
    sounds: np.ndarray, window: np.ndarray, hop: int, before: int, bands: TriangularBands, reference: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the power like :func:`mel_power_of`, and sums over the magnitudes of each sound: float64 (N, 3).

    They are the sum of the magnitudes, that of their squares, and that of their products with ``reference``, float32
    (frames, size / 2 + 1).
    """
    sums = np.empty((len(sounds), 3))
    columns = len(bands.firsts) - 2
    return _analysed(MEL_POWER_AND_SUMS, sounds, window, hop, before, columns, bands, reference, sums), sums


def _analysed(
    function: NativeFunction,
    sounds: np.ndarray,
    window: np.ndarray,
    hop: int,
    before: int,
    columns: int,
    bands: TriangularBands | None = None,
    reference: np.ndarray | None = None,
    sums: np.ndarray | None = None,
) -> np.ndarray:
    size, frames = len(window), -(-sounds.shape[1] // hop)
    padded = np.zeros((min(CHUNK, len(sounds)), max((frames - 1) * hop + size, before + sounds.shape[1])), np.float32)
    frame = np.zeros((3, size), np.float32)
    weights = np.ascontiguousarray(window, np.float32)
    transform = TransformMemory(size)
    found = np.empty((len(sounds), frames, columns), np.float32)
    words = np.zeros(SUMS + 1, np.int64)
    words[[SOUNDS, STEP, FRAMES, HOP, SIZE]] = padded.ctypes.data, padded.shape[1], frames, hop, size
    words[[WINDOW, TRANSFORM, FRAME]] = weights.ctypes.data, transform.address, frame[0].ctypes.data
    words[[RE, IM, BANDS]] = frame[1].ctypes.data, frame[2].ctypes.data, columns
    if bands is not None:
        words[[EDGES, RISE]] = bands.firsts.ctypes.data, bands.rise.ctypes.data
    if reference is not None:
        reference = np.ascontiguousarray(reference, np.float32)
        if reference.shape != (frames, size // 2 + 1):
            raise ValueError(f"the reference must have {(frames, size // 2 + 1)} magnitudes, got {reference.shape}")
        words[REFERENCE] = reference.ctypes.data
    call = native_call(function.address)
    for start in range(0, len(sounds), CHUNK):
        part = sounds[start : start + CHUNK]
        padded[: len(part), before : before + part.shape[1]] = part
        words[OUT] = found[start:].ctypes.data
        if sums is not None:
            words[SUMS] = sums[start:].ctypes.data
        call(words.ctypes.data, 0, len(part))
    return found
