"""Tapers: mapping between control positions 0…1 and values."""

from __future__ import annotations

import math
from collections.abc import Sequence


def position_of(value: float, low: float, high: float, taper: str) -> float:
    """Return the position of ``value``, clamped to 0…1."""
    if high <= low:
        return 0.0
    clamped = min(max(value, low), high)
    if taper == "log" and low > 0.0:
        return math.log(clamped / low) / math.log(high / low)
    return (clamped - low) / (high - low)


def step_values(steps: int | Sequence[float], low: float, high: float, taper: str) -> tuple[float, ...]:
    """Return the class values of a control: given ones, or a count of them evenly spaced along the taper.

    The first and the last of a count are exactly ``low`` and ``high``.
    """
    if not isinstance(steps, int):
        return tuple(float(value) for value in steps)
    if taper == "log" and low > 0.0:
        inner = [low * (high / low) ** (k / (steps - 1)) for k in range(1, steps - 1)]
    else:
        inner = [low + (high - low) * k / (steps - 1) for k in range(1, steps - 1)]
    return (low, *inner, high)


def value_at(position: float, low: float, high: float, taper: str, digits: int = 4) -> float:
    """Return the value at a position, rounded to ``digits`` significant digits; the ends are exact."""
    if position <= 0.0 or high <= low:
        return low
    if position >= 1.0:
        return high
    if taper == "log" and low > 0.0:
        value = low * (high / low) ** position
        largest = value
    else:
        value = low + (high - low) * position
        largest = high - low
    places = digits - 1 - math.floor(math.log10(largest))
    return min(max(round(value, places), low), high)
