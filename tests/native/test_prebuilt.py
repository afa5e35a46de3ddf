"""Prebuilt kernels: used instead of the compiler, and only if they are those of this code and processor."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from nodegraph.engine.walk import BEGIN, END, PROCESS
from nodegraph.kernel import NativeFunction
from nodegraph.native.build import (
    KernelError,
    KernelSource,
    kernel_symbol,
    portable_symbol,
    recorded_sources,
    renamed,
)
from nodegraph.native.prebuilt import KernelSet, best_set, prebuilt, set_file, write_set
from nodegraph.native.target import TARGETS, fitting_targets, host, machine
from nodegraph.native.words import as_i64

pytestmark = pytest.mark.skipif(not fitting_targets(), reason="no common target fits this machine")
ROOT = Path(__file__).parents[2]

# Prints the sum of a kernel, whether Numba was needed, and whether the kernel was ready.
PROGRAM = """
import sys, ctypes, numpy as np
sys.path.insert(0, {root!r})
from tests.native.test_prebuilt import SUM as kernel
{change}
was = kernel.cached
word = np.zeros(1, np.int64)
ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(kernel.address)(word.ctypes.data, 5, 100)
print(word[0], "numba" in sys.modules, was)
"""


def sum_of_both(arguments, start, samples):
    as_i64(arguments)[0] = start + 2 * samples


def difference_of_both(arguments, start, samples):
    as_i64(arguments)[0] = start - samples


SUM, DIFFERENCE = NativeFunction(sum_of_both), NativeFunction(difference_of_both)
COMPILED, READY = ["205", "True", "False"], ["205", "False", "True"]


def code_of(function, target):
    """Return the symbol and the object code of a native function, as in a set."""
    name, symbol = portable_symbol(function.name, function.key), kernel_symbol(function.name, function.key)
    return name, renamed(KernelSource(function.name, function.modules(symbol)).code(target), symbol, name)


@pytest.fixture
def folder(tmp_path):
    """Write a set with one kernel for each target that this machine runs."""
    for target in fitting_targets():
        write_set(set_file(tmp_path / "sets", target), target, dict([code_of(SUM, target)]), {}, "")
    return tmp_path / "sets"


# What another version of Python changes: the byte code, here by a constant that is not used.
OTHER_BYTE_CODE = "f = kernel.function; f.__code__ = f.__code__.replace(co_consts=(*f.__code__.co_consts, 1.5))"


def run(folder, cache, change=""):
    environment = os.environ | {"NODEGRAPH_PREBUILT": str(folder), "NODEGRAPH_CACHE": str(cache)}
    command = [sys.executable, "-P", "-c", PROGRAM.format(root=str(ROOT), change=change)]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout.split()


def test_kernel_of_a_set_needs_no_compiler_and_no_cache(folder, tmp_path):
    assert run(folder, tmp_path / "cache") == READY
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").iterdir())


def test_kernel_of_a_set_is_used_by_another_version_of_python(folder, tmp_path):
    assert run(folder, tmp_path / "cache", OTHER_BYTE_CODE) == READY


def test_kernel_is_compiled_if_the_folder_has_no_set(tmp_path):
    assert run(tmp_path / "missing", tmp_path / "cache") == COMPILED


def test_damaged_set_is_not_used(folder, tmp_path):
    for path in folder.iterdir():
        path.write_bytes(one_bit_changed(path, 0.5))
    assert run(folder, tmp_path / "cache") == COMPILED


def one_bit_changed(path, part):
    """Return the content of a set with another bit at some part of the way through its only kernel."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        (member,) = (info for info in archive.infolist() if info.filename.endswith(".o"))
    at = member.header_offset + len(member.filename) + 30 + int(member.compress_size * part)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_any_damage_of_a_set_is_noticed(folder, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_PREBUILT", str(folder))
    symbol = portable_symbol(SUM.name, SUM.key)
    originals = {path: path.read_bytes() for path in folder.iterdir()}
    allowed = {None, *(KernelSet(set_file(folder, target), target).read(symbol) for target in fitting_targets())}
    damages = [lambda path, part=part: one_bit_changed(path, part) for part in np.linspace(0.0, 0.99, 200)]
    damages += [lambda path, size=size: path.read_bytes()[:-size] for size in (1, 40, 400)]
    damages += [lambda path: b"", lambda path: b"kernels"]
    for damage in damages:
        for path, data in originals.items():
            path.write_bytes(data)
            path.write_bytes(damage(path))
        best_set.cache_clear()
        assert prebuilt(symbol) in allowed
    best_set.cache_clear()


def test_code_of_another_kernel_is_not_used(folder, tmp_path):
    for target in fitting_targets():
        symbol, code = code_of(SUM, target)[0], code_of(DIFFERENCE, target)[1]
        write_set(set_file(folder, target), target, {symbol: code}, {}, "")
    assert run(folder, tmp_path / "cache")[:2] == COMPILED[:2]


def test_member_of_another_set_is_not_read(tmp_path):
    one, other = TARGETS[0], TARGETS[1]
    write_set(tmp_path / "set", one, {"symbol": b"code"}, {}, "")
    assert KernelSet(tmp_path / "set", one).read("symbol") == b"code"
    assert KernelSet(tmp_path / "set", other).read("symbol") is None


def test_ir_is_that_of_one_version_of_the_compiler(tmp_path):
    target = fitting_targets()[0]
    write_set(tmp_path / "set", target, {}, {"symbol": b"ir"}, version("llvmlite"))
    found = KernelSet(tmp_path / "set", target)
    assert found.read("symbol", version("llvmlite")) == b"ir"
    assert found.read("symbol", "0.1") is None and found.read("symbol") is None


# Each processor switches denormal numbers off by a register of its own.
@pytest.mark.parametrize(
    ("target", "instruction"), list(zip(TARGETS, ["vldmxcsr", "vldmxcsr", "msr\tFPCR"], strict=True))
)
def test_denormals_are_switched_off_on_each_target(target, instruction):
    for function in (BEGIN, END):
        symbol = kernel_symbol(function.name, function.key)
        source = KernelSource(function.name, function.modules(symbol), calls_kernels=True)
        assert instruction in machine(target).emit_assembly(source.optimised(target))


def test_engine_is_compiled_for_another_processor():
    other = next(target for target in TARGETS if target.triple != host().triple)
    code = KernelSource("process", PROCESS.modules("process"), calls_kernels=True).code(other)
    assert code.startswith(b"\x7fELF")


def test_set_has_the_same_bytes_whenever_it_is_written(tmp_path):
    for name in ("one", "other"):
        write_set(tmp_path / name, TARGETS[0], {"b": b"2", "a": b"1"}, {"c": b"3"}, "1")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_targets_need_all_features_that_their_code_may_use():
    assert [target.name for target in TARGETS if "x86_64" in target.triple] == ["x86-64-v4", "x86-64-v3"]
    assert TARGETS[1].needed < TARGETS[0].needed


def test_recording_collects_the_sources_of_compiled_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path))
    kernel = NativeFunction(difference_of_both)
    with recorded_sources() as sources:
        kernel.address  # noqa: B018 - the property compiles the kernel
    assert list(sources) == [portable_symbol(kernel.name, kernel.key)]
    assert all(source.code(host()) for source in sources.values())


def test_code_with_an_address_of_python_is_refused():
    ir = "define void @k(ptr %w) {\n  store ptr inttoptr (i64 140629882031472 to ptr), ptr %w\n  ret void\n}\n"
    with pytest.raises(KernelError, match="address"):
        KernelSource("k", [ir]).code(host())
