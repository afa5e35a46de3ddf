"""How a knob travels its range: positions 0…1 to values and back."""

from __future__ import annotations

import math


def position_of(value: float, low: float, high: float, taper: str) -> float:
    """Where on the knob ``value`` is, 0…1 (held to the ends)."""
    if high <= low:
        return 0.0
    held = min(max(value, low), high)
    if taper == "log" and low > 0.0:
        return math.log(held / low) / math.log(high / low)
    return (held - low) / (high - low)


def value_at(position: float, low: float, high: float, taper: str, digits: int = 4) -> float:
    """The value at a position, rounded to what a hand can mean: so many digits, and the ends exactly."""
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
