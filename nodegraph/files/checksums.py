"""SHA-256 checksums of files: the list ``SHA256SUMS`` in their folder, as the command ``sha256sum`` writes it."""

from __future__ import annotations

import re
from pathlib import Path

LIST = "SHA256SUMS"
MAX_LIST_BYTES = 1 << 20
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


class ChecksumError(Exception):
    """A file differs from the list; the message continues a sentence that begins with the file name."""


def listed_checksum(path: Path) -> str:
    """Return the SHA-256 in hexadecimal that the list in the folder of a file gives for its name, or ""."""
    name = path.parent / LIST
    if not name.is_file():
        return ""
    with name.open("rb") as file:
        text = file.read(MAX_LIST_BYTES).decode("utf-8", "replace")
    lines = (_LINE.fullmatch(line) for line in text.splitlines())
    return next((line[1].lower() for line in lines if line and line[2] == path.name), "")


def check_sha256(listed: str, found: str) -> None:
    """Raise ChecksumError if a file is listed with another SHA-256 than that found."""
    if listed and listed != found:
        raise ChecksumError(
            f"is not the file that {LIST} in its folder lists; it is damaged or was replaced. "
            "Restore it, or list it anew with sha256sum"
        )
