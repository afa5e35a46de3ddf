"""Edits of parameters: the values of inputs, and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..change import Change
from ..document import Document, NodeRecord, Path, locate
from .base import Action, named, parse_port_ref, plain_value, without


class SetParam(Action, frozen=True, tag="set_param"):
    """Set a parameter of a node: the value of an input, or a setting.

    ``merge=True`` makes it one undo step with the preceding set of the same port: for the drag of a slider, it is
    False for the first move and True for all others.
    """

    node: str
    port: str
    value: Any
    merge: bool = False

    def apply(self, document: Document) -> Document:
        record = document.node(self.node)
        named(self.port, "port")
        value = plain_value(self.value, f"{self.node}.{self.port}")
        old = record.params.get(self.port)
        if type(old) is type(value) and old == value and isinstance(value, int | float | str):
            return document
        return replace(document, nodes={**document.nodes, self.node: with_param(record, self.port, value)})

    def change(self, document: Document) -> Change:
        return _values(document, self.apply(document), ((), self.node, self.port))

    def merges_with(self, previous: Action) -> bool:
        same = isinstance(previous, SetParam) and (previous.node, previous.port) == (self.node, self.port)
        return self.merge and same


class ClearParam(Action, frozen=True, tag="clear_param"):
    """Reset a parameter to its default."""

    node: str
    port: str

    def apply(self, document: Document) -> Document:
        record = document.node(self.node)
        if self.port not in record.params:
            return document
        record = replace(record, params=without(record.params, self.port))
        return replace(document, nodes={**document.nodes, self.node: record})

    def change(self, document: Document) -> Change:
        return _values(document, self.apply(document), ((), self.node, self.port))


class SetParams(Action, frozen=True, tag="set_params"):
    """Set several parameters by port_ref: ``{"filter.cutoff": 800, "voice/osc.detune": 3}``.

    They may be in nested documents; ``None`` resets a parameter to its default. ``merge=True`` makes it one undo step
    with the preceding set of the same parameters.
    """

    values: dict[str, Any]
    merge: bool = False

    def apply(self, document: Document) -> Document:
        for port_ref, value in self.values.items():
            node, port = parse_port_ref(port_ref)
            path, id = locate(document, node)
            nested = document.nested(path)
            action = ClearParam(id, port) if value is None else SetParam(id, port, value)
            after = action.apply(nested)
            if after is not nested:
                document = document.with_nested(path, after)
        return document

    def change(self, document: Document) -> Change:
        after, parameters = self.apply(document), []
        for port_ref in self.values:
            node, port = parse_port_ref(port_ref)
            path, id = locate(document, node)
            parameters.append((path, id, port))
        return _values(document, after, *parameters)

    def merges_with(self, previous: Action) -> bool:
        return self.merge and isinstance(previous, SetParams) and previous.values.keys() == self.values.keys()


def _values(before: Document, after: Document, *parameters: tuple[Path, str, str]) -> Change:
    """Return a change of parameters (path, node, port) to their values in ``after``."""
    return Change.of_values(before, after, parameters)


def with_param(record: NodeRecord, port: str, value: Any) -> NodeRecord:
    """Return the record with one parameter set."""
    return replace(record, params={**record.params, port: value})
