"""Edits of parameters: the values of inputs, and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..change import VALUES, Change, ValueChange
from ..document import Document, NodeRecord, Path, locate
from .base import Action, named, parse_port_ref, plain_value, without


class SetParam(Action, frozen=True, tag="set_param"):
    """A parameter of a node: the value of an input, or a setting.

    ``merge=True`` makes it one undo step with the setting of the same port right before it: the
    first move of a slider says False, all others until the release True.
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
    """A parameter goes back to its default."""

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
    """Many parameters at once, by end: ``{"filter.cutoff": 800, "voice/osc.detune": 3}``.

    Ends may lead into nested documents; ``None`` sets a parameter back to its default. ``merge=True`` makes it one
    undo step with the setting of the same parameters right before it.
    """

    values: dict[str, Any]
    merge: bool = False

    def apply(self, document: Document) -> Document:
        for end, value in self.values.items():
            node, port = parse_port_ref(end)
            path, id = locate(document, node)
            nested = document.nested(path)
            action = ClearParam(id, port) if value is None else SetParam(id, port, value)
            after = action.apply(nested)
            if after is not nested:
                document = document.with_nested(path, after)
        return document

    def change(self, document: Document) -> Change:
        after, ends = self.apply(document), []
        for end in self.values:
            node, port = parse_port_ref(end)
            path, id = locate(document, node)
            ends.append((path, id, port))
        return _values(document, after, *ends)

    def merges_with(self, previous: Action) -> bool:
        return self.merge and isinstance(previous, SetParams) and previous.values.keys() == self.values.keys()


def _values(before: Document, after: Document, *parameters: tuple[Path, str, str]) -> Change:
    """A change of parameters (path, node, port) to what they are in ``after``."""
    values = [(*end, after.nested(end[0]).nodes[end[1]].params.get(end[2])) for end in parameters]
    return Change(before, after, VALUES, tuple(map(ValueChange._make, values)))


def with_param(record: NodeRecord, port: str, value: Any) -> NodeRecord:
    """The record with one parameter set."""
    return replace(record, params={**record.params, port: value})
