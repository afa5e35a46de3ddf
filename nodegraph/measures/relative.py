"""The relative distance of two arrays."""

from __future__ import annotations

import numpy as np


def relative_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return ``‖x - y‖ / √(‖x‖² + ‖y‖²)`` of arrays of one shape, 0–√2; at most 1 if no element is negative.

    It is symmetric, 0 for equal arrays (also if both are 0), and 1 for orthogonal ones.
    """
    norm = float(np.sqrt(np.square(first).sum() + np.square(second).sum()))
    return float(np.sqrt(np.square(first - second).sum())) / norm if norm > 0.0 else 0.0
