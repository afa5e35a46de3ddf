"""Parameters that an estimator varies: their ranges, and conversions between values, positions and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CLASSES = 16  # classes of a parameter whose control declares no steps


@dataclass(frozen=True)
class Parameter:
    """An input that varies. ``name`` is that of its control, ``target`` is ``"node.port"`` in the document.

    ``low`` < ``high`` are the ends of its range in the unit of the port, ``taper`` is "linear" or "log". ``steps`` are
    its class values, increasing; () if the control declares none. ``lane`` is the only lane that varies, or None.
    """

    name: str
    target: str
    low: float
    high: float
    taper: str = "linear"
    steps: tuple[float, ...] = ()
    lane: int | None = None

    def classes(self, count: int = CLASSES) -> tuple[float, ...]:
        """Return the class values: the steps, or ``count`` values evenly spaced along the taper."""
        return self.steps or tuple(from_unit([self], np.linspace(0.0, 1.0, count)[:, None])[:, 0].tolist())


def clipped(parameters: Sequence[Parameter], values: np.ndarray) -> np.ndarray:
    """Return values (…, P) in the units of the ports, limited to the ranges, as float64."""
    low, high, _ = _ranges(parameters)
    found: np.ndarray = np.clip(np.asarray(values, np.float64), low, high)
    return found


def to_unit(parameters: Sequence[Parameter], values: np.ndarray) -> np.ndarray:
    """Return the positions, float64 (N, P) in 0–1, of values (N, P) in the units of the ports.

    A position follows the taper. Values outside a range have the position of its nearest end.
    """
    low, high, is_log = _ranges(parameters)
    inside = clipped(parameters, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = np.log(inside / low) / np.log(high / low)
    return np.clip(np.where(is_log, curved, (inside - low) / (high - low)), 0.0, 1.0)


def from_unit(parameters: Sequence[Parameter], positions: np.ndarray) -> np.ndarray:
    """Return the values, float64 (N, P) in the units of the ports, at positions (N, P). Positions are clamped to 0–1.

    Positions 0 and 1 are exactly the ends of the range.
    """
    low, high, is_log = _ranges(parameters)
    place = np.clip(np.asarray(positions, np.float64), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = low * (high / low) ** place
    return np.clip(np.where(place == 1.0, high, np.where(is_log, curved, low + (high - low) * place)), low, high)


def to_classes(parameters: Sequence[Parameter], values: np.ndarray, count: int = CLASSES) -> np.ndarray:
    """Return the nearest class, int64 (N, P) from 0, of values (N, P): nearest along the taper.

    A parameter without steps has ``count`` classes, see :meth:`Parameter.classes`.
    """
    positions = to_unit(parameters, values)
    found = np.empty(positions.shape, np.int64)
    for column, parameter in enumerate(parameters):
        places = to_unit([parameter], np.array(parameter.classes(count))[:, None])[:, 0]
        found[:, column] = np.searchsorted((places[1:] + places[:-1]) / 2, positions[:, column])
    return found


def from_classes(parameters: Sequence[Parameter], classes: np.ndarray, count: int = CLASSES) -> np.ndarray:
    """Return the values, float64 (N, P) in the units of the ports, of classes (N, P). Raises IndexError."""
    columns = np.asarray(classes, np.int64).T
    if (columns < 0).any():
        raise IndexError("classes are numbered from 0")
    values = [np.array(p.classes(count))[column] for p, column in zip(parameters, columns, strict=True)]
    return np.stack(values, axis=1)


def _ranges(parameters: Sequence[Parameter]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low = np.array([parameter.low for parameter in parameters])
    high = np.array([parameter.high for parameter in parameters])
    return low, high, np.array([parameter.taper == "log" for parameter in parameters])
