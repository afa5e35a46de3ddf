"""Presets of blocks in a folder of the user's, for every patch: one JSON file for each type."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import write_atomic

from .actions import Replace
from .document import Document, NodeRecord, Preset
from .errors import InvalidValue, PatchError, quote
from .migrations import migrate_nodes
from .names import check_name
from .values import plain

MAX_BYTES = 4 * 2**20  # bytes of one file


def user_presets_folder() -> Path:
    """``$NODEGRAPH_PRESETS``, else the platform's data folder."""
    if "NODEGRAPH_PRESETS" in os.environ:
        return Path(os.environ["NODEGRAPH_PRESETS"])
    from platformdirs import user_data_path

    return user_data_path("nodegraph") / "presets"


def presets_for(document: Document, type: str, folder: Path | None = None) -> list[Preset]:
    """Presets for nodes of ``type``: those of the patch, then the user's own."""
    own = [preset for preset in document.presets.values() if preset.type == type]
    names = {preset.name for preset in own}
    return own + [preset for preset in UserPresets(folder).list(type) if preset.name not in names]


def preset_action(document: Document, id: str, preset: Preset) -> Replace:
    """The action that gives a node the parameters of a preset; its wires stay.

    Raises :class:`PatchError` where the preset is for another type.
    """
    record = document.node(id)
    kept = NodeRecord(preset.type, preset.version, preset.params)
    kept = migrate_nodes(Document({id: kept})).nodes[id]
    if record.type != kept.type:
        raise PatchError(f"preset {quote(preset.name)} is for a {preset.type}; {quote(id)} is a {record.type}.")
    return Replace(id, kept.type, kept.version, kept.params)


class UserPresets:
    """The user's presets."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_presets_folder()

    def list(self, type: str) -> list[Preset]:
        """Presets for nodes of ``type``; none where the file cannot be read."""
        return [Preset(type, name, one["params"], one["version"]) for name, one in self._read(type).items()]

    def save(self, preset: Preset) -> None:
        """Keep a preset, instead of the one of that name. Raises :class:`PatchError`, one line, if it cannot be."""
        try:
            name, params = check_name(preset.name, "name"), plain(preset.params)
        except InvalidValue as fault:
            raise PatchError(f"preset {quote(preset.name)}: {fault.text}.") from None
        self._write(preset.type, {**self._read(preset.type), name: {"version": preset.version, "params": params}})

    def remove(self, type: str, name: str) -> None:
        """Throw a preset away. Raises :class:`PatchError` when there is none of that name."""
        kept = self._read(type)
        if name not in kept:
            raise PatchError(f"there is no preset {quote(name)} for {type}.")
        del kept[name]
        self._write(type, kept)

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
            reason = error.strerror or "it cannot be written"
            raise PatchError(f"{path}: the preset is not kept ({reason}). Choose another folder.") from None
