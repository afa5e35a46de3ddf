"""Parameters of a patch as an estimator sees them: the inputs that its controls set, their ranges and classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nodegraph.control.parameters import control_parameter, range_problem, step_values_of
from nodegraph.control.random_values import NO_KNOBS, Knob
from nodegraph.models.parameters import CLASSES, Parameter, from_classes, from_unit, to_classes, to_unit
from nodegraph.patch import Document, PatchError
from nodegraph.patch.errors import suggest

__all__ = [
    "CLASSES",
    "Parameter",
    "ParameterError",
    "from_classes",
    "from_unit",
    "parameters_of",
    "parameters_of_knobs",
    "to_classes",
    "to_unit",
]


class ParameterError(ValueError):
    """A patch without the requested parameters; the message is one line for the user."""


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


def parameters_of_knobs(knobs: Sequence[Knob]) -> tuple[Parameter, ...]:
    """Return the parameters that knobs set: one for each, or for each lane of a list of values.

    A range contains the present value. Raises ParameterError without knobs.
    """
    if not knobs:
        raise ParameterError(NO_KNOBS)
    found = []
    for knob in knobs:
        if not isinstance(knob.value, list):
            found.append(_varied(knob, knob.name, knob.value, None))
        elif knob.lane is not None:
            found.append(_varied(knob, knob.name, knob.value[knob.lane], knob.lane))
        else:
            found += [_varied(knob, f"{knob.name} {lane + 1}", v, lane) for lane, v in enumerate(knob.value)]
    return tuple(found)


def _varied(knob: Knob, name: str, value: float, lane: int | None) -> Parameter:
    low, high = min(knob.low, value), max(knob.high, value)
    return Parameter(name, knob.target, low, high, knob.taper if low > 0.0 else "linear", knob.steps, lane)


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
