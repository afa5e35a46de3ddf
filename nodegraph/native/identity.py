"""What determines the code of a function: its own code, and the functions and constants that it uses.

A kernel is cached under its byte code, which is what the compiler reads. Byte code differs between versions of Python;
prebuilt kernels are therefore found by the source text.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable
from functools import cache
from types import CodeType, ModuleType
from typing import Any, NamedTuple


class CodeIdentity(NamedTuple):
    """A function with all that it calls, as byte code and as source text."""

    compiled: str
    source: str


def code_identity(function: Callable[..., Any]) -> CodeIdentity:
    """Return what determines the code of a function; :func:`with_source` says what its source is if it has no file."""
    return CodeIdentity(repr(_identity(function, _compiled, set())), repr(_identity(function, _source, set())))


def with_source(function: Callable[..., Any], source: str) -> Callable[..., Any]:
    """Return a generated function, whose source text is set."""
    function.__source__ = source  # type: ignore[attr-defined]
    return function


def _identity(value: Any, describe: Callable[[Any], Any], seen: set[int]) -> Any:
    code = getattr(value, "__code__", None)
    if code is None:
        return _value_identity(value)
    if id(code) in seen:
        return code.co_name
    seen.add(id(code))
    names = _names(code)
    used = [value.__globals__[name] for name in names if name in value.__globals__]
    called = [_identity(found, describe, seen) for found in used]
    modules = [found for found in used if isinstance(found, ModuleType)]
    constants = [repr(getattr(module, name, None)) for module in modules for name in names if name.isupper()]
    enclosed = [_identity(cell.cell_contents, describe, seen) for cell in value.__closure__ or ()]
    return [describe(value), called, constants, enclosed]


def _value_identity(value: Any) -> Any:
    """Return a key for a compiled-in constant, or the name of an object that Numba supports."""
    import numpy as np  # not needed in a process that only optimises

    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).data).hexdigest())
    if isinstance(value, int | float | str | bool | tuple | np.generic):
        return repr(value)
    return (type(value).__name__, getattr(value, "__name__", ""))


def _nested(code: CodeType) -> list[CodeType]:
    """Return the code of a function and of the functions in it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, CodeType) for inner in _nested(c))]


@cache
def _names(code: CodeType) -> list[str]:
    return sorted({name for nested in _nested(code) for name in nested.co_names})


def _compiled(function: Any) -> Any:
    return _byte_code(function.__code__)


def _byte_code(code: CodeType) -> Any:
    constants = [_byte_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code, constants, code.co_names, code.co_varnames[: code.co_argcount]]


def _source(function: Any) -> Any:
    code = function.__code__
    return getattr(function, "__source__", "") or _lines_of(code, code.co_filename) or _byte_code(code)


@cache
def _lines_of(code: CodeType, file: str) -> str:
    """Return the lines of a function in its file, or "" without a file: up to one that is indented as the first."""
    linecache.checkcache(file)
    lines = [] if file.startswith("<") else linecache.getlines(file)
    first = code.co_firstlineno - 1
    end = max(line for nested in _nested(code) for *_, line in nested.co_lines() if line is not None)
    if end > len(lines):
        return ""
    depth = _indentation(lines[first])
    while end < len(lines) and (not lines[end].strip() or _indentation(lines[end]) > depth):
        end += 1
    return "".join(lines[first:end]).rstrip()


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
