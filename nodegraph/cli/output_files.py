"""Checks of the files that a command writes, before it does its work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nodegraph.files.wording import argument

from .errors import CommandError


def check_folder_of(output: Path | None) -> None:
    """Raise CommandError if the folder of a file to be written is missing."""
    if output is not None and not output.absolute().parent.is_dir():
        folder = output.parent
        raise CommandError(f"{output}: folder {folder} not found. Create it: mkdir -p {argument(folder)}")


def check_not_read(outputs: Iterable[Path], files: Iterable[Path]) -> None:
    """Raise CommandError if a file to be written is one of those that are read."""
    used = [file for file in files if file.exists()]
    for output in outputs:
        if output.exists() and any(output.samefile(file) for file in used):
            raise CommandError(f"{output}: the output would overwrite a file that is in use. Choose another name.")
