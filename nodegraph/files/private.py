"""Files of the user alone: read only if no other user can have written them, and written so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from .atomic import replace_file

OTHERS, WRITE_BY_OTHERS = 0o077, 0o022  # permissions of group and others
STICKY = 0o1000  # of a folder that all users share, such as /tmp


def private_folder(folder: Path) -> str:
    """Create a folder that only this user can enter; in an existing one, let only this user write.

    Return why other users may have written into the folder, or "".
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        if not S_ISDIR(found.st_mode):
            return f"{folder} is not a folder"
        if hasattr(os, "geteuid"):
            if found.st_uid != os.geteuid():
                return f"{folder} belongs to another user"
            if found.st_mode & STICKY:
                return f"{folder} is shared by all users"
            if found.st_mode & WRITE_BY_OTHERS:
                folder.chmod(found.st_mode & ~WRITE_BY_OTHERS & 0o777)
    except OSError as error:
        return f"{folder} is not writable ({error.strerror})"
    return ""


def read_private(path: Path, limit: int = -1) -> bytes | None:
    """Return the content of a file that belongs to this user and is private, else None; at most ``limit`` bytes."""
    try:
        # a link may lead anywhere; a pipe would block
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not S_ISREG(found.st_mode):
                return None
            if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & OTHERS):
                return None
            return file.read(limit)
    except OSError:
        return None


def write_private(path: Path, data: bytes) -> None:
    """Replace a file by one of this user alone, at once: it is never seen incomplete. Raises OSError."""
    replace_file(path, data, 0o600)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, where the system has one."""
    with _locked(folder, os.O_RDONLY):
        yield


@contextmanager
def locked_name(path: Path) -> Iterator[None]:
    """Hold the lock of a file that may not exist yet, as far as a file beside it can be written.

    The file beside it is removed afterwards: one who waits must look again whether the file exists now.
    """
    beside = path.with_name(path.name + ".lock")
    private_folder(path.parent)
    try:
        with _locked(beside, os.O_RDWR | os.O_CREAT):
            yield
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[None]:
    try:
        import fcntl

        handle = os.open(path, flags, 0o600)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):  # file systems without locks: the last writer wins
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
