"""Atomic file writes, and what killed ones leave.

A temporary file or folder is locked while its program runs. The system releases the lock of a killed program, so the
next write in the same folder knows that its temporary files are abandoned, and deletes them.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX, SUFFIX = ".nodegraph-", ".tmp"
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
COPIED_AT_ONCE = 1 << 20  # bytes
LEFT_AFTER = 3600.0  # seconds until a file counts as abandoned, where locks say nothing; no write takes so long


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file in the same folder, sync it, and rename it to ``path``.

    On any failure (OSError, Ctrl-C) the old file is unchanged and the temporary file is deleted. A device or a pipe,
    such as /dev/null, is written to instead.
    """
    path = Path(os.path.realpath(path))
    mode = 0o666
    if path.exists():
        mode = path.stat().st_mode & 0o777
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
    try:
        replace_file(path, data, mode, sync=True)
    except OSError as error:  # name the file, not the temporary one
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
    _sync_folder(path.parent)


def is_device(path: Path) -> bool:
    """Return whether a path is a device or a pipe, such as /dev/null: it is written to, and never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def replace_file(path: Path, data: bytes, mode: int, sync: bool = False) -> None:
    """Replace a file at once: it is never seen incomplete; with ``sync`` it is on the disk first. Raises OSError."""
    _replace(path, [data], mode, sync)


def copy_file(source: Path, path: Path) -> None:
    """Copy a file to ``path``, which is never seen incomplete. Raises OSError."""
    with source.open("rb") as file:
        _replace(path, iter(lambda: file.read(COPIED_AT_ONCE), b""), 0o666, sync=False)


def _replace(path: Path, parts: Iterable[bytes], mode: int, sync: bool) -> None:
    if is_device(path):
        with path.open("wb") as file:
            file.writelines(parts)
        return
    remove_leftovers(path.parent)
    temporary, descriptor = create_file(path.parent, mode)
    try:
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        if sync:
            os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    rename_and_close(temporary, descriptor, path)


def create_file(folder: Path, mode: int = 0o666) -> tuple[Path, int]:
    """Create a hidden temporary file; return its path and its descriptor, which holds the lock. Raises OSError."""
    return _create(folder, lambda path: os.open(path, NEW, mode))


def create_folder(folder: Path) -> tuple[Path, int]:
    """Create a hidden temporary folder; return its path and a descriptor to close after its use. Raises OSError.

    The descriptor is −1 on systems without locks.
    """

    def create(path: Path) -> int:
        path.mkdir()
        return os.open(path, os.O_RDONLY) if fcntl is not None else -1

    return _create(folder, create)


def rename_and_close(temporary: Path, descriptor: int, path: Path) -> None:
    """Rename a temporary file to ``path`` and close it; delete it on failure. Raises OSError."""
    try:
        if fcntl is None:  # Windows does not rename open files
            os.close(descriptor)
            os.replace(temporary, path)
            return
        try:
            os.replace(temporary, path)  # before the descriptor is closed, which ends the lock
        finally:
            os.close(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files and folders in ``folder`` that killed programs left.

    Those of other computers, and all on systems without locks, are deleted when they are an hour old.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    _remove_abandoned(Path(entry.path))


def _create(folder: Path, create: Callable[[Path], int]) -> tuple[Path, int]:
    """Create and lock a file or folder that no other program deletes as abandoned."""
    while True:
        path = folder / f"{PREFIX}{_computer()}-{os.urandom(6).hex()}{SUFFIX}"
        descriptor = create(path)
        if fcntl is None:
            return path, descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.fstat(descriptor).st_nlink > 0
        except BlockingIOError:
            is_ours = False
        except OSError:  # a file system without locks
            is_ours = True
        if is_ours:
            return path, descriptor
        os.close(descriptor)  # another program deletes what was not locked yet


def _remove_abandoned(path: Path) -> None:
    if fcntl is None:
        if _is_old(path):
            _remove(path)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            abandoned = path.name.startswith(f"{PREFIX}{_computer()}-")
        except BlockingIOError:
            return
        except OSError:
            abandoned = False
        if abandoned or _is_old(path):
            _remove(path)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > LEFT_AFTER


@cache
def _computer() -> str:
    """Return a short name of this computer: the locks of others may be invisible in a shared folder."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


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
