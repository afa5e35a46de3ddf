"""Memory access in native functions: integer addresses, and typed pointers made from them.

Each function has two versions: plain Python (ctypes), for stepping through a plan, and an LLVM
intrinsic, which ``frontend`` substitutes when a caller is compiled. A native function is therefore
ordinary Python that can be run and debugged.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any

import numpy as np

_python_kernels: dict[int, Any] = {}


def as_i64(address: int) -> Any:
    """Return the words at ``address`` as signed integers, to read and write by index."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_int64))


def as_f64(address: int) -> Any:
    """Return the words at ``address`` as doubles."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_double))


def as_f32(address: int) -> Any:
    """Return the memory at ``address`` as float32 samples."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_float))


def as_i32(address: int) -> Any:
    """Return the memory at ``address`` as 32-bit integers: the bits of float32 numbers."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_int32))


class _Float32Memory:
    """Float32 memory with single-precision arithmetic in Python."""

    def __init__(self, address: int) -> None:
        self._values = as_f32(address)

    def __getitem__(self, index: int) -> np.float32:
        return np.float32(self._values[index])

    def __setitem__(self, index: int, value: float) -> None:
        self._values[index] = value


def as_float32_memory(address: int) -> Any:
    """Return the memory at ``address`` as float32 numbers, for arithmetic in single precision."""
    return _Float32Memory(address)


def array(pointer: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a C-ordered array over the memory of a typed pointer."""
    if min(shape) == 0:
        return np.zeros(shape, np.ctypeslib.as_array(pointer, (1,)).dtype)
    return np.ctypeslib.as_array(pointer, shape)


def call_kernel(kernel: int, arguments: int, start: int, samples: int) -> None:
    """Call the kernel at an address."""
    _python_kernels[kernel](arguments, start, samples)


def copy_bytes(to: int, source: int, count: int) -> None:
    """Copy ``count`` bytes."""
    ctypes.memmove(int(to), int(source), int(count))


def load_acquire(address: int) -> int:
    """Read a word that another thread publishes with :func:`store_release`."""
    return as_i64(address)[0]


def store_release(address: int, value: int) -> None:
    """Publish a word to another thread, with all writes before it."""
    as_i64(address)[0] = value


def ticks() -> int:
    """Return the cycle counter of the processor."""
    return time.perf_counter_ns()


def nanoseconds() -> int:
    """Return monotonic time in ns."""
    return time.perf_counter_ns()


def flush_denormals() -> int:
    """Make this thread treat denormal floats as zero: they are inaudible and 35 times slower.

    Returns the previous mode, for :func:`restore_denormals`.
    """
    return 0


def restore_denormals(mode: int) -> None:
    """Restore the denormal mode of this thread that :func:`flush_denormals` returned."""


def python_kernel(address: int, function: Any) -> None:
    """Register the Python function that replaces a kernel when a plan is stepped in Python."""
    _python_kernels[address] = function
