"""Edits of wires."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..document import Document, Wire
from ..errors import PatchError, quote
from .base import Action, parse_port_ref, resolve_port_ref, wire_between
from .nodes import AddNode


class Connect(Action, frozen=True, tag="connect"):
    """Add a wire from ``source`` ("osc1.out") to ``target`` ("lp1.audio")."""

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
                f"{wire.source_ref} → {wire.target_ref} already exists. To double the signal, increase its gain."
            )
        return replace(document, wires=(*document.wires, wire))


class Disconnect(Action, frozen=True, tag="disconnect"):
    """Remove the wire from ``source`` to ``target``."""

    source: str
    target: str

    def apply(self, document: Document) -> Document:
        wire = existing_wire(self.source, self.target, document)
        return replace(document, wires=tuple(other for other in document.wires if other is not wire))


class SetFeedback(Action, frozen=True, tag="set_feedback"):
    """Set or clear the feedback mark of the wire from ``source`` to ``target``; the order of wires is unchanged."""

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
    """Insert a node into the wire from ``source`` to ``target``, by its ``input`` and ``output``.

    The node is new if ``type`` is given; an empty ``type`` inserts the existing node ``id``. A feedback mark moves to
    the second wire.
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
            raise PatchError(f"{quote(id)} is already at one end of that wire. Insert another node.")
        halves = [replace(wire, target=id, target_port=input, feedback=False)]
        halves.append(Wire(id, output, wire.target, wire.target_port, wire.feedback))
        for half in halves:
            if wire_between(half.source_ref, half.target_ref, document):
                raise PatchError(f"{half.source_ref} → {half.target_ref} already exists. Remove that wire first.")
        wires = [w for old in document.wires for w in (halves if old is wire else [old])]
        return replace(document, wires=tuple(wires))


def existing_wire(source: str, target: str, document: Document) -> Wire:
    """Return the wire between two port_refs. Raises :class:`PatchError` if there is none."""
    wire = wire_between(source, target, document)
    if wire is None:
        raise PatchError(f"no wire from {quote(source)} to {quote(target)}. Check the port names.")
    return wire
