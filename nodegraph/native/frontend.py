"""Python functions to LLVM IR, by Numba. Imported only when a kernel is not in the cache."""

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
    """IR text of ``function`` for the Numba types given, and the symbol of its entry."""
    dispatcher = numba.njit(**_OPTIONS)(_with_compilable_globals(function))
    dispatcher.compile(result(*arguments))
    (compiled,) = dispatcher.overloads.values()
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name


def compile_words_to_ir(function: Callable[[int, int, int], None]) -> tuple[str, str]:
    """IR of a native function of three integers (its arguments' address, first sample, samples)."""
    return compile_to_ir(function, [types.int64] * 3, types.void)


@cache
def _dispatcher(function: Callable[..., Any]) -> Dispatcher:
    if function in NATIVE:
        return NATIVE[function]
    return numba.njit(**_OPTIONS)(_with_compilable_globals(function))


def _with_compilable_globals(function: Any) -> Any:
    """The same function seeing Numba versions of the plain functions that it calls.

    Block files stay plain Python this way: importing them costs no Numba, stepping them needs none.
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
