"""Attacks of a sound: the moments at which its high frequencies become louder at once."""

from __future__ import annotations

import numpy as np

STEP_SECONDS = 0.002
BEFORE_SECONDS, AFTER_SECONDS = 0.03, 0.006  # of the levels that are compared
SHARE = 0.01  # of the loudest attack: -20 dB
RISE = 6.0  # energy after an attack, as a multiple of that before it: 8 dB
APART_SECONDS = 0.05


def attacks_of(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return the samples, int64 in ascending order, at which attacks of a sound (samples, channels) begin.

    The energy of the first difference, which emphasises high frequencies, rises by at least 8 dB within 6 ms, and to at
    least -20 dB of the highest.
    """
    step = max(round(STEP_SECONDS * rate), 1)
    count = len(sound) // step
    if count < 2:
        return np.zeros(0, np.int64)
    differences = np.diff(sound, axis=0, prepend=sound[:1])[: count * step]
    energy = np.square(differences, dtype=np.float64).reshape(count, -1).sum(axis=1)
    before, after = max(round(BEFORE_SECONDS * rate / step), 1), max(round(AFTER_SECONDS * rate / step), 1)
    total = np.concatenate([np.zeros(before + 1), np.cumsum(energy), np.full(after, energy.sum())])
    at = np.arange(count) + before
    earlier = (total[at] - total[at - before]) / before
    later = (total[at + after] - total[at]) / after
    loudest = max(float(later.max()), 1e-30)
    rise = np.where(later > SHARE * loudest, later / (earlier + 1e-3 * loudest), 0.0)
    found: list[int] = []
    for k in np.flatnonzero(rise > RISE).tolist():
        if found and (k - found[-1]) * step < APART_SECONDS * rate:
            found[-1] = k if rise[k] > rise[found[-1]] else found[-1]
        else:
            found.append(k)
    return np.array(found, np.int64) * step
