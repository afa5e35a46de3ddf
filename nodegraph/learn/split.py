"""Which recordings are trained on and which are kept back.

Frames of one recording resemble each other: a split by frame would test what was trained. So whole recordings go
to one part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

PARTS = ("train", "valid", "test")
SHARES = (5 / 7, 1 / 7, 1 / 7)  # Sarroff & Casey 2014: 50,000, 10,000 and 10,000 frames
_TRIES = 64


def by_source(lengths: Sequence[float], rng: np.random.Generator) -> list[str]:
    """The part of each source, at random, so that the parts' total lengths come near their shares and none is empty.

    Needs three sources at least. Of several random orders, in each of which every source goes where most is missing,
    the one counts that comes nearest: that matters where there are few.
    """
    tries = [_assign_greedily(lengths, rng.permutation(len(lengths))) for _ in range(_TRIES)]
    return min(tries, key=lambda parts: _share_error(parts, lengths))


def _assign_greedily(lengths: Sequence[float], order: np.ndarray) -> list[str]:
    missing = dict(zip(PARTS, np.array(SHARES) * sum(lengths)))
    parts = [""] * len(lengths)
    for i in order:
        parts[i] = max(missing, key=lambda part: missing[part])
        missing[parts[i]] -= lengths[i]
    for empty in (part for part in PARTS if part not in parts):
        crowded = max(PARTS, key=parts.count)
        shortest = min((i for i, part in enumerate(parts) if part == crowded), key=lambda i: lengths[i])
        parts[shortest] = empty
    return parts


def _share_error(parts: Sequence[str], lengths: Sequence[float]) -> float:
    """By how much the worst part misses its share, as a ratio."""
    found = dict.fromkeys(PARTS, 0.0)
    for part, length in zip(parts, lengths):
        found[part] += length
    whole = sum(lengths)
    return max(abs(math.log(max(found[part], 1e-9) / (share * whole))) for part, share in zip(PARTS, SHARES))


def segment_per_part() -> list[tuple[str, tuple[float, float]]]:
    """The stretch of each part within one source, in parts of one."""
    edges = np.cumsum([0.0, *SHARES])
    return [(part, (float(a), float(b))) for part, a, b in zip(PARTS, edges, [*edges[1:-1], 1.0])]
