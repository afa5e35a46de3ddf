"""Memory that a worker in another process shares with the kernel of its block: arrays and a header.

The file descriptor of the memory goes to the other process.
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
FAILURE_BYTES = 2  # size of the reason for which the work has ended
WORDS = 8  # as many as an alignment has
MAX_FAILURE_BYTES = 1024
ALIGNMENT = 64  # bytes


class SharedArrays:
    """Arrays in shared memory, by name."""

    def __init__(self, layout: Layout, descriptor: int = -1) -> None:
        """Map the memory of a descriptor, by default new memory of zeros. Raises OSError."""
        starts, size = [], 8 * WORDS + MAX_FAILURE_BYTES
        for _, kind, shape in layout:
            starts.append(size)
            size += -(-np.dtype(kind).itemsize * math.prod(shape) // ALIGNMENT) * ALIGNMENT
        self.layout = layout
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
