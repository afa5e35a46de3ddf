"""Recipe files: TOML files that are found by name in a folder, or by path, and describe one type."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nodegraph.patch.errors import suggest

MAX_FILE_BYTES = 1 << 20

R = TypeVar("R", bound=msgspec.Struct)


def files_in(folder: Path) -> dict[str, Path]:
    """Return the recipes in a folder: name → file."""
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_recipe(
    recipe: str | os.PathLike[str], kind: type[R], known: dict[str, Path], error: type[Exception]
) -> tuple[R, Path]:
    """Return a recipe, by its name in ``known`` or from a .toml file, and its file. Its entry ``name`` is the file's.

    Raises ``error`` with one line for the user.
    """
    path = known.get(str(recipe)) or Path(recipe)
    if not path.is_file():
        hint = suggest(str(path), known) or f" Recipes are {', '.join(known)}."
        raise error(f"recipe '{path}': not found.{hint}")
    try:
        found = msgspec.convert(tomllib.loads(read_text(path)), kind)
    except (OSError, ValueError, RecursionError) as problem:
        raise error(f"{path}: invalid recipe ({reason_of(problem)}). Correct the file.") from None
    named: Any = msgspec.structs.replace(found, name=path.stem)
    return named, path


def read_text(path: Path) -> str:
    """Return the text of a file. Raises OSError, or ValueError if it is not UTF-8 or has more than 1 MiB."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"more than {MAX_FILE_BYTES} bytes")
    return data.decode()


def reason_of(problem: Exception) -> str:
    """Return in one line why a recipe file could not be read."""
    reason = (problem.strerror if isinstance(problem, OSError) else None) or str(problem) or "nested too deeply"
    return " ".join(reason.split())
