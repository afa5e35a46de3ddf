"""Compilation of many kernels, with LLVM in another process."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from nodegraph.kernel import KernelError, NativeFunction, compilation
from nodegraph.kernel.compilation import compile_all
from nodegraph.native.compiler_process import start_compiler_process
from nodegraph.native.words import as_i64

SOURCE = "def write_number(arguments, start, samples):\n    as_i64(arguments)[0] = start + {number}\n"
ALLOCATES = "def allocate(arguments, start, samples):\n    as_i64(arguments)[0] = len([start] * samples)\n"


def native_function(source):
    namespace = {"as_i64": as_i64}
    exec(source, namespace)
    return NativeFunction(next(value for name, value in namespace.items() if name in ("write_number", "allocate")))


def functions(first):
    """Return functions that no other test compiles."""
    return [native_function(SOURCE.format(number=first + k)) for k in range(compilation.MIN_KERNELS)]


def result_of(function):
    word = np.zeros(1, np.int64)
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)(function.address)(word.ctypes.data, 5, 0)
    return int(word[0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_kernels_from_the_process_run_and_are_cached(cache):
    made = functions(1000)
    done = []
    compile_all(made, done.append)
    assert [result_of(function) for function in made] == [1005 + k for k in range(len(made))]
    assert len(list(cache.iterdir())) == len(made)
    assert done[: len(made)] == list(range(len(made)))


def test_code_that_allocates_is_refused_by_the_process():
    with pytest.raises(KernelError, match="allocate"):
        compile_all([native_function(ALLOCATES), *functions(2000)], lambda done: None)


def test_kernels_are_compiled_although_the_process_ends(monkeypatch):
    def start_and_kill(*arguments):
        process = start_compiler_process(*arguments)
        process.kill()
        return process

    monkeypatch.setattr(compilation, "start_compiler_process", start_and_kill)
    made = functions(3000)
    compile_all(made, lambda done: None)
    assert result_of(made[-1]) == 3005 + len(made) - 1
