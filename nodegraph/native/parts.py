"""Messages between the program and a process that compiles kernels: bytes after their number."""

from __future__ import annotations

import sys
from typing import IO

HEADER_BYTES = 8


def write_part(pipe: IO[bytes], data: bytes) -> None:
    """Write bytes after their number."""
    pipe.write(len(data).to_bytes(HEADER_BYTES, sys.byteorder))
    pipe.write(data)
    pipe.flush()


def read_part(pipe: IO[bytes]) -> bytes | None:
    """Read bytes that :func:`write_part` wrote, or None at the end."""
    header = pipe.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    size = int.from_bytes(header, sys.byteorder)
    data = pipe.read(size)
    return data if len(data) == size else None
