"""RTISI-LA over a complete spectrogram, with zero-padded windows and initial phases, which live blocks do not have.

The iterations are those of the blocks ``rtisi_la`` and ``momentum_rtisi`` (see ``rtisi``). A window shorter than the
transform is at the start of each frame, followed by zeros.
"""

from __future__ import annotations

import numpy as np

from nodegraph.kernel import NativeFunction
from nodegraph.kernel.native_function import native_call
from nodegraph.native.words import as_float32_memory, as_i64

from .rtisi import (
    copy_magnitudes,
    finalise_oldest_frame,
    full_gain,
    iterate_jointly,
    iterate_with_momentum,
    newest_weights,
    shift_frames,
    store,
    trust_of,
    trusted_gain,
)
from .transform import TransformMemory, irfft

MAX_ITERATIONS = 1000
SIZE, HOP, BINS, COUNT, ITERATIONS, TRANSFORM = range(6)
MAGNITUDES, COS, SIN, OUT, TARGETS, ESTIMATES, BEFORE_RE, BEFORE_IM, FINAL_SUM, SUMS, FRAME, RE, IM = range(6, 19)
WEIGHTS, TRUST, LEVEL, FINAL_LEVEL, FIRST_NEWEST, LATER_NEWEST, MOMENTUM = range(19, 26)
WORDS = 26


def push_frame(arguments: int, number: int) -> None:
    """Make frame ``number`` the newest one of the buffer."""
    w = as_i64(arguments)
    bins, count = w[BINS], w[COUNT]
    targets = as_float32_memory(w[TARGETS])
    shift_frames(targets, bins, count)
    shift_frames(as_float32_memory(w[ESTIMATES]), w[SIZE], count)
    copy_magnitudes(as_float32_memory(w[MAGNITUDES] + 4 * number * bins), targets, (count - 1) * bins, bins)


def pop_frame(arguments: int, number: int) -> None:
    """Write the samples of the oldest frame of the buffer to the output, ``hop`` samples for each frame."""
    w = as_i64(arguments)
    finalise_oldest_frame(
        as_float32_memory(w[ESTIMATES]),
        as_float32_memory(w[FINAL_SUM]),
        as_float32_memory(w[WEIGHTS]),
        as_float32_memory(w[FINAL_LEVEL]),
        as_float32_memory(w[OUT] + 4 * number * w[HOP]),
        w[SIZE],
        w[HOP],
        w[COUNT],
    )


def invert_jointly(arguments: int, start: int, frames: int) -> None:
    """Invert frames as the block ``rtisi_la`` does."""
    w = as_i64(arguments)
    newest = as_float32_memory(w[ESTIMATES] + 4 * (w[COUNT] - 1) * w[SIZE])
    for number in range(start, start + frames):
        push_frame(arguments, number)
        for n in range(w[SIZE]):
            newest[n] = np.float32(0.0)
        iterate_jointly(
            w[TRANSFORM],
            as_float32_memory(w[TARGETS]),
            as_float32_memory(w[ESTIMATES]),
            as_float32_memory(w[FINAL_SUM]),
            as_float32_memory(w[SUMS]),
            as_float32_memory(w[FRAME]),
            as_float32_memory(w[RE]),
            as_float32_memory(w[IM]),
            as_float32_memory(w[WEIGHTS]),
            as_float32_memory(w[TRUST]),
            as_float32_memory(w[LEVEL]),
            as_float32_memory(w[FIRST_NEWEST]),
            as_float32_memory(w[LATER_NEWEST]),
            w[SIZE],
            w[HOP],
            w[BINS],
            w[COUNT],
            w[ITERATIONS],
        )
        pop_frame(arguments, number)


def invert_with_momentum(arguments: int, start: int, frames: int) -> None:
    """Invert frames as the block ``momentum_rtisi`` does, but start each frame from its phase in ``COS``, ``SIN``."""
    w = as_i64(arguments)
    bins, count = w[BINS], w[COUNT]
    re, im, frame = as_float32_memory(w[RE]), as_float32_memory(w[IM]), as_float32_memory(w[FRAME])
    targets, estimates = as_float32_memory(w[TARGETS]), as_float32_memory(w[ESTIMATES])
    before_re, before_im = as_float32_memory(w[BEFORE_RE]), as_float32_memory(w[BEFORE_IM])
    newest = (count - 1) * bins
    for number in range(start, start + frames):
        push_frame(arguments, number)
        shift_frames(before_re, bins, count)
        shift_frames(before_im, bins, count)
        cos = as_float32_memory(w[COS] + 4 * number * bins)
        sin = as_float32_memory(w[SIN] + 4 * number * bins)
        for k in range(bins):
            re[k], im[k] = targets[newest + k] * cos[k], targets[newest + k] * sin[k]
            before_re[newest + k], before_im[newest + k] = re[k], im[k]
        irfft(w[TRANSFORM], re, im, frame)
        store(frame, estimates, (count - 1) * w[SIZE], w[SIZE])
        iterate_with_momentum(
            w[TRANSFORM],
            targets,
            estimates,
            before_re,
            before_im,
            as_float32_memory(w[FINAL_SUM]),
            as_float32_memory(w[SUMS]),
            frame,
            re,
            im,
            as_float32_memory(w[WEIGHTS]),
            as_float32_memory(w[TRUST]),
            as_float32_memory(w[LEVEL]),
            w[SIZE],
            w[HOP],
            bins,
            count,
            w[ITERATIONS],
            as_float32_memory(w[MOMENTUM])[0],
        )
        pop_frame(arguments, number)


