"""Drawings of nodes that depend on values, not on sound: each is made again only when these have changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodegraph.patch import Document

from .desk import Desk, State
from .view import Drawing


class NodeDrawings(State):
    """The last drawing of each node with what it was made from, and the sources of all wires of a document."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[Any, Drawing | None]] = {}
        self.document: Document | None = None
        self.sources: dict[tuple[str, str], list[str]] = {}


def last_drawing(desk: Desk, id: str, origin: Any, make: Callable[[], Drawing | None]) -> Drawing | None:
    """Return the drawing of a node: the same object while ``origin``, all that it is made from, is equal."""
    made = desk.state(NodeDrawings).made
    if id not in made or made[id][0] != origin:
        made[id] = origin, make()
    return made[id][1]


def wired_sources(desk: Desk) -> dict[tuple[str, str], list[str]]:
    """Return the outputs that are wired to each (node, input) of the displayed document."""
    state = desk.state(NodeDrawings)
    if state.document is not desk.document:
        state.document, state.sources = desk.document, {}
        for wire in desk.document.wires:
            state.sources.setdefault((wire.target, wire.target_port), []).append(wire.source_ref)
    return state.sources
