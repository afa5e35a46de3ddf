"""Recipe files: TOML files that are found by name in a folder, or by path, and describe one type."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nodegraph.files.records import RecordError, read_record
from nodegraph.files.wording import suggest

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
        named: Any = msgspec.structs.replace(read_record(path, kind), name=path.stem)
    except RecordError as problem:
        raise error(str(problem)) from None
    return named, path
