"""Edits of nodes: add, remove, rename, replace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..document import Control, Document, NodeRecord, Wire
from ..errors import PatchError, quote
from ..nested import document_of
from .base import Action, named, plain_value, without
from .canvas import Move
from .references import update_references


class AddNode(Action, frozen=True, tag="add_node"):
    """Add a node at the end of the document, at the position ``at`` (pixels at zoom 1).

    ``patch`` is the nested document of a subpatch, as plain data in the form of the file.
    """

    id: str
    type: str
    version: int = 1
    params: dict[str, Any] = {}
    at: tuple[float, float] | None = None
    extra: dict[str, str] = {}
    patch: dict[str, Any] | None = None

    def apply(self, document: Document) -> Document:
        named(self.id)
        if self.id in document.nodes:
            raise PatchError(f"node {quote(self.id)} already exists. Choose another id.")
        record = record_of(self.id, self.type, self.version, self.params, self.extra)
        if self.patch is not None:
            record = replace(record, patch=document_of(self.patch, self.id))
        document = replace(document, nodes={**document.nodes, self.id: record})
        return document if self.at is None else Move(self.id, *self.at).apply(document)


class RemoveNode(Action, frozen=True, tag="remove_node"):
    """Remove a node with its wires, position, look and controls."""

    id: str

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        after = replace(
            document,
            nodes=without(document.nodes, self.id),
            wires=tuple(w for w in document.wires if w.source != self.id and w.target != self.id),
            layout=without(document.layout, self.id),
            looks=without(document.looks, self.id),
        )
        return update_references(document, after)


class Rename(Action, frozen=True, tag="rename"):
    """Change the id of a node, also in its wires, controls, snapshots, look and position."""

    id: str
    new: str

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        if self.new == self.id:
            return document
        named(self.new)
        if self.new in document.nodes:
            raise PatchError(f"node {quote(self.new)} already exists. Choose another id.")

        def name(id: str) -> str:
            return self.new if id == self.id else id

        def wire(old: Wire) -> Wire:
            if self.id in (old.source, old.target):
                return replace(old, source=name(old.source), target=name(old.target))
            return old

        after = replace(
            document,
            nodes={name(id): node for id, node in document.nodes.items()},
            wires=tuple(map(wire, document.wires)),
            looks={name(id): look for id, look in document.looks.items() if id != self.new},
            layout={name(id): place for id, place in document.layout.items() if id != self.new},
        )
        return update_references(document, after)


class Replace(Action, frozen=True, tag="replace"):
    """Change the type of a node; its id, position and the wires that fit are preserved.

    ``inputs`` and ``outputs`` are the ports of the new type; wires and controls of other ports are removed (``None``:
    all fit). ``params`` are the new parameters (``None``: unchanged).
    """

    id: str
    type: str
    version: int = 1
    params: dict[str, Any] | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None

    def apply(self, document: Document) -> Document:
        old = document.node(self.id)
        params = old.params if self.params is None else self.params
        record = record_of(self.id, self.type, self.version, params, old.extra)
        if self.type == old.type:
            record = replace(record, patch=old.patch)

        def fits(node: str, port: str, ports: tuple[str, ...] | None) -> bool:
            return node != self.id or ports is None or port in ports

        def keeps_wire(wire: Wire) -> bool:
            source_fits = fits(wire.source, wire.source_port, self.outputs)
            return source_fits and fits(wire.target, wire.target_port, self.inputs)

        def targets_kept_port(control: Control) -> bool:
            node, _, port = control.target.partition(".")
            return fits(node, port, self.inputs)

        after = replace(
            document,
            nodes={**document.nodes, self.id: record},
            wires=tuple(wire for wire in document.wires if keeps_wire(wire)),
            controls={key: control for key, control in document.controls.items() if targets_kept_port(control)},
        )
        return update_references(document, after) if record.patch is not old.patch else after


def record_of(id: str, type: str, version: int, params: dict[str, Any], extra: dict[str, str]) -> NodeRecord:
    """Build a node record. Raises :class:`PatchError` for an invalid type, version or parameter."""
    if not type or len(type) > 200 or not type.isprintable():
        raise PatchError(f"node {quote(id)}: {quote(type)} is not a node type. Name one such as 'sine'.")
    if version < 1:
        raise PatchError(f"node {quote(id)}: the version must be 1 or more, got {version}.")
    return NodeRecord(type, version, plain_value(params, id), extra)
