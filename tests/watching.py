"""Detection of opened files in a folder, in any process and below Python (Linux only)."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path

import pytest

IN_OPEN, NONBLOCKING = 0x20, os.O_NONBLOCK if hasattr(os, "O_NONBLOCK") else 0


class Watch:
    """A recorder of the names of opened files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        if sys.platform != "linux":
            pytest.skip("needs inotify, which only Linux has")
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(NONBLOCKING)
        assert self._handle >= 0 and libc.inotify_add_watch(self._handle, os.fsencode(folder), IN_OPEN) >= 0

    def opened(self) -> set[str]:
        """Return the names of the files opened since the last call."""
        try:
            data = os.read(self._handle, 1 << 20)
        except BlockingIOError:
            return set()
        found, at = set(), 0
        while at < len(data):
            _, _, _, length = struct.unpack_from("iIII", data, at)
            found.add(data[at + 16 : at + 16 + length].rstrip(b"\0").decode())
            at += 16 + length
        return found - {""}

    def close(self) -> None:
        os.close(self._handle)
