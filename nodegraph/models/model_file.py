"""Model files: tensors and one JSON object of metadata, read strictly and written atomically.

The format is safetensors; the metadata string ``nodegraph`` is JSON with ``format`` and ``kind``. Nothing in a file is
executed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nodegraph.files.checksums import ChecksumError
from nodegraph.files.safetensors import TensorFileError, read_tensors, write_tensors

FORMAT = 1

T = TypeVar("T")


class ModelError(Exception):
    """A model cannot be read, written or used; the message is one line."""


def read_model_file(
    path: str | os.PathLike[str],
    kind: str,
    build: Callable[[dict[str, np.ndarray], dict[str, Any]], T],
) -> T:
    """Return ``build(tensors, metadata)`` of a model file.

    Raises ModelError if the file is missing, invalid, or another one than its folder's list of checksums names.

    ``build`` raises ModelError, whose message continues a sentence that begins with the file name.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ModelError("is a folder" if path.is_dir() else "file not found")
        tensors, strings = read_tensors(path)
        return build(tensors, _metadata(strings, kind))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}). Choose a model.") from None
    except ChecksumError as error:
        raise ModelError(f"{path}: {error}.") from None
    except (TensorFileError, ModelError) as error:
        reason = str(error).rstrip(".")
        raise ModelError(f"{path}: {reason}. Choose a model made by `nodegraph train {kind}`.") from None


def write_model_file(
    path: str | os.PathLike[str], kind: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write a model file atomically. Raises ModelError if it is not writable."""
    try:
        text = json.dumps({"format": FORMAT, "kind": kind, **metadata})
        write_tensors(Path(path), tensors, {"nodegraph": text})
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ModelError(
            f"{path}: the model cannot be written ({reason}). Free disk space, or choose another folder."
        ) from None


def model_of_block(load: Callable[[str], T], settings: Mapping[str, Any]) -> T | None:
    """Return the model in the ``file`` of a block, cached until the file changes; None without a file.

    Raises ModelError as ``load`` does.
    """
    found = _loaded(load, settings["file"], settings["file_changed"]) if settings["file"] else None
    if isinstance(found, ModelError):
        raise found
    return found


def problem_of_block(read: Callable[[Mapping[str, Any]], Any], settings: Mapping[str, Any]) -> str:
    """Return the message of the ModelError that ``read(settings)`` raises, with the file's name for its path, or ""."""
    try:
        read(settings)
    except ModelError as error:
        return str(error).replace(settings["file"], f"'{Path(settings['file']).name}'").rstrip(".")
    return ""


@lru_cache(maxsize=32)
def _loaded(load: Callable[[str], Any], file: str, changed: Any) -> Any:
    try:
        return load(file)
    except ModelError as error:
        return error


def _metadata(strings: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Return the JSON metadata of a model file."""
    if "nodegraph" not in strings:
        raise ModelError("metadata 'nodegraph' is missing")
    try:
        metadata = json.loads(strings["nodegraph"])
    except (ValueError, RecursionError):
        raise ModelError("metadata 'nodegraph' is not valid JSON") from None
    if not isinstance(metadata, dict) or metadata.get("kind") != kind:
        found = metadata.get("kind") if isinstance(metadata, dict) else metadata
        raise ModelError(f"kind must be '{kind}', got {str(found)[:40]!r}")
    if metadata.get("format") != FORMAT:
        raise ModelError(
            f"has format {str(metadata.get('format'))[:20]}; this version reads {FORMAT}. Update nodegraph"
        )
    return metadata
