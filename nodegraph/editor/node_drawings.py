"""Drawings of nodes that depend on values, not on sound: each is made again only when these have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from nodegraph.node import In
from nodegraph.patch import Document

from .desk import Desk, State
from .view import Drawing


class NodeDrawings(State):
    """The last drawing of each node with what it was made from, and the sources of all wires of a document."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[Any, Drawing | None]] = {}
        self.document: Document | None = None
        self.sources: dict[tuple[str, str], list[str]] = {}
        self.failures: set[str] = set()  # messages that were shown


def last_drawing(desk: Desk, key: str, origin: Any, make: Callable[[], Drawing | None]) -> Drawing | None:
    """Return the drawing of a node: the same object while ``origin``, all that it is made from, is equal."""
    made = desk.state(NodeDrawings).made
    if key not in made or made[key][0] != origin:
        made[key] = origin, make()
    return made[key][1]


def wired_sources(desk: Desk) -> dict[tuple[str, str], list[str]]:
    """Return the outputs that are wired to each (node, input) of the displayed document."""
    state = desk.state(NodeDrawings)
    if state.document is not desk.document:
        state.document, state.sources = desk.document, {}
        for wire in desk.document.wires:
            state.sources.setdefault((wire.target, wire.target_port), []).append(wire.source_ref)
    return state.sources


def arrived_values(desk: Desk, id: str, names: Iterable[str]) -> dict[str, list[float]]:
    """Return the sum of the latest values of the wires of these inputs, one for each lane; [] if none is known."""
    sources = wired_sources(desk)
    return {name: _sum_of(desk, sources.get((id, name), ())) for name in names}


def _sum_of(desk: Desk, sources: Sequence[str]) -> list[float]:
    values = [desk.sound.value(desk.flat_id(source)) for source in sources]
    known = [np.asarray(value, np.float64) for value in values if value is not None and len(value)]
    found: list[float] = np.nan_to_num(sum(known[1:], known[0])).tolist() if known else []
    return found


def input_values(port: In, params: dict[str, Any], settings: dict[str, Any], arrived: list[float]) -> np.ndarray:
    """Return the values of an input: one for each lane, or for each member of a bank."""
    given = params.get(port.name, port.default)
    found = np.atleast_1d(np.asarray(given if _is_numeric(given) else port.default, np.float64))
    if arrived:
        found = np.array(arrived)
    if not port.bank:
        return found
    members = int(settings.get(port.bank, len(found)))
    rest = found[0] if len(found) == 1 else port.default
    return np.concatenate([found[:members], np.full(max(members - len(found), 0), rest)])


def _is_numeric(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, int | float) for item in items)
