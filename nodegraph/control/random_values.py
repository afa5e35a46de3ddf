"""Random values of knobs within ranges that are safe for the ears.

A knob is an unwired input. Its range is that of its control, with the steps of the control, else that of the input.
Levels vary only if a control declares their range, and at most up to unity gain. Without a control, frequencies remain
audible, and feedback and resonance remain moderate; inputs without a unit, gates, and inputs that change in steps
(counts, positions) are left out, since their declared ranges are no ranges of sound. Settings keep their values.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.node import In
from nodegraph.patch import Control, Document, NodeRecord, PatchError, SetParams, locate
from nodegraph.patch.document import Path as Place

from .parameters import Parameter, control_parameter, range_problem, step_values_of
from .taper import value_at

LEVEL_UNITS = {"dB": 0.0, "gain": 1.0}  # with the value of unity gain
LEVEL_NAMES = ("amplitude", "gain", "level", "velocity", "volume", "value")  # beginnings of names
OTHER_UNITS = ("", "gate")  # of inputs whose range is no range of sound
AUDIBLE = 40.0, 8000.0  # Hz
SLOWEST_AUDIBLE = 20.0  # Hz; an input with a lower default is no pitch and stays below it
MAX_FEEDBACK = 0.7  # 10 dB at the resonances of a loop
MAX_RESONANCE = {"ratio": 0.9, "Q": 4.0}  # below self-oscillation; +12 dB
NO_KNOBS = "no knob can vary safely. Choose other blocks, or add controls with a range."


@dataclass(frozen=True)
class Knob:
    """An unwired input with its safe range, ``low`` < ``high`` in the unit of the input, along ``taper``.

    ``name`` is that of its control, or ``target``, the input as ``"voice/osc.frequency"``. ``steps`` are its class
    values, () if it takes any. ``value`` is the present one: a number, or a list with one number per lane or member, of
    which only the one numbered ``lane`` varies unless it is None.
    """

    name: str
    target: str
    low: float
    high: float
    taper: str
    value: Any
    steps: tuple[float, ...] = ()
    lane: int | None = None

    def random_value(self, seed: int) -> Any:
        """Return a random value in the form of the present one. It depends on seed and target only."""
        if not isinstance(self.value, list):
            return self._number(seed, 0)
        varied = range(len(self.value)) if self.lane is None else (self.lane,)
        return [self._number(seed, i) if i in varied else number for i, number in enumerate(self.value)]

    def _number(self, seed: int, lane: int) -> float:
        rng = random.Random(f"{seed} {self.target} {lane}")
        if self.steps:
            return rng.choice(self.steps)
        return value_at(rng.random(), self.low, self.high, self.taper)


def random_values(knobs: Sequence[Knob], seed: int) -> SetParams:
    """Return the action that sets knobs to random values, uniform along their tapers. Equal seeds give equal values.

    Raises PatchError without knobs.
    """
    if not knobs:
        raise PatchError(NO_KNOBS)
    values: dict[str, Any] = {}
    for knob in knobs:
        drawn = knob.random_value(seed)
        if knob.lane is not None and knob.target in values:  # another control of the same input
            values[knob.target][knob.lane] = drawn[knob.lane]
        else:
            values[knob.target] = drawn
    return SetParams(values)


def knobs_of_patch(
    document: Document, nodes: Collection[str] | None = None, file: Path | None = None, allow_outside: bool = False
) -> tuple[Knob, ...]:
    """Return the knobs of nodes; without nodes, those that controls set, or those of all blocks if there are none.

    Raises PatchError for an unknown node.
    """
    if nodes:
        return safe_knobs(document, nodes, file, allow_outside)
    knobs = safe_knobs(document, None, file, allow_outside)
    return tuple(knob for knob in knobs if knob.name != knob.target) or knobs


def safe_knobs(
    document: Document, nodes: Collection[str] | None = None, file: Path | None = None, allow_outside: bool = False
) -> tuple[Knob, ...]:
    """Return the knobs of nodes, such as "osc" or "voice/osc", with all nodes in them; by default of all nodes.

    ``file`` is the file of the patch. Raises PatchError for an unknown node.
    """
    chosen = None if nodes is None else [_place(document, name) for name in nodes]
    controlled = _controlled(document, file, allow_outside)
    found: list[Knob] = []
    for place, record, wired, location in _nodes_in(document, PatchLocation(file, allow_outside)):
        if chosen is not None and not any(place[: len(one)] == one for one in chosen):
            continue
        for name, port in spec_of(record, location).inputs.items():
            if name in wired or port.unit == "gate":
                continue
            target = f"{'/'.join(place)}.{name}"
            value = record.params.get(name, port.default)
            if target in controlled:
                found += [knob for knob in controlled[target] if _fits(knob, value)]
            elif (limits := _safe_range(port)) is not None:
                found.append(Knob(target, target, *limits, port.taper, value))
    return tuple(found)


def _place(document: Document, name: str) -> Place:
    path, id = locate(document, name)
    document.nested(path).node(id)
    return (*path, id)


def _nodes_in(
    document: Document, location: PatchLocation, path: Place = ()
) -> Iterator[tuple[Place, NodeRecord, set[str], PatchLocation]]:
    """Yield the nodes that are stored in a document, with the names of their wired inputs."""
    wired: dict[str, set[str]] = {}
    for wire in document.wires:
        wired.setdefault(wire.target, set()).add(wire.target_port)
    for id, record in document.nodes.items():
        yield (*path, id), record, wired.get(id, set()), location
        if record.patch is not None:
            inner = PatchLocation(location.file, location.allow_outside, location.parents, location.depth + 1)
            yield from _nodes_in(record.patch, inner, (*path, id))


def _controlled(document: Document, file: Path | None, allow_outside: bool) -> dict[str, list[Knob]]:
    """Return the knobs that controls set, by target; none of those whose range is empty or does not fit."""
    found: dict[str, list[Knob]] = {}
    for name, control in document.controls.items():
        try:
            declared = control_parameter(document, control, file, allow_outside)
        except PatchError:  # the control of a removed input
            continue
        limits = _limits(control, declared)
        if limits is None:
            continue
        low, high = limits
        steps = tuple(value for value in step_values_of(declared, control) if low <= value <= high)
        useless = low >= high or (control.steps is not None and not steps) or (declared.taper == "log" and low <= 0.0)
        known = found.setdefault(control.target, [])
        if useless or range_problem(declared, control) or any(knob.lane in (None, control.lane) for knob in known):
            continue
        path, id = locate(document, declared.node)
        value = document.nested(path).nodes[id].params.get(declared.port, declared.declared.default)
        known.append(Knob(name, control.target, low, high, declared.taper, value, steps, control.lane))
    return found


def _limits(control: Control, parameter: Parameter) -> tuple[float, float] | None:
    """Return the range of a control, of levels the part up to unity gain; the safe one if it declares none."""
    port = parameter.declared
    if control.min is None and control.max is None and control.steps is None:
        return _safe_range(port)
    low, high = sorted((parameter.low, parameter.high))
    return (low, min(high, LEVEL_UNITS.get(port.unit, 1.0))) if _is_level(port) else (low, high)


def _fits(knob: Knob, value: Any) -> bool:
    """Return whether the present value has the lane of a knob."""
    return knob.lane is None or (isinstance(value, list) and knob.lane < len(value))


def _is_level(port: In) -> bool:
    return port.unit in LEVEL_UNITS or port.name.startswith(LEVEL_NAMES)


def _safe_range(port: In) -> tuple[float, float] | None:
    """Return the part of the range of an input without a control that is safe, or None."""
    if _is_level(port) or not port.smooth or port.unit in OTHER_UNITS:
        return None
    low, high = port.min, port.max
    if port.unit == "Hz" and abs(port.default) >= SLOWEST_AUDIBLE:
        low, high = max(low, AUDIBLE[0]), min(high, AUDIBLE[1])
    elif port.unit == "Hz":
        low, high = max(low, -SLOWEST_AUDIBLE), min(high, SLOWEST_AUDIBLE)
    elif port.name == "feedback":
        low, high = max(low, -MAX_FEEDBACK), min(high, MAX_FEEDBACK)
    elif port.name == "resonance":
        high = min(high, MAX_RESONANCE.get(port.unit, high))
    return (low, high) if low < high else None
