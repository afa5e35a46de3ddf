"""The two filters of K-weighting: Recommendation ITU-R BS.1770-4 (2015)."""

from __future__ import annotations

import numpy as np

SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196  # the head
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773  # low frequencies are softer
OFFSET = -0.691  # LU; a full-scale sine of 997 Hz in one channel has -3.01 LUFS
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # LUFS, and LU below the loudness without the gate


def k_weighting(rate: float) -> np.ndarray:
    """Return the coefficients b0, b1, b2, a1, a2 of the shelf and of the high-pass at a sample rate: (10,)."""
    k = np.tan(np.pi * SHELF_HZ / rate)
    high = 10.0 ** (SHELF_DB / 20.0)
    middle = high**0.4996667741545416
    a0 = 1.0 + k / SHELF_Q + k * k
    shelf = [
        (high + middle * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - middle * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / SHELF_Q + k * k) / a0,
    ]
    k = np.tan(np.pi * HIGH_PASS_HZ / rate)
    a0 = 1.0 + k / HIGH_PASS_Q + k * k
    return np.array([*shelf, 1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / HIGH_PASS_Q + k * k) / a0])
