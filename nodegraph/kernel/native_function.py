"""Native functions of the engine, and the lock that serialises compilation."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

from nodegraph.native import words
from nodegraph.native.build import KernelSource, is_cached, kernel_address, kernel_symbol
from nodegraph.native.identity import code_identity
from nodegraph.native.wrap import entry

COMPILING = threading.RLock()  # playback, an export and a training may compile kernels concurrently


class NativeFunction:
    """A native function of the engine: ``function(arguments, start, samples)`` over words.

    ``wrapper`` returns the IR of its entry point: that of a kernel, or of a callback with another signature.
    """

    def __init__(self, function: Callable[[int, int, int], None], wrapper: Callable[[str, str], str] = entry) -> None:
        self.function = function
        self.wrapper = wrapper
        self.name = function.__name__

    @cached_property
    def key(self) -> tuple[Any, ...]:
        return (self.wrapper.__name__, code_identity(self.function))

    @cached_property
    def address(self) -> int:
        with COMPILING:
            address = kernel_address(self.name, self.key, self.modules, calls_kernels=True)
        words.python_kernel(address, self.function)
        return address

    @property
    def cached(self) -> bool:
        return is_cached(self.name, self.key)

    def sources(self) -> dict[str, KernelSource]:
        """Return the source of the native code by its symbol."""
        symbol = kernel_symbol(self.name, self.key)
        return {symbol: KernelSource(self.name, self.modules(symbol), calls_kernels=True)}

    def modules(self, symbol: str) -> list[str]:
        from nodegraph.native.frontend import compile_words_to_ir

        ir, inner = compile_words_to_ir(self.function)
        return [ir, self.wrapper(symbol, inner)]


def native_call(address: int) -> Callable[[int, int, int], None]:
    """Return the kernel at ``address`` as a Python function."""
    return ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(address)
