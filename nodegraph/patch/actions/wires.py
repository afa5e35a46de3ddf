"""Edits of wires."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..document import Document, Wire
from ..errors import PatchError, quote
from .base import Action, parse_port_ref, resolve_port_ref, wire_between
from .nodes import AddNode


class Connect(Action, frozen=True, tag="connect"):
    """A wire from ``source`` ("osc1.out") to ``target`` ("lp1.audio")."""

    source: str
    target: str
    feedback: bool = False
    extra: dict[str, str] = {}

    def apply(self, document: Document) -> Document:
        wire = Wire(
            *resolve_port_ref(self.source, document),
            *resolve_port_ref(self.target, document),
            self.feedback,
            self.extra,
        )
        if wire_between(wire.source_ref, wire.target_ref, document):
            raise PatchError(
                f"{wire.source_ref} → {wire.target_ref} is wired already. To hear it twice, turn up its gain."
            )
        return replace(document, wires=(*document.wires, wire))


class Disconnect(Action, frozen=True, tag="disconnect"):
    """The wire from ``source`` to ``target`` goes."""

    source: str
    target: str

    def apply(self, document: Document) -> Document:
        wire = existing_wire(self.source, self.target, document)
        return replace(document, wires=tuple(other for other in document.wires if other is not wire))


class SetFeedback(Action, frozen=True, tag="set_feedback"):
    """The wire from ``source`` to ``target`` closes a loop, or does so no more; it keeps its place among the wires."""

    source: str
    target: str
    feedback: bool = True

    def apply(self, document: Document) -> Document:
        wire = existing_wire(self.source, self.target, document)
        if wire.feedback == self.feedback:
            return document
        changed = replace(wire, feedback=self.feedback)
        return replace(document, wires=tuple(changed if other is wire else other for other in document.wires))


class InsertOnWire(Action, frozen=True, tag="insert_on_wire"):
    """A node on a wire: what runs from ``source`` to ``target`` goes into its ``input`` and out of its ``output``.

    A new node of ``type``, or with an empty ``type`` the node ``id`` that is there. A feedback mark goes to the
    second half.
    """

    source: str
    target: str
    id: str
    type: str
    input: str
    output: str
    version: int = 1
    params: dict[str, Any] = {}
    at: tuple[float, float] | None = None

    def apply(self, document: Document) -> Document:
        wire = existing_wire(self.source, self.target, document)
        if self.type:
            document = AddNode(self.id, self.type, self.version, self.params, self.at).apply(document)
        id, input = resolve_port_ref(f"{self.id}.{self.input}", document)
        _, output = parse_port_ref(f"{self.id}.{self.output}")
        if id in (wire.source, wire.target):
            raise PatchError(f"{quote(id)} is at an end of that wire already. Insert another node.")
        halves = [replace(wire, target=id, target_port=input, feedback=False)]
        halves.append(Wire(id, output, wire.target, wire.target_port, wire.feedback))
        for half in halves:
            if wire_between(half.source_ref, half.target_ref, document):
                raise PatchError(f"{half.source_ref} → {half.target_ref} is wired already. Remove that wire first.")
        wires = [w for old in document.wires for w in (halves if old is wire else [old])]
        return replace(document, wires=tuple(wires))


def existing_wire(source: str, target: str, document: Document) -> Wire:
    """The wire between two ends. Raises :class:`PatchError` when there is none."""
    wire = wire_between(source, target, document)
    if wire is None:
        ends = f"from {quote(source)} to {quote(target)}"
        raise PatchError(f"no wire runs {ends}. Look at the wires of the patch.")
    return wire
