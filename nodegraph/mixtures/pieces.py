"""Overlapping pieces of a long sound, so that the memory of an optimisation does not depend on the duration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def divide(frames: int, longest: int, overlap: int) -> list[slice]:
    """Return pieces of equal length, at most ``longest`` frames, that overlap by about ``overlap``: a third at most."""
    if frames <= longest:
        return [slice(0, frames)]
    count = -(-(frames - overlap) // (longest - overlap))
    length = -(-(frames + (count - 1) * overlap) // count)
    starts = [number * (frames - length) // (count - 1) for number in range(count)]
    return [slice(start, start + length) for start in starts]


def crossfade(values: Sequence[np.ndarray], pieces: Sequence[slice]) -> np.ndarray:
    """Return the values (…, frames) of the first ``len(values)`` pieces, joined by linear crossfades.

    Where they overlap, the weights of two pieces sum to 1.
    """
    joined = np.zeros((*values[0].shape[:-1], pieces[len(values) - 1].stop), np.float32)
    for number, (piece, section) in enumerate(zip(pieces, values, strict=False)):
        weights = np.ones(piece.stop - piece.start, np.float32)
        if number > 0:
            ramp = _ramp(pieces[number - 1].stop - piece.start)
            weights[: len(ramp)] = ramp
        if number + 1 < len(values):
            ramp = _ramp(piece.stop - pieces[number + 1].start)
            weights[len(weights) - len(ramp) :] = 1.0 - ramp
        joined[..., piece] += weights * section
    return joined


def _ramp(frames: int) -> np.ndarray:
    """Return a rise from 0 to 1 over ``frames``, without both ends."""
    return ((np.arange(frames) + 0.5) / frames).astype(np.float32)
