"""The target of a command: the given wire or parameter, or the selected one."""

from __future__ import annotations

from .desk import Desk
from .view import WireKey

PortKey = tuple[str, str]  # node and port


def wire_of(desk: Desk, argument: object) -> WireKey | None:
    """Return the target wire of a command: the given one, or the only selected one."""
    if isinstance(argument, tuple) and len(argument) == 2:
        return argument
    return next(iter(desk.selection.wires)) if len(desk.selection.wires) == 1 else None


def target_of(desk: Desk, argument: object) -> PortKey | None:
    """Return the target parameter of a command: the given one, or the focused one."""
    return argument if isinstance(argument, tuple) and len(argument) == 2 else focused(desk)


def focused(desk: Desk) -> PortKey | None:
    """Return the parameter with keyboard focus, or None."""
    focus = desk.selection.focus
    if focus is None or focus.output or focus.node not in desk.document.nodes:
        return None
    return focus.node, focus.port
