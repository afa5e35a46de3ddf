"""Migrations: conversion of older patches to the current format.

There are two tables of pure functions:

``migrations[n]``
    converts a file of format version ``n``, as plain data, to version ``n + 1``. For each one, ``tests/patch/old``
    contains a file of version ``n`` and the expected result.
``node_migrations``
    converts the nodes of one type from one version of that type to the next. If the meaning of a block's parameters
    changes, its ``version`` is increased and the migration is declared next to the block::

        node_migration("low_pass", 1, params=lambda old: {**old, "cutoff": 440 * 2 ** old["pitch"]})
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec

from .document import VERSION, Control, Document, NodeRecord, Wire
from .errors import InvalidValue, PatchError, quote
from .values import plain

Plain = dict[str, Any]


class _Version0(msgspec.Struct):
    nodes: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    wires: list[Annotated[list[str], msgspec.Meta(min_length=4, max_length=4)]] = msgspec.field(default_factory=list)


def from_version_0(old: Plain) -> Plain:
    """Convert version 0, which had nodes in an object by id, and wires as ``["osc1", "out", "lp1", "audio"]``."""
    sketch = msgspec.convert(old, _Version0)
    nodes = [{**node, "id": id} for id, node in sketch.nodes.items()]
    wires = [{"from": f"{a}.{out}", "to": f"{b}.{into}"} for a, out, b, into in sketch.wires]
    return {**old, "nodes": nodes, "wires": wires}


migrations: list[Callable[[Plain], Plain]] = [from_version_0]
assert len(migrations) == VERSION


def migrate(old: Plain, version: int) -> Plain:
    """Convert a file of format ``version`` to the current version. ``old`` is not changed.

    Raises :class:`InvalidValue` if the file is not valid in its version.
    """
    for number in range(version, VERSION):
        try:
            old = {**migrations[number](old), "version": number + 1}
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at ")
            text = f"{what.replace('`', '')} in format version {number}"
            raise InvalidValue(text, path.strip("`") or "$") from None
    return old


@dataclass(frozen=True)
class NodeMigration:
    """One migration of one type: new parameters, the new name of the type, and renamed ports."""

    params: Callable[[Plain], Plain] = dict
    type: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


node_migrations: dict[tuple[str, int], NodeMigration] = {}


def node_migration(
    type: str,
    version: int,
    *,
    params: Callable[[Plain], Plain] = dict,
    renamed: str = "",
    inputs: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
) -> None:
    """Declare how nodes of ``type`` at ``version`` become ``version + 1`` of ``renamed or type``.

    ``params`` receives the parameters, with inputs already renamed, and returns the new ones. ``inputs`` and
    ``outputs`` map old port names to new ones in parameters, wires and controls.
    """
    node_migrations[type, version] = NodeMigration(params, renamed or type, inputs or {}, outputs or {})


def migrate_nodes(document: Document, known: dict[tuple[str, int], NodeMigration] = node_migrations) -> Document:
    """Return ``document`` with every node at the latest version in ``known``; unchanged if all are.

    Load the blocks first: their modules declare the migrations. Raises :class:`PatchError` if a migration fails on
    the parameters of a node.
    """
    for id, record in document.nodes.items():
        if record.patch is not None:
            document = _migrate_nested(document, id, record, record.patch, known)
            record = document.nodes[id]
        while step := known.get((record.type, record.version)):
            record = _step_record(id, record, step)
            document = _step_document(document, id, record, step)
    return document


def _migrate_nested(
    document: Document, id: str, record: NodeRecord, patch: Document, known: dict[tuple[str, int], NodeMigration]
) -> Document:
    try:
        inner = migrate_nodes(patch, known)
    except PatchError as error:
        raise PatchError(f"in {quote(id)}: {error}") from None
    if inner is patch:
        return document
    return replace(document, nodes={**document.nodes, id: replace(record, patch=inner)})


def _step_record(id: str, record: NodeRecord, step: NodeMigration) -> NodeRecord:
    renamed = {step.inputs.get(name, name): value for name, value in record.params.items()}
    try:
        params = plain(step.params(renamed))
    except Exception as error:  # a migration is a block author's code, and params may be anything
        raise PatchError(
            f"{record.type} {quote(id)}: the parameters are not valid for version {record.version} of that type"
            f" ({type(error).__name__}: {quote(error)}). Correct them in the patch, or remove the node."
        ) from None
    return replace(record, type=step.type or record.type, version=record.version + 1, params=params)


def _step_document(document: Document, id: str, record: NodeRecord, step: NodeMigration) -> Document:
    def moved(wire: Wire) -> Wire:
        if wire.source == id and wire.source_port in step.outputs:
            wire = replace(wire, source_port=step.outputs[wire.source_port])
        if wire.target == id and wire.target_port in step.inputs:
            wire = replace(wire, target_port=step.inputs[wire.target_port])
        return wire

    def retargeted(control: Control) -> Control:
        node, _, port = control.target.partition(".")
        if node == id and port in step.inputs:
            return replace(control, target=f"{id}.{step.inputs[port]}")
        return control

    changes: dict[str, Any] = {"nodes": {**document.nodes, id: record}}
    if step.inputs or step.outputs:
        changes["wires"] = tuple(moved(wire) for wire in document.wires)
        changes["controls"] = {name: retargeted(control) for name, control in document.controls.items()}
    return replace(document, **changes)
