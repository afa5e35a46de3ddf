"""Trusted programs: files that the user allows to run, by the SHA-256 of their content.

A TorchScript model is a program. It runs only if the user's settings or the command line name it; a patch, a log or
any other document cannot. A file whose content changed is another program.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .folders import user_folder
from .private import locked_folder, private_folder, read_private, write_private
from .wording import argument

GIVEN = "NODEGRAPH_TRUST"  # hashes that this process and its children trust besides the settings
VERSION = 1
MAX_BYTES = 1 << 22  # of the settings
MAX_PROGRAM_BYTES = 1 << 32
HASH = re.compile(r"[0-9a-f]{64}")


class TrustError(Exception):
    """A file cannot be trusted, or the settings cannot be used; the message is one line."""


@dataclass(frozen=True)
class TrustedFile:
    """A trusted program: the SHA-256 of its content; its path then and the date are for the user to read."""

    sha256: str
    name: str
    since: str


def settings_path() -> Path:
    """Return the path of the settings, a JSON file in the user's configuration folder."""
    return user_folder("config") / "trusted.json"


def trusted_files() -> list[TrustedFile]:
    """Return the trusted programs of the settings. Raises TrustError if others could have written the settings."""
    path = settings_path()
    if not path.exists():
        return []
    data = read_private(path, MAX_BYTES)
    if data is None:
        raise TrustError(f"{path}: not used, other users can open it. Run: chmod 600 {argument(path)}")
    try:
        found = json.loads(data)
        if found["version"] != VERSION:
            raise TrustError(f"{path}: written by another version of nodegraph. Update it, or delete the file.")
        return [TrustedFile(str(it["sha256"]), str(it["name"]), str(it["since"])) for it in found["files"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TrustError(
            f"{path}: not readable ({type(error).__name__}). Delete it, and trust the files again."
        ) from None


def trust(path: Path, sha256: str = "") -> TrustedFile:
    """Trust a file from now on, also under other names; ``sha256`` is its hash if that is known. Raises TrustError."""
    name = str(path.resolve()) if not sha256 or path.exists() else str(path)
    new = TrustedFile(sha256 or hash_of(path), name, time.strftime("%Y-%m-%d"))
    _change(lambda files: [*(file for file in files if file.sha256 != new.sha256), new])
    return new


def forget(sha256: str) -> None:
    """Trust the content with this hash no longer. Raises TrustError."""
    _change(lambda files: [file for file in files if file.sha256 != sha256])


def is_trusted(sha256: str) -> bool:
    """Return whether the user trusts the content with this hash."""
    if sha256 in os.environ.get(GIVEN, "").split(","):
        return True
    try:
        return any(file.sha256 == sha256 for file in trusted_files())
    except TrustError:
        return False


@contextmanager
def trusting(paths: Iterable[Path]) -> Iterator[None]:
    """Trust files in this process, and those that it starts, until the end of the context. Raises TrustError."""
    before = os.environ.get(GIVEN)
    given = [hash_of(path) for path in paths]
    if given:
        os.environ[GIVEN] = ",".join([*([before] if before else []), *given])
    try:
        yield
    finally:
        if given and before is None:
            os.environ.pop(GIVEN, None)
        elif given and before is not None:
            os.environ[GIVEN] = before


def untrusted_problem(path: Path, by_hash: bool = False) -> str:
    """Return why the program in a file must not run, with the command that allows it, or "".

    The command names the file, or with ``by_hash`` its content, for a file that is deleted soon.
    """
    try:
        found = hash_of(path)
    except TrustError as error:
        return str(error)
    if is_trusted(found):
        return ""
    subject = found if by_hash else argument(path)
    return f"{path.name} is a program that is not trusted. If you trust its author: nodegraph trust {subject}"


def read_trusted(path: Path) -> bytes:
    """Return the content of a trusted program. Raises TrustError if it is not trusted.

    The content that is checked is the one returned: the file may change in the meantime.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrustError(f"{path}: not readable ({error.strerror}).") from None
    if not is_trusted(hashlib.sha256(data).hexdigest()):
        raise TrustError(f"{path.name} is a program that is not trusted")
    return data


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits; of an unchanged file it is read once. Raises TrustError."""
    try:
        found = path.stat()
        if not path.is_file() or found.st_size > MAX_PROGRAM_BYTES:
            raise TrustError(f"{path}: not a file of at most {MAX_PROGRAM_BYTES >> 30} GB. Name a model.")
        return _hash_at(path, found.st_mtime_ns, found.st_size, found.st_ino)
    except OSError as error:
        raise TrustError(f"{path}: not readable ({error.strerror}). Check the name.") from None


@lru_cache(256)
def _hash_at(path: Path, *stamp: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _change(edit: Callable[[list[TrustedFile]], list[TrustedFile]]) -> None:
    path = settings_path()
    if problem := private_folder(path.parent):
        raise TrustError(f"{problem}. Set XDG_CONFIG_HOME to a folder of yours.")
    try:
        with locked_folder(path.parent):
            files = edit(trusted_files())
            data = {"version": VERSION, "files": [vars(file) for file in files]}
            write_private(path, json.dumps(data, indent=2).encode() + b"\n")
    except OSError as error:
        raise TrustError(f"{path}: not writable ({error.strerror}).") from None
