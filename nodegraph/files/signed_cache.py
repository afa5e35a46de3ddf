"""A cache of code: each file carries a hash with a key of the user, which is checked before the code is run.

Code of anyone else, a damaged file and one under another name are not read, and are then made again.
"""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from .folders import user_folder
from .private import locked_folder, private_folder, read_private, write_private

MARK = b"nodegraph-signed"
KEY_BYTES = 32
HEADER = len(MARK) + 32  # bytes before the content: the mark, the hash


def read_signed(path: Path) -> bytes | None:
    """Return the content of a file that was written by :func:`write_signed` for this user, else None."""
    data = read_private(path)
    key = signing_key() if data is not None else None
    if data is None or key is None or not data.startswith(MARK):
        return None
    content = data[HEADER:]
    matches = hmac.compare_digest(data[len(MARK) : HEADER], _hash(key, path, content))
    return content if matches and not private_folder(path.parent) else None


def write_signed(path: Path, content: bytes) -> bool:
    """Write a file that :func:`read_signed` accepts, or nothing. Return whether it was written."""
    if private_folder(path.parent) or (key := signing_key()) is None:
        return False
    with suppress(OSError):
        write_private(path, MARK + _hash(key, path, content) + content)
        return True
    return False


def signing_problem(folder: Path) -> str:
    """Return why nothing can be read from or written to a cache folder, or ""."""
    if problem := private_folder(folder):
        return problem
    path = _key_path()
    return "" if signing_key() else private_folder(path.parent) or f"{path} is not writable"


@cache
def signing_key() -> bytes | None:
    """Return the key of this user, made at the first use, or None if it cannot be stored."""
    path = _key_path()
    found = _read_key(path)
    if found is None:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(path.parent):  # processes that start at once must agree
                found = _read_key(path)
                if found is None:
                    write_private(path, os.urandom(KEY_BYTES))
                    found = _read_key(path)
    return found


def _hash(key: bytes, path: Path, content: bytes) -> bytes:
    """Return the hash of a file; it covers the name, so that a file cannot take the place of another."""
    found = hmac.new(key, path.name.encode() + b"\0", "sha256")
    found.update(content)
    return found.digest()


def _key_path() -> Path:
    return user_folder("data") / "signing.key"


def _read_key(path: Path) -> bytes | None:
    found = read_private(path, KEY_BYTES + 1)
    return found if found is not None and len(found) == KEY_BYTES else None
