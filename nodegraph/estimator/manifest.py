"""The files that describe a data set folder: its settings, and the manifest of a complete one with its hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import write_atomic
from nodegraph.files.safetensors import TensorFileError, map_arrays
from nodegraph.patch import encode_patch

from .dataset_settings import DatasetError, DatasetSettings
from .shards import HINT, is_valid, shard_path

SETTINGS_FILE, MANIFEST_FILE, PATCH_FILE = "dataset.json", "manifest.json", "patch.json"
NAMES = {
    "patch_sha256": "patch",
    "nodegraph": "version of nodegraph",
    "parameters": "choice of parameters",
    "seconds": "duration",
    "only_classes": "choice of values",
    "shard_rows": "number of rows in a file",
}


def claim_folder(settings: DatasetSettings, folder: Path) -> None:
    """Create a data set folder, or check that an existing one has the same settings and at most as many examples.

    Raises DatasetError if it contains another data set or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = read_json(folder / SETTINGS_FILE)
        description = json.loads(json.dumps(settings.description))
        if known is not None:
            differing = [name for name in description if known.get(name) != description[name]]
            if differing:
                name = NAMES.get(differing[0], differing[0])
                raise DatasetError(f"{folder}: contains a data set with another {name}. Choose another folder.")
            if known.get("count", 0) > settings.count:
                raise DatasetError(
                    f"{folder}: contains a data set of {known['count']} examples. Ask for as many, or for more."
                )
        content = description | {"count": settings.count}
        if known != content:
            write_atomic(folder / PATCH_FILE, encode_patch(settings.document))
            write_atomic(folder / SETTINGS_FILE, _encode(content))
    except OSError as error:
        raise DatasetError(f"{folder}: could not be written ({error.strerror}). {HINT}") from None


def missing_shards(settings: DatasetSettings, folder: Path) -> list[int]:
    """Return the shards that are not complete: the work that is left."""
    return [shard for shard in range(settings.shards) if not is_valid(settings, folder, shard)]


def write_manifest(settings: DatasetSettings, folder: Path) -> str:
    """Write the manifest of a complete data set; return its SHA-256. Equal settings give equal manifests.

    Raises DatasetError if it cannot be written.
    """
    shards = [
        {
            "file": shard_path(folder, shard).name,
            "rows": [settings.rows(shard).start, settings.rows(shard).stop],
            "sha256": file_digest(shard_path(folder, shard)),
        }
        for shard in range(settings.shards)
    ]
    data = _encode(settings.description | {"count": settings.count, "shards": shards})
    try:
        write_atomic(folder / MANIFEST_FILE, data)
    except OSError as error:
        raise DatasetError(f"{folder}: could not be written ({error.strerror}). {HINT}") from None
    return hashlib.sha256(data).hexdigest()


def verify(folder: Path) -> list[str]:
    """Return one line for each file of a data set that differs from the manifest.

    Raises DatasetError if there is no manifest.
    """
    manifest = read_json(folder / MANIFEST_FILE)
    if manifest is None:
        raise DatasetError(f"{folder}: has no manifest, so the data set is incomplete. Run the command that makes it.")
    found = []
    for shard in manifest["shards"]:
        path = folder / shard["file"]
        if not path.is_file():
            found.append(f"{path}: missing. Run the command that makes the data set.")
        elif file_digest(path) != shard["sha256"]:
            found.append(f"{path}: differs from the manifest. Delete it and run the command that makes the data set.")
        elif manifest["form"].startswith("audio"):
            found += _sound_problems(path, manifest, shard["rows"])
    return found


def _sound_problems(path: Path, manifest: dict[str, Any], rows: list[int]) -> list[str]:
    try:
        digests = map_arrays(path)[0]["digests"]
    except TensorFileError as error:
        return [f"{path}: {error}. Delete it and run the command that makes the data set."]
    found = []
    for row, digest in zip(range(*rows), digests, strict=True):
        suffix = manifest["form"].removeprefix("audio-")
        sound = path.parent / f"audio-{row // manifest['shard_rows']:05d}" / f"{row:08d}.{suffix}"
        if not sound.is_file() or hashlib.sha256(sound.read_bytes()).digest() != digest.tobytes():
            found.append(f"{sound}: missing or changed. Delete {path.name} and run the command again.")
    return found


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """Return the content of a JSON file of a data set, None without the file. Raises DatasetError if it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise DatasetError(f"{path}: damaged. Delete it and run the command that makes the data set.") from None


def _encode(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
