"""Atomic file writes, and what interrupted ones leave."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

PREFIX, SUFFIX = ".nodegraph-", ".tmp"
LEFT_AFTER = 3600.0  # seconds; no write takes so long


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file in the same folder, sync it, and rename it to ``path``.

    On any failure (OSError, Ctrl-C) the old file is unchanged and the temporary file is deleted.
    """
    path = Path(os.path.realpath(path))
    mode = 0o666
    if path.exists():
        mode = path.stat().st_mode & 0o777
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
    temporary = temporary_in(path.parent)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def temporary_in(folder: Path) -> Path:
    """Return a new name for a temporary file or folder, hidden and short, that :func:`remove_leftovers` knows."""
    return folder / f"{PREFIX}{os.urandom(6).hex()}{SUFFIX}"


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files and folders in ``folder`` that killed processes left an hour ago or earlier."""
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_AFTER:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _sync_folder(folder: Path) -> None:
    """Sync the folder, if the system supports it, so that the rename survives a power failure."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
