"""Patch files: reading, atomic saving, and references to files in the patch's folder."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath
from stat import S_ISDIR, S_ISREG

from nodegraph.files.atomic import write_atomic

from .document import Document
from .encode import encode_patch
from .errors import PatchError, quote
from .parse import MAX_FILE_BYTES, parse_patch


def read_patch(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> Document:
    """Read the document in the file at ``path``, of at most ``limit`` bytes. Raises :class:`PatchError`."""
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode):
            kind = "a folder" if S_ISDIR(mode) else "not a regular file"
            raise PatchError(f"{path}: is {kind}. Name a patch file, such as patches/bells.json.")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise PatchError(f"{_display_path(path)}: cannot be read ({_reason(error)}). Check the name.") from None
    return parse_patch(data, _display_path(path), limit)


def write_patch(document: Document, path: str | os.PathLike[str], downgrade: bool = False) -> None:
    """Save ``document`` at ``path`` atomically. Raises :class:`PatchError`; the old file is then unchanged.

    ``downgrade``: see :func:`~nodegraph.patch.encode.encode_patch`.
    """
    path = Path(path)
    try:
        data = encode_patch(document, downgrade)
        # an unreadable file must not replace a readable one
        parse_patch(data, "it", limit=max(MAX_FILE_BYTES, len(data)))
        write_atomic(path, data)
    except PatchError as error:
        raise PatchError(f"{_display_path(path)}: not saved: {error}") from None
    except (OSError, ValueError) as error:
        raise PatchError(
            f"{_display_path(path)}: not saved ({_reason(error)}); the old file is unchanged."
            " Free some disk space, or save it elsewhere."
        ) from None


def resolve_file(patch_path: str | os.PathLike[str] | None, reference: str, allow_outside: bool = False) -> Path:
    """Return the path of a file that a patch refers to; the file need not exist.

    References are relative to the folder of the patch (the current folder if the patch has no file). Raises
    :class:`PatchError` if the reference leads out of that folder (by ``..``, an absolute path or a symbolic link),
    unless ``allow_outside``.
    """
    folder = Path(patch_path).parent if patch_path is not None else Path()
    if not reference or not reference.isprintable():
        raise PatchError(f"{quote(reference)} is not a file name. Write one such as 'kick.wav'.")
    windows = PureWindowsPath(reference)
    absolute = Path(reference).is_absolute() or bool(windows.drive or windows.root)
    root = Path(os.path.abspath(folder))
    outside = PatchError(
        f"the file {quote(reference)} is outside the folder of the patch ({root})."
        " Copy it there and refer to it by a relative path, or allow files outside."
    )
    if not allow_outside and (absolute or not _stays_inside(reference)):
        raise outside  # the disk is not asked whether it exists
    try:
        root = root.resolve()
        found = (root / reference).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PatchError(f"file {quote(reference)} not found ({_reason(error)}). Check the name.") from None
    if not allow_outside and not found.is_relative_to(root):
        raise outside
    return found


def _stays_inside(reference: str) -> bool:
    """Return whether a relative path does not begin with ``..`` after its other ``..`` are removed."""
    return Path(os.path.normpath(reference)).parts[:1] != ("..",)


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__


def _display_path(path: Path) -> str:
    text = str(path)
    return text if text.isprintable() else quote(text, 300)
