"""Folders of files that the program makes, in those of the user, and their cleaning."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from .wording import argument


def user_folder(kind: str) -> Path:
    """Return the folder of nodegraph in the user's "cache", "config", "data" or "state".

    Without a home folder it would lie in the current one, which may be that of a patch from a stranger: a folder that
    cannot exist is returned instead.
    """
    import platformdirs

    try:
        found: Path = getattr(platformdirs, f"user_{kind}_path")("nodegraph")
    except RuntimeError:  # no home folder
        found = Path()
    return found if found.is_absolute() else Path(os.devnull) / "nodegraph"


def cache_folder(name: str) -> Path:
    """Return a folder in the user's cache, or that in the environment: ``NODEGRAPH_TABLES`` for "tables"."""
    return Path(os.environ.get(f"NODEGRAPH_{name.upper()}") or user_folder("cache") / name)


def delete_files(folder: Path, suffixes: Collection[str]) -> None:
    """Delete the files with one of the suffixes in a folder, if it exists."""
    if folder.is_dir():
        for file in folder.iterdir():
            if file.suffix in suffixes:
                file.unlink(missing_ok=True)


def folder_problem(path: Path) -> str:
    """Return why a file cannot be written to a path because of its folder, with the fix, or ""."""
    folder = path.parent
    if path.absolute().parent.is_dir():
        return ""
    above = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if above.exists() and not above.is_dir():
        return f"{above} is a file, not a folder. Choose another folder."
    return f"folder {folder} not found. Create it: mkdir -p {argument(folder)}"
