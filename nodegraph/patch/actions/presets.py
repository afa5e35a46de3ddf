"""Edits of presets of blocks and of snapshots of the patch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..change import LOOK
from ..document import Document, Preset, Snapshot
from ..errors import InvalidValue, PatchError, quote
from ..names import check_name
from .base import Action, named, parse_port_ref, plain_value, without


class SetPreset(Action, frozen=True, tag="set_preset"):
    """Add a preset for nodes of ``type``, or replace the one with this name."""

    kind = LOOK

    type: str
    name: str
    params: dict[str, Any]
    version: int = 1

    def apply(self, document: Document) -> Document:
        named(self.name, "name")
        record_type = self.type if self.type and self.type.isprintable() else ""
        if not record_type:
            raise PatchError(f"{quote(self.type)} is not a node type. Name one such as 'sine'.")
        key = self.type, self.name
        old = document.presets.get(key)
        params = plain_value(self.params, f"preset {quote(self.name)}")
        if self.version < 1:
            raise PatchError(f"preset {quote(self.name)}: the version must be 1 or more, got {self.version}.")
        preset = Preset(self.type, self.name, params, self.version, old.extra if old else {})
        return replace(document, presets={**document.presets, key: preset})


class RemovePreset(Action, frozen=True, tag="remove_preset"):
    """Remove a preset; nodes are not changed."""

    kind = LOOK

    type: str
    name: str

    def apply(self, document: Document) -> Document:
        key = self.type, self.name
        if key not in document.presets:
            raise PatchError(f"unknown preset {quote(self.name)} for {self.type}. See the patch's presets.")
        return replace(document, presets=without(document.presets, key))


class SetSnapshot(Action, frozen=True, tag="set_snapshot"):
    """Add a snapshot, or replace the one with this name.

    ``values`` are by port_ref; ``None`` stores all parameters that are set in the patch and its subpatches.
    """

    kind = LOOK

    name: str
    values: dict[str, Any] | None = None

    def apply(self, document: Document) -> Document:
        named(self.name, "name")
        values = dict(all_params(document)) if self.values is None else self.values
        for port_ref in values:
            parse_port_ref(port_ref)
        values = plain_value(values, f"snapshot {quote(self.name)}")
        old = document.snapshots.get(self.name)
        snapshot = Snapshot(self.name, values, old.extra if old else {})
        return replace(document, snapshots={**document.snapshots, self.name: snapshot})


class RemoveSnapshot(Action, frozen=True, tag="remove_snapshot"):
    """Remove a snapshot; parameters are not changed."""

    kind = LOOK

    name: str

    def apply(self, document: Document) -> Document:
        if self.name not in document.snapshots:
            raise PatchError(f"unknown snapshot {quote(self.name)}. See the patch's snapshots.")
        return replace(document, snapshots=without(document.snapshots, self.name))


def all_params(document: Document, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the port_ref and value of every parameter that is set, nested documents included."""
    for id, record in document.nodes.items():
        for port, value in record.params.items():
            if _is_port_ref(port):
                yield f"{prefix}{id}.{port}", value
        if record.patch is not None:
            yield from all_params(record.patch, f"{prefix}{id}/")


def _is_port_ref(port: str) -> bool:
    """Return whether ``port`` is valid in a port_ref; files of other programs may contain any text."""
    try:
        return bool(check_name(port))
    except InvalidValue:
        return False
