"""Edits of nodes: added, removed, renamed, replaced."""

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
    """A new node at the end of the document; ``at`` places it (pixels at zoom 1).

    ``patch`` is the nested document of a subpatch as plain data, as it stands in a file.
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
            raise PatchError(f"there is a node {quote(self.id)} already. Choose another id.")
        record = record_of(self.id, self.type, self.version, self.params, self.extra)
        if self.patch is not None:
            record = replace(record, patch=document_of(self.patch, self.id))
        document = replace(document, nodes={**document.nodes, self.id: record})
        return document if self.at is None else Move(self.id, *self.at).apply(document)


class RemoveNode(Action, frozen=True, tag="remove_node"):
    """A node goes, and with it its wires, its place, its look and the controls that turn it."""

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
    """Another id for a node, in its wires, controls, snapshots, look and place as well."""

    id: str
    new: str

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        if self.new == self.id:
            return document
        named(self.new)
        if self.new in document.nodes:
            raise PatchError(f"there is a node {quote(self.new)} already. Choose another id.")

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
    """Another type for a node, which keeps its id, place and the wires that fit.

    ``inputs`` and ``outputs`` name the ports of the new type; wires and controls on other ports are
    dropped (``None``: all fit). ``params`` are the new ones (``None``: those it had).
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
            leaves = fits(wire.source, wire.source_port, self.outputs)
            return leaves and fits(wire.target, wire.target_port, self.inputs)

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
    """A record with all that it holds checked."""
    if not type or len(type) > 200 or not type.isprintable():
        raise PatchError(f"node {quote(id)}: {quote(type)} is no type of node. Name one such as 'sine'.")
    if version < 1:
        raise PatchError(f"node {quote(id)}: the version of a type is 1 or more, got {version}.")
    return NodeRecord(type, version, plain_value(params, id), extra)
