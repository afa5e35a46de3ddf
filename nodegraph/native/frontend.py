"""Translation of Python functions to LLVM IR, by Numba. Imported only if a kernel is not cached."""

from __future__ import annotations

import types as python_types
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
from numba import types
from numba.core.dispatcher import Dispatcher

from .intrinsics import NATIVE

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compile_to_ir(function: Callable[..., Any], arguments: Sequence[Any], result: Any) -> tuple[str, str]:
    """Return the IR of ``function`` for the given Numba types, and the symbol of its entry point."""
    dispatcher = numba.njit(**_OPTIONS)(_with_compilable_globals(function))
    dispatcher.compile(result(*arguments))
    (compiled,) = dispatcher.overloads.values()
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name


def compile_words_to_ir(function: Callable[[int, int, int], None]) -> tuple[str, str]:
    """Compile a native function of three integers: address of the argument block, first sample, number of samples."""
    return compile_to_ir(function, [types.int64] * 3, types.void)


@cache
def _dispatcher(function: Callable[..., Any]) -> Dispatcher:
    if function in NATIVE:
        return NATIVE[function]
    return numba.njit(**_OPTIONS)(_with_compilable_globals(function))


def _with_compilable_globals(function: Any) -> Any:
    """Return a copy of the function that calls Numba versions of its plain Python helpers.

    Block files stay plain Python: importing and stepping them needs no Numba.
    """
    if not function.__code__.co_names and not function.__closure__:
        return function
    namespace = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = namespace.get(name)
        if _is_plain_function(value):
            namespace[name] = _dispatcher(value)
    cells = tuple(
        python_types.CellType(
            _dispatcher(cell.cell_contents) if _is_plain_function(cell.cell_contents) else cell.cell_contents
        )
        for cell in function.__closure__ or ()
    )
    copy = python_types.FunctionType(function.__code__, namespace, function.__name__, None, cells)
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    return copy


def _is_plain_function(value: Any) -> bool:
    return isinstance(value, python_types.FunctionType)
