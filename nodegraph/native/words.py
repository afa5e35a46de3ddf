"""How native functions see memory: integer addresses, and typed pointers made from them.

Each function here exists twice: in plain Python (by ctypes), for stepping through a plan, and as an
LLVM intrinsic, which ``frontend`` puts in its place when a caller is compiled. A native function is
thus ordinary Python that can be run, read and debugged.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any

import numpy as np

_python_kernels: dict[int, Any] = {}


def as_i64(address: int) -> Any:
    """The words at ``address`` as signed integers: index to read and write."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_int64))


def as_f64(address: int) -> Any:
    """The words at ``address`` as doubles."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_double))


def as_f32(address: int) -> Any:
    """Memory at ``address`` as float32 samples."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_float))


def as_i32(address: int) -> Any:
    """Memory at ``address`` as 32-bit integers: the bits of float32 numbers."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_int32))


class _Float32Memory:
    """Memory as float32 whose arithmetic is single precision in Python too."""

    def __init__(self, address: int) -> None:
        self._values = as_f32(address)

    def __getitem__(self, index: int) -> np.float32:
        return np.float32(self._values[index])

    def __setitem__(self, index: int, value: float) -> None:
        self._values[index] = value


def as_float32_memory(address: int) -> Any:
    """Memory at ``address`` as float32 numbers to calculate with in single precision."""
    return _Float32Memory(address)


def array(pointer: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A C-ordered array over the memory that a typed pointer points to."""
    if min(shape) == 0:
        return np.zeros(shape, np.ctypeslib.as_array(pointer, (1,)).dtype)
    return np.ctypeslib.as_array(pointer, shape)


def call_kernel(kernel: int, arguments: int, start: int, samples: int) -> None:
    """Run the kernel at an address."""
    _python_kernels[kernel](arguments, start, samples)


def copy_bytes(to: int, source: int, count: int) -> None:
    """Copy memory as it is."""
    ctypes.memmove(int(to), int(source), int(count))


def load_acquire(address: int) -> int:
    """Read a word that another thread publishes."""
    return as_i64(address)[0]


def store_release(address: int, value: int) -> None:
    """Publish a word to another thread: all that was written before is seen with it."""
    as_i64(address)[0] = value


def ticks() -> int:
    """The processor's cycle counter."""
    return time.perf_counter_ns()


def nanoseconds() -> int:
    """Monotonic time in ns."""
    return time.perf_counter_ns()


def flush_denormals() -> int:
    """Make this thread treat denormal floats as zero: they cost 35 times and are inaudible.

    Returns how it treated them before, for :func:`restore_denormals`.
    """
    return 0


def restore_denormals(mode: int) -> None:
    """Let this thread treat denormal floats as it did: a caller's own arithmetic is none of our business."""


def python_kernel(address: int, function: Any) -> None:
    """Say what a kernel's address stands for when a plan is stepped in Python."""
    _python_kernels[address] = function
