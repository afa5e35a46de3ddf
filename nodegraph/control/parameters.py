"""Parameters as controls address them: inputs of blocks by name, with the range of the control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.graph.rules import block_problem, title_of, unknown_input
from nodegraph.node import In
from nodegraph.patch import Control, Document, NodeRecord, PatchError, locate
from nodegraph.patch.actions import parse_port_ref

from .taper import position_of, step_values, value_at

DIGITS = 6  # significant digits of values from a controller; enough for 16384 positions


@dataclass(frozen=True)
class Parameter:
    """An input as a control sets it: all its lanes, all members of a bank, or the one numbered ``lane`` (from 0).

    ``node`` may be in a subpatch (``"voice/osc"``), or be one. ``declared`` is the declaration of the input, with the
    range that it accepts. A control travels from ``low`` to ``high``, in the unit of the input, along ``taper``
    ("linear" or "log").
    """

    node: str
    declared: In
    lane: int | None
    low: float
    high: float
    taper: str

    @property
    def port(self) -> str:
        """The name of the input."""
        return self.declared.name

    @property
    def port_ref(self) -> str:
        """``"lp1.cutoff"``."""
        return f"{self.node}.{self.port}"

    @property
    def key(self) -> tuple[str, str, int | None]:
        """Node, port and lane."""
        return self.node, self.port, self.lane

    def value(self, position: float) -> float:
        """Return the value at a position of the control, 0 to 1."""
        if self.high < self.low:
            return value_at(1.0 - position, self.high, self.low, self.taper, DIGITS)
        return value_at(position, self.low, self.high, self.taper, DIGITS)

    def position(self, value: float) -> float:
        """Return the position of the control for a value, 0 to 1."""
        if self.high < self.low:
            return 1.0 - position_of(value, self.high, self.low, self.taper)
        return position_of(value, self.low, self.high, self.taper)


def node_record(document: Document, node: str) -> NodeRecord:
    """Return the record of ``"osc"``, or of ``"voice/osc"`` in a subpatch. Raises PatchError."""
    path, id = locate(document, node)
    return document.nested(path).nodes[id]


def parameter(
    document: Document,
    port_ref: str,
    lane: int | None = None,
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> Parameter:
    """Return the parameter at ``"node.port"``. Raises PatchError, one line, if there is no such input."""
    node, port = parse_port_ref(port_ref)
    record = node_record(document, node)
    problem = block_problem(record)
    if problem:
        raise PatchError(f"node '{node}': {problem}")
    spec = spec_of(record, PatchLocation(patch_path, allow_outside))
    found = spec.inputs.get(port)
    if found is None:
        raise PatchError(unknown_input(title_of(record.type, node), port, spec))
    return Parameter(node, found, lane, found.min, found.max, found.taper)


def control_parameter(
    document: Document, control: Control, patch_path: Path | None = None, allow_outside: bool = False
) -> Parameter:
    """Return the parameter that a control sets, with the control's range and taper. Raises PatchError."""
    found = parameter(document, control.target, control.lane, patch_path, allow_outside)
    low = found.low if control.min is None else control.min
    high = found.high if control.max is None else control.max
    default_range = control.min is None and control.max is None and control.taper == "linear"
    return replace(found, low=low, high=high, taper=found.taper if default_range else control.taper)


def step_values_of(parameter: Parameter, control: Control) -> tuple[float, ...]:
    """Return the class values of a control, increasing; () if it declares none."""
    if control.steps is None:
        return ()
    low, high = sorted((parameter.low, parameter.high))
    return step_values(control.steps, low, high, parameter.taper)


def range_problem(parameter: Parameter, control: Control) -> str:
    """Return why the range or the steps of a control do not fit its input, or ""."""
    steps = step_values_of(parameter, control)
    for value in (parameter.low, parameter.high, *steps[:1], *steps[-1:]):
        if problem := parameter.declared.problem(value):
            return problem
    low, high = sorted((parameter.low, parameter.high))
    if steps and not low <= steps[0] <= steps[-1] <= high:
        return f"steps must lie in {low:g}–{high:g}, got {steps[0]:g}–{steps[-1]:g}. Set its range or its steps."
    return ""
