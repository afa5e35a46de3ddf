"""Memory that a worker in another process shares with the kernel of its block: arrays, a header, and a stored state.

The file descriptor of the memory goes to the other process. The state of a worker lies behind the arrays in two slots,
of which one is always complete, so that the next process can continue where a killed one ended.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Mapping

import numpy as np

Layout = tuple[tuple[str, str, tuple[int, ...]], ...]  # name, type and shape of each array

# Words of the header
PROCESS = 0  # id of the process that works, 0 before the first one
STARTS = 1  # processes that have started to work
STATES = 2  # states stored so far; the latest is in slot ``STATES % 2``
STATE_BYTES = 3  # size of a state
FAILURE_BYTES = 4  # size of the reason for which the work has ended
WORDS = 8
MAX_FAILURE_BYTES = 1024
ALIGNMENT = 64  # bytes


class SharedArrays:
    """Arrays in shared memory, by name. ``size`` is that of the memory without states, in bytes."""

    def __init__(self, layout: Layout, descriptor: int = -1) -> None:
        """Map the memory of a descriptor, by default new memory of zeros. Raises OSError."""
        starts, size = [], 8 * WORDS + MAX_FAILURE_BYTES
        for _, kind, shape in layout:
            starts.append(size)
            size += -(-np.dtype(kind).itemsize * math.prod(shape) // ALIGNMENT) * ALIGNMENT
        self.layout, self.size = layout, size
        self.descriptor = _new_memory(size) if descriptor < 0 else descriptor
        memory = mmap.mmap(self.descriptor, size)
        self.header = np.frombuffer(memory, np.int64, WORDS)
        self._failure = np.frombuffer(memory, np.uint8, MAX_FAILURE_BYTES, 8 * WORDS)
        self.arrays = {
            name: np.frombuffer(memory, kind, math.prod(shape), start).reshape(shape)
            for (name, kind, shape), start in zip(layout, starts, strict=True)
        }

    @property
    def failure(self) -> str:
        """The reason for which the work has ended, or ""."""
        return self._failure[: self.header[FAILURE_BYTES]].tobytes().decode(errors="replace")

    @failure.setter
    def failure(self, reason: str) -> None:
        data = reason.encode()[:MAX_FAILURE_BYTES]
        self._failure[: len(data)] = np.frombuffer(data, np.uint8)
        self.header[FAILURE_BYTES] = len(data)

    def write_state(self, data: bytes) -> None:
        """Store a state, which has the same size each time."""
        slot = (int(self.header[STATES]) + 1) % 2
        os.pwrite(self.descriptor, data, self.size + slot * len(data))
        self.header[STATE_BYTES] = len(data)
        self.header[STATES] += 1

    def read_state(self) -> bytes:
        """Return the latest stored state, or b"" if there is none."""
        count, size = int(self.header[STATES]), int(self.header[STATE_BYTES])
        return os.pread(self.descriptor, size, self.size + count % 2 * size) if count else b""


def layout_of(arrays: Mapping[str, np.ndarray]) -> Layout:
    """Return the layout of memory for arrays."""
    return tuple((name, array.dtype.str, array.shape) for name, array in arrays.items())


def _new_memory(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("nodegraph-worker")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
