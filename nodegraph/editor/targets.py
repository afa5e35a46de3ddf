"""What a command is for: the wire or the value that it was given, or the one that is selected."""

from __future__ import annotations

from .desk import Desk
from .view import WireKey

PortKey = tuple[str, str]  # node and port


def wire_of(desk: Desk, argument: object) -> WireKey | None:
    """The wire that a command is for: the one given, or the only one selected."""
    if isinstance(argument, tuple) and len(argument) == 2:
        return argument
    return next(iter(desk.selection.wires)) if len(desk.selection.wires) == 1 else None


def target_of(desk: Desk, argument: object) -> PortKey | None:
    """The parameter that a command is for: the one given, or that under the keyboard."""
    return argument if isinstance(argument, tuple) and len(argument) == 2 else focused(desk)


def focused(desk: Desk) -> PortKey | None:
    """The parameter under the keyboard."""
    focus = desk.selection.focus
    if focus is None or focus.output or focus.node not in desk.document.nodes:
        return None
    return focus.node, focus.port
