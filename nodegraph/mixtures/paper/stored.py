"""Results of single computations as JSON files, so that an interrupted run resumes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import write_atomic
from nodegraph.files.folders import delete_files

from ..errors import MixtureError

Result = dict[str, Any]


def stored(folder: Path, label: str, identity: object, compute: Callable[[Path], Result]) -> Result:
    """Return the result with the label and identity in a folder, or compute and store it.

    ``compute`` gets the path of the result without its suffix, for files beside it. Raises MixtureError if ``folder``
    is not writable.
    """
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    path = folder / f"{label}-{key}"
    file = path.with_name(path.name + ".json")
    if (found := _read(file)) is not None:
        return found
    found = compute(path)
    try:
        write_atomic(file, json.dumps(found, indent=1).encode())
    except OSError as error:
        raise unwritable(folder, error) from None
    return found


def unwritable(folder: Path, error: OSError) -> MixtureError:
    """Return the error of a folder that cannot be written to."""
    return MixtureError(f"{folder}: not writable ({error.strerror or error}). Choose another --folder.")


def delete_results(folder: Path) -> None:
    """Remove the stored results, sounds and checkpoints in a folder."""
    delete_files(folder, (".json", ".wav", ".checkpoint"))


def _read(file: Path) -> Result | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
