"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomic(path: Path, data: bytes) -> None:
    """``data`` at ``path``: written beside it, synced, then renamed over it.

    Whatever fails (OSError, Ctrl-C), the old file stays whole and nothing is left behind.
    """
    path = Path(os.path.realpath(path))
    mode = 0o666
    if path.exists():
        mode = path.stat().st_mode & 0o777
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
    temporary = path.parent / f".nodegraph-{os.urandom(6).hex()}.tmp"
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


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be synced."""
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
