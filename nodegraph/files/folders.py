"""Folders of files that the program makes: in the user's cache, and their cleaning."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return a folder in the user's cache, or that in the environment: ``NODEGRAPH_TABLES`` for "tables"."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(f"NODEGRAPH_{name.upper()}") or Path(user_cache_dir("nodegraph")) / name)


def delete_files(folder: Path, suffixes: Collection[str]) -> None:
    """Delete the files with one of the suffixes in a folder, if it exists."""
    if folder.is_dir():
        for file in folder.iterdir():
            if file.suffix in suffixes:
                file.unlink(missing_ok=True)
