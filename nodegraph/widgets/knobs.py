"""The knobs that a widget shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nodegraph.control.parameters import Parameter, control_parameter, parameter
from nodegraph.control.random_values import safe_knobs
from nodegraph.patch import Patch

MAX_KNOBS = 16  # of a patch without controls


@dataclass(frozen=True)
class WidgetKnob:
    """A knob: its name, the parameter that it sets, and its text."""

    name: str
    parameter: Parameter
    doc: str


def knobs_of(patch: Patch, names: Sequence[str] | None) -> list[WidgetKnob]:
    """Return the knobs with these names, or all controls, or without controls the inputs that dice would vary.

    Raises PatchError for a name that is neither a control nor an input.
    """
    document, path = patch.document, patch.path
    if names is None and not document.controls:
        found = [parameter(document, knob.target, knob.lane, path) for knob in safe_knobs(document, None, path)]
        return [WidgetKnob(one.port_ref, one, one.declared.doc) for one in found[:MAX_KNOBS]]
    knobs = []
    for name in document.controls if names is None else names:
        control = document.controls.get(name)
        one = control_parameter(document, control, path) if control else parameter(document, name, None, path)
        knobs.append(WidgetKnob(name, one, (control.doc if control else "") or one.declared.doc))
    return knobs