JOINTLY, WITH_MOMENTUM = NativeFunction(invert_jointly), NativeFunction(invert_with_momentum)


def rtisi_la(
    magnitudes: np.ndarray, window: np.ndarray, hop: int, look_ahead: int = 7, iterations: int = 5
) -> np.ndarray:
    """Return a sound with these magnitudes (bins, frames): float32 (frames × hop,), aligned as in ``stft``.

    The transform has 2 (bins - 1) samples, a power of two; ``window`` has at most as many.
    """
    return _inverted(JOINTLY, magnitudes, None, window, hop, look_ahead, iterations, 0.0)


def momentum_rtisi(
    magnitudes: np.ndarray,
    phase: np.ndarray,
    window: np.ndarray,
    hop: int,
    look_ahead: int = 3,
    iterations: int = 5,
    momentum: float = 0.8,
) -> np.ndarray:
    """Return a sound as :func:`rtisi_la` does, from initial phases (bins, frames) in rad."""
    return _inverted(WITH_MOMENTUM, magnitudes, phase, window, hop, look_ahead, iterations, momentum)


def _inverted(
    function: NativeFunction,
    magnitudes: np.ndarray,
    phase: np.ndarray | None,
    window: np.ndarray,
    hop: int,
    look_ahead: int,
    iterations: int,
    momentum: float,
) -> np.ndarray:
    bins, frames = magnitudes.shape
    size, count = 2 * (bins - 1), look_ahead + 1
    begin = max(len(window) - hop, 0)  # zeros before the sound
    extra = look_ahead + -(-begin // hop)  # frames of silence, which push the last samples out
    padding = ((0, extra), (0, 0))
    weights = np.pad(np.asarray(window, np.float64), (0, size - len(window)))
    span = size + look_ahead * hop
    full, equal = full_gain(weights, hop, look_ahead), np.ones(count)
    # a window that is followed by zeros is not reversed together with them
    shapes = [
        np.pad(newest_weights(np.asarray(window), hop, first), (0, size - len(window))) for first in (True, False)
    ]
    arrays = {
        MAGNITUDES: np.pad(np.asarray(magnitudes).T, padding),
        OUT: np.zeros((frames + extra) * hop),
        TARGETS: np.zeros(count * bins),
        ESTIMATES: np.zeros(count * size),
        BEFORE_RE: np.zeros(count * bins),
        BEFORE_IM: np.zeros(count * bins),
        FINAL_SUM: np.zeros(span),
        SUMS: np.zeros(span),
        FRAME: np.zeros(size),
        RE: np.zeros(bins),
        IM: np.zeros(bins),
        WEIGHTS: weights,
        TRUST: equal if phase is None else trust_of(look_ahead),
        LEVEL: full if phase is None else trusted_gain(weights, hop, look_ahead),
        FINAL_LEVEL: full,
        FIRST_NEWEST: shapes[0],
        LATER_NEWEST: shapes[1],
        MOMENTUM: np.array([momentum]),
    }
    if phase is not None:
        arrays |= {COS: np.pad(np.cos(phase).T, padding), SIN: np.pad(np.sin(phase).T, padding)}
    memory = {word: np.ascontiguousarray(values, np.float32) for word, values in arrays.items()}
    transform = TransformMemory(size)
    words = np.zeros(WORDS, np.int64)
    words[[SIZE, HOP, BINS, COUNT, ITERATIONS]] = size, hop, bins, count, min(iterations, MAX_ITERATIONS)
    words[TRANSFORM] = transform.address
    for word, values in memory.items():
        words[word] = values.ctypes.data
    native_call(function.address)(words.ctypes.data, 0, frames + extra)
    first = look_ahead * hop + begin
    return memory[OUT][first : first + frames * hop].copy()
