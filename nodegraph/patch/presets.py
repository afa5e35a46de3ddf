"""User presets of blocks, available in every patch: a folder with one JSON file per type."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import write_atomic
from nodegraph.files.folders import user_folder

from .actions import Replace
from .document import Document, NodeRecord, Preset
from .errors import InvalidValue, PatchError, quote
from .migrations import migrate_nodes
from .names import check_name
from .values import plain

MAX_BYTES = 4 * 2**20  # bytes of one file


def user_presets_folder() -> Path:
    """Return the folder of user presets: ``$NODEGRAPH_PRESETS``, else in the platform's data folder."""
    if "NODEGRAPH_PRESETS" in os.environ:
        return Path(os.environ["NODEGRAPH_PRESETS"])
    return user_folder("data") / "presets"


def presets_for(document: Document, type: str, folder: Path | None = None) -> list[Preset]:
    """Return the presets for nodes of ``type``: those of the patch, then user presets with other names."""
    in_patch = [preset for preset in document.presets.values() if preset.type == type]
    names = {preset.name for preset in in_patch}
    return in_patch + [preset for preset in UserPresets(folder).list(type) if preset.name not in names]


def preset_action(document: Document, id: str, preset: Preset) -> Replace:
    """Return the action that sets a node's parameters to those of a preset; its wires are not changed.

    Raises :class:`PatchError` if the preset is for another type.
    """
    record = document.node(id)
    stored = NodeRecord(preset.type, preset.version, preset.params)
    stored = migrate_nodes(Document({id: stored})).nodes[id]
    if record.type != stored.type:
        raise PatchError(f"preset {quote(preset.name)} is for a {preset.type}; {quote(id)} is a {record.type}.")
    return Replace(id, stored.type, stored.version, stored.params)


class UserPresets:
    """The user presets in ``folder``, by default :func:`user_presets_folder`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_presets_folder()

    def list(self, type: str) -> list[Preset]:
        """Return the presets for nodes of ``type``; an unreadable file counts as empty."""
        return [Preset(type, name, one["params"], one["version"]) for name, one in self._read(type).items()]

    def save(self, preset: Preset) -> None:
        """Save a preset; it replaces one of the same name. Raises :class:`PatchError` if it cannot be saved."""
        try:
            name, params = check_name(preset.name, "name"), plain(preset.params)
        except InvalidValue as fault:
            raise PatchError(f"preset {quote(preset.name)}: {fault.text}.") from None
        self._write(preset.type, {**self._read(preset.type), name: {"version": preset.version, "params": params}})

    def remove(self, type: str, name: str) -> None:
        """Delete a preset. Raises :class:`PatchError` if there is none of that name."""
        presets = self._read(type)
        if name not in presets:
            raise PatchError(f"unknown preset {quote(name)} for {type}.")
        del presets[name]
        self._write(type, presets)

    def _file(self, type: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', type)[:80]}.json"

    def _read(self, type: str) -> dict[str, dict[str, Any]]:
        try:
            with self._file(type).open("rb") as file:
                found = json.loads(file.read(MAX_BYTES))
            presets = found["presets"] if found["type"] == type else {}
            return {
                str(name): {"version": int(one.get("version", 1)), "params": dict(plain(one["params"]))}
                for name, one in presets.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidValue):
            return {}

    def _write(self, type: str, presets: Mapping[str, dict[str, Any]]) -> None:
        path = self._file(type)
        text = json.dumps({"type": type, "presets": presets}, indent=1)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, text.encode())
        except OSError as error:
            reason = error.strerror or "not writable"
            raise PatchError(f"{path}: preset not saved ({reason}). Choose another folder.") from None
