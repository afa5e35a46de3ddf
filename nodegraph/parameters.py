"""What can be turned from outside: the inputs of blocks, with their ranges, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from .interface import spec_of
from .node import In
from .patch import Control, Document, NodeRecord, PatchError, locate
from .patch.actions import node_and_port
from .patch.errors import suggest
from .registry import node_types
from .taper import position_of, value_at

DIGITS = 6  # of values from a controller: its 16384 positions stay apart


@dataclass(frozen=True)
class Parameter:
    """An input as a knob: all its lanes, or the members of a bank, or the one called ``lane``.

    ``node`` may lie in a subpatch (``"voice/osc"``), or be one. ``low`` to ``high`` (in ``unit``) is what the hand
    travels, ``least`` to ``most`` what the block takes.
    """

    node: str
    port: str
    lane: int | None = None
    low: float = 0.0
    high: float = 1.0
    taper: str = "linear"
    least: float = 0.0
    most: float = 1.0
    default: float = 0.0
    unit: str = ""
    bank: bool = False

    @property
    def end(self) -> str:
        """``"lp1.cutoff"``."""
        return f"{self.node}.{self.port}"

    @property
    def what(self) -> tuple[str, str, int | None]:
        """Node, port and lane."""
        return self.node, self.port, self.lane

    def value(self, position: float) -> float:
        """The value at a position of the knob, 0 to 1."""
        if self.high < self.low:
            return value_at(1.0 - position, self.high, self.low, self.taper, DIGITS)
        return value_at(position, self.low, self.high, self.taper, DIGITS)

    def position(self, value: float) -> float:
        """Where the knob stands at a value, 0 to 1."""
        if self.high < self.low:
            return 1.0 - position_of(value, self.high, self.low, self.taper)
        return position_of(value, self.low, self.high, self.taper)

    def held(self, value: float) -> float:
        """The nearest value that the block takes."""
        return min(max(value, self.least), self.most)


def node_record(document: Document, node: str) -> NodeRecord:
    """The node called ``"osc"`` or ``"voice/osc"``. Raises PatchError."""
    path, id = locate(document, node)
    return document.inside(path).nodes[id]


def parameter(
    document: Document,
    end: str,
    lane: int | None = None,
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> Parameter:
    """The parameter at ``"node.port"``. Raises PatchError, one line, if it is not an input that can be set."""
    node, port = node_and_port(end)
    record = node_record(document, node)
    if record.type not in node_types():
        raise PatchError(f"node '{node}': there is no block '{record.type}'. Install the package that has it.")
    known = spec_of(record, patch_path, allow_outside).inputs
    found = known.get(port)
    if found is None:
        raise PatchError(f"{record.type} '{node}' has no input '{port}'.{_hint(port, known)}")
    return _parameter(node, found, lane)


def control_parameter(
    document: Document, control: Control, patch_path: Path | None = None, allow_outside: bool = False
) -> Parameter:
    """The parameter that a control turns, with the control's range. Raises PatchError."""
    found = parameter(document, control.target, control.lane, patch_path, allow_outside)
    low = found.least if control.min is None else control.min
    high = found.most if control.max is None else control.max
    whole = control.min is None and control.max is None and control.taper == "linear"
    return replace(found, low=low, high=high, taper=found.taper if whole else control.taper)


def _parameter(node: str, port: In, lane: int | None) -> Parameter:
    return Parameter(
        node,
        port.name,
        lane,
        port.min,
        port.max,
        port.taper,
        port.min,
        port.max,
        port.default,
        port.unit,
        bool(port.bank),
    )


def _hint(port: str, known: dict[str, In]) -> str:
    if not known:
        return " It has none."
    return suggest(port, known) or f" It has {', '.join(known)}."
