"""Steps of a control: the classes that its values are sorted into."""

from __future__ import annotations

from math import isfinite
from typing import Any

from .errors import InvalidValue

MAX_STEPS = 1024


def check_steps(steps: Any, low: float | None, high: float | None) -> int | tuple[float, ...] | None:
    """Return valid steps: a count, a tuple of increasing values in the range, or None.

    ``low`` and ``high`` are the ends of the control's range, in either order, None if unknown. Raises InvalidValue.
    """
    if steps is None:
        return None
    if isinstance(steps, bool) or not isinstance(steps, int | list | tuple):
        raise InvalidValue("steps must be a number of classes or a list of values")
    count = steps if isinstance(steps, int) else len(steps)
    if not 2 <= count <= MAX_STEPS:
        raise InvalidValue(f"steps must be 2–{MAX_STEPS} classes, got {count}")
    if isinstance(steps, int):
        return steps
    values = tuple(_number(value) for value in steps)
    if any(after <= before for before, after in zip(values, values[1:], strict=False)):
        raise InvalidValue("steps must increase. Sort them and remove duplicates")
    if low is not None and high is not None and high < low:
        low, high = high, low
    for value in (values[0], values[-1]):
        if (low is not None and value < low) or (high is not None and value > high):
            raise InvalidValue(f"steps must lie in the range of the control, got {value:.12g}")
    return values


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InvalidValue("steps must be finite numbers")
    return float(value)
