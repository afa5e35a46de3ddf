"""Tables of what a low-pass adds to a wave around a jump, a corner or a pulse, by its phase and its speed.

The speed of a wave is in cycles per sample. Row 0 of a table is a cycle of ``2 REACH`` samples, in which a jump has
``REACH`` partials below half the sample rate. A longer cycle has its residual within ``REACH`` samples of a jump, and
none beyond. The next rows are shorter cycles, at steps of ``1 / ROWS_PER_SPEED``, with fewer partials.
"""

from __future__ import annotations

from typing import Any

import numpy as np

REACH = 8  # samples to each side of a jump or corner that the filter changes
POINTS = 64  # of a row of the tables per sample
ROW = REACH * POINTS  # points from a jump to half a cycle of 2 REACH samples
SHORTEST = 0.5 / REACH  # speed in cycles per sample from which the filtered jumps of a cycle overlap
ROWS_PER_SPEED = 256
FLAT, SILENT = 0.30, 0.52  # edges of the filter, in units of the sample rate


def partials() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers, gains (rows, partials) and the phases of the points of a row.

    Row 0 is a cycle of 2 REACH samples, each of the next ones a shorter cycle, down to 2 samples.
    """
    speeds = SHORTEST + np.arange(round((0.5 - SHORTEST) * ROWS_PER_SPEED) + 1) / ROWS_PER_SPEED
    numbers = np.arange(1, REACH + 1)
    x = np.clip((SILENT - numbers * speeds[:, None]) / (SILENT - FLAT), 0.0, 1.0)
    gains = x**3 * (10.0 - 15.0 * x + 6.0 * x * x)
    gains[1:][numbers * speeds[1:, None] >= 0.5] = 0.0
    return numbers, gains, np.arange(ROW + 1) / (2 * ROW)


def step_residuals(settings: Any = None, sr: float = 0.0) -> np.ndarray:
    """Return band-limited minus ideal unit step in the half cycle after it, for each row."""
    numbers, gains, phases = partials()
    limited = (gains / (np.pi * numbers)) @ np.sin(2 * np.pi * numbers[:, None] * phases)
    return np.append(limited - (0.5 - phases), 0.0)


def corner_residuals(settings: Any = None, sr: float = 0.0) -> np.ndarray:
    """Return band-limited minus ideal corner in the half cycle after it, whose slope rises by 1 per cycle."""
    numbers, gains, phases = partials()
    limited = (gains / (np.pi * numbers) ** 2) @ np.cos(2 * np.pi * numbers[:, None] * phases)
    rows = 0.5 * (phases * phases - phases + 1.0 / 6.0 - limited)
    return np.append(rows - rows[:, -1:], 0.0)


def pulses(settings: Any = None, sr: float = 0.0) -> np.ndarray:
    """Return the band-limited pulse of area 1 per cycle in the half cycle after its centre."""
    numbers, gains, phases = partials()
    rows = 1.0 + 2.0 * gains @ np.cos(2 * np.pi * numbers[:, None] * phases)
    rows[0] -= rows[0, -1]
    return np.append(rows, 0.0)
