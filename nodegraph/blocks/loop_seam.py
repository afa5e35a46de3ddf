"""The seam of a loop: a crossfade of its end into what precedes its start, where the two do not fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ReadFrames = Callable[[int, int], np.ndarray]  # (first frame, number of frames) → (frames, channels)


def seam_of(read: ReadFrames, start: int, end: int, length: int, always: bool) -> np.ndarray:
    """Return new samples for the last ``length`` frames of the loop from ``start`` to ``end``; none if they fit.

    They do not fit if the step at the seam exceeds all steps within ``length`` of it, or if ``always`` is set. The end
    fades into the frames before the start, or, where there are not enough, into the start backwards: both lead to the
    first sample of the loop.
    """
    length = min(length, (end - start) // 2)
    tail = read(end - length, length)
    if length < 2 or not (always or _has_step(tail, read(start, length))):
        return tail[:0]
    lead = read(start - length, length) if start >= length else read(start + 1, length)[::-1]
    x = (np.arange(length) + 0.5)[:, None] / length
    weight = x * x * (3.0 - 2.0 * x)
    return np.asarray(tail + (lead - tail) * weight, np.float32)


def _has_step(tail: np.ndarray, head: np.ndarray) -> bool:
    own = np.maximum(np.abs(np.diff(tail, axis=0)).max(axis=0), np.abs(np.diff(head, axis=0)).max(axis=0))
    return bool((np.abs(head[0] - tail[-1]) > own).any())
