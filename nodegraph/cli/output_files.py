"""Checks of the files that a command writes, before it does its work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nodegraph.files.folders import folder_problem

from .errors import CommandError


def check_folder_of(output: Path | None) -> None:
    """Raise CommandError if the folder of a file to be written is missing."""
    if output is not None and (problem := folder_problem(output)):
        raise CommandError(f"{output}: {problem}")


def make_folder(folder: Path) -> Path:
    """Create the folder of the files to be written; return it. Raises CommandError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        is_file = isinstance(error, FileExistsError | NotADirectoryError)
        problem = "is a file, not a folder" if is_file else f"the folder was not created ({error.strerror})"
        raise CommandError(f"{folder}: {problem}. Name another one.") from None
    return folder


def check_not_read(outputs: Iterable[Path], files: Iterable[Path]) -> None:
    """Raise CommandError if a file to be written is one of those that are read."""
    used = [file for file in files if file.exists()]
    for output in outputs:
        if output.exists() and any(output.samefile(file) for file in used):
            raise CommandError(f"{output}: the output would overwrite a file that is in use. Choose another name.")
