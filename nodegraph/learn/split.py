"""The split of recordings into training, validation and test.

Frames of one recording are similar, so a split by frame would test on training data. All frames of a recording
therefore go to the same part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

PARTS = ("train", "valid", "test")
SHARES = (5 / 7, 1 / 7, 1 / 7)  # Sarroff & Casey 2014: 50,000, 10,000 and 10,000 frames
_TRIES = 64


def by_source(lengths: Sequence[float], rng: np.random.Generator) -> list[str]:
    """Return a random part for each source; total lengths approximate the shares, and no part is empty.

    Needs at least three sources. Each try assigns the sources in random order, each to the part with the largest
    deficit; the best of several tries is returned, which matters if there are few sources.
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
    """Return the largest deviation of a part from its share, as the logarithm of a ratio."""
    found = dict.fromkeys(PARTS, 0.0)
    for part, length in zip(parts, lengths):
        found[part] += length
    total = sum(lengths)
    return max(abs(math.log(max(found[part], 1e-9) / (share * total))) for part, share in zip(PARTS, SHARES))


def segment_per_part() -> list[tuple[str, tuple[float, float]]]:
    """Return the segment (begin, end) of each part within one source, 0…1."""
    edges = np.cumsum([0.0, *SHARES])
    return [(part, (float(a), float(b))) for part, a, b in zip(PARTS, edges, [*edges[1:-1], 1.0])]
