"""Parameters of a patch as an estimator sees them: the inputs that its controls set, their ranges and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.control.parameters import control_parameter, range_problem, step_values_of
from nodegraph.control.taper import step_values
from nodegraph.patch import Document, PatchError
from nodegraph.patch.errors import suggest

CLASSES = 16  # classes of a parameter whose control declares no steps


class ParameterError(ValueError):
    """A patch without the requested parameters; the message is one line for the user."""


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
        return self.steps or step_values(count, self.low, self.high, self.taper)


def parameters_of(
    document: Document, names: Sequence[str] | None = None, path: Path | None = None
) -> tuple[Parameter, ...]:
    """Return the parameters that the controls of a document set: all of them, or those with the given names, in order.

    ``path`` is the file of the patch. Raises ParameterError if there is no control, or none with a name; if a range
    is empty or exceeds that of its port, if steps lie outside it, or if two controls set the same input.
    """
    controls = document.controls
    if not controls:
        raise ParameterError("the patch has no controls. Add one for each input that varies.")
    for name in names or ():
        if name not in controls:
            hint = suggest(name, controls) or f" Name some of: {', '.join(controls)}."
            raise ParameterError(f"there is no control '{name}'.{hint}")
    chosen = list(dict.fromkeys(controls if names is None else names))
    if not chosen:
        raise ParameterError("no parameter is named. Name at least one control.")
    found = [_parameter(document, name, path) for name in chosen]
    owners: dict[tuple[str, int | None], str] = {}
    for parameter in found:
        other = owners.setdefault((parameter.target, parameter.lane), parameter.name)
        if other != parameter.name:
            raise ParameterError(f"controls '{other}' and '{parameter.name}' set the same input. Name one of them.")
    return tuple(found)


def _parameter(document: Document, name: str, path: Path | None) -> Parameter:
    control = document.controls[name]
    subject = f"control '{name}'"
    try:
        declared = control_parameter(document, control, path)
    except PatchError as error:
        raise ParameterError(f"{subject}: {error}") from None
    low, high = sorted((declared.low, declared.high))
    if low == high:
        raise ParameterError(f"{subject}: min and max must differ, both are {low:g}. Set its range.")
    if declared.taper == "log" and low <= 0.0:
        raise ParameterError(f"{subject}: a log taper needs a range above 0, got {low:g}–{high:g}. Set its range.")
    if problem := range_problem(declared, control):
        raise ParameterError(f"{subject}: {problem}")
    return Parameter(name, control.target, low, high, declared.taper, step_values_of(declared, control), control.lane)


def to_unit(parameters: Sequence[Parameter], values: np.ndarray) -> np.ndarray:
    """Return the positions, float64 (N, P) in 0–1, of values (N, P) in the units of the ports.

    A position follows the taper. Values outside a range have the position of its nearest end.
    """
    low, high, is_log = _ranges(parameters)
    clipped = np.clip(np.asarray(values, np.float64), low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = np.log(clipped / low) / np.log(high / low)
    return np.clip(np.where(is_log, curved, (clipped - low) / (high - low)), 0.0, 1.0)


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
