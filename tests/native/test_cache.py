"""The kernel cache: kernels are reused between runs, and damaged or foreign files are compiled again."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nodegraph.native.identity import code_identity, with_source

PROGRAM = """
import sys, ctypes, numpy as np
from nodegraph.kernel import NativeFunction
from nodegraph.native.words import as_i64
def count(arguments, start, samples):
    as_i64(arguments)[0] = start + 2 * samples
kernel = NativeFunction(count)
was = kernel.cached
word = np.zeros(1, np.int64)
ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(kernel.address)(word.ctypes.data, 5, 100)
print(was, word[0], "numba" in sys.modules)
"""


class Opens:
    """An object whose pickle creates a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def environment_of(folder, **environment):
    return os.environ | {"NODEGRAPH_CACHE": str(folder), "NODEGRAPH_KEEP_IR": "", **environment}


def run(folder, **environment):
    environment = environment_of(folder, **environment)
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_second_start_does_not_compile_or_import_numba(tmp_path):
    assert run(tmp_path) == ["False", "205", "True"]
    assert run(tmp_path) == ["True", "205", "False"]
    assert len(list(tmp_path.iterdir())) == 1


DAMAGE = {
    "truncated": lambda data, path: data[: len(data) // 2],
    "one bit": lambda data, path: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
    "a pickle": lambda data, path: pickle.dumps(Opens(path)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_cache_file_is_compiled_again(tmp_path, damage):
    folder = tmp_path / "kernels"
    run(folder)
    (file,) = folder.iterdir()
    original = file.read_bytes()
    file.write_bytes(DAMAGE[damage](original, tmp_path / "opened"))
    assert run(folder) == ["False", "205", "True"]
    assert file.read_bytes()[:48] == original[:48]
    assert run(folder) == ["True", "205", "False"]
    assert not (tmp_path / "opened").exists()


def test_kernel_of_another_user_is_compiled_again(tmp_path):
    run(tmp_path / "kernels", XDG_DATA_HOME=str(tmp_path / "stranger"))
    assert run(tmp_path / "kernels", XDG_DATA_HOME=str(tmp_path / "user")) == ["False", "205", "True"]


def test_many_processes_may_compile_into_an_empty_cache_at_once(tmp_path):
    environment = environment_of(tmp_path / "new" / "kernels")
    command = [sys.executable, "-c", PROGRAM]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(20)]
    for process in processes:
        assert process.communicate(timeout=250)[0].split()[1] == "205" and process.returncode == 0
    assert len(list((tmp_path / "new" / "kernels").iterdir())) == 1
    assert run(tmp_path / "new" / "kernels") == ["True", "205", "False"]


def test_second_process_waits_for_the_kernel_that_the_first_compiles(tmp_path):
    command = [sys.executable, "-c", PROGRAM]
    processes = [
        subprocess.Popen(command, env=environment_of(tmp_path), stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = [process.communicate(timeout=250)[0].split() for process in processes]
    assert sorted(imported_numba for _, _, imported_numba in outputs) == ["False", "False", "True"]


@pytest.mark.parametrize("folder", ["/proc/nodegraph", "/dev/null", "/dev/null/kernels"])
def test_kernel_is_compiled_if_the_cache_folder_is_not_writable(folder):
    assert run(folder) == ["False", "205", "True"]


def test_kernel_is_compiled_if_the_key_cannot_be_stored(tmp_path):
    for _ in range(2):
        assert run(tmp_path, XDG_DATA_HOME="/dev/null") == ["False", "205", "True"]
    assert list(tmp_path.iterdir()) == []


# -- identity of kernels -------------------------------------------------------------------------------------


def function(source, **names):
    namespace = dict(names)
    exec(source, namespace)
    return namespace["f"]


def helper(x):
    return x


def other_helper(x):
    return x + 1


SAME = "def f(x):\n    return g(x) * 2.0\n"


@pytest.mark.parametrize("one, other", [
    (function("def f(x): return x + 1.0"), function("def f(x): return x + 2.0")),
    (function("def f(x): return x + 1.0"), function("def f(x): return x - 1.0")),
    (function("def f(x, y): return x"), function("def f(y, x): return x")),
    (function(SAME, g=helper), function(SAME, g=other_helper)),
    (function(SAME, g=np.floor), function(SAME, g=np.ceil)),
    (function("def f(x): return x * g", g=1.0), function("def f(x): return x * g", g=2.0)),
    (function("def f(x): return x * g", g=np.float32(1)), function("def f(x): return x * g", g=np.float64(1))),
    (function("def f(x): return g[0]", g=np.zeros(3)), function("def f(x): return g[0]", g=np.ones(3))),
    (function("def f(x): return g[0]", g=(1, 2)), function("def f(x): return g[0]", g=(1, 3))),
])  # fmt: skip
def test_functions_with_different_results_have_different_identities(one, other):
    assert code_identity(one).compiled != code_identity(other).compiled
    assert code_identity(one).source != code_identity(other).source


def test_identical_functions_have_the_same_identity():
    sources = [function(SAME, g=function("def f(x): return x * h", h=3.0)) for _ in range(2)]
    assert code_identity(sources[0]) == code_identity(sources[1])


def module_with(folder, name, source):
    """Return the namespace of a module with this source, in a file."""
    path = folder / f"{name}.py"
    path.write_text(source)
    namespace = {}
    exec(compile(source, str(path), "exec"), namespace)
    return namespace


LINES = """
def scaled(
    x,
):
    def inner(y):
        return y * 2.0

    return (
        inner(x)
    )
{after}
"""


def test_source_is_that_of_the_function_alone(tmp_path):
    one = module_with(tmp_path, "one", LINES.format(after="other = 1"))["scaled"]
    same = module_with(tmp_path, "same", "# a comment\n" + LINES.format(after="def last(): pass"))["scaled"]
    changed = module_with(tmp_path, "changed", LINES.format(after="").replace("y * 2.0", "y * 3.0"))["scaled"]
    assert code_identity(one) == code_identity(same)
    assert code_identity(one).source != code_identity(changed).source


def test_source_does_not_depend_on_the_byte_code(tmp_path):
    one, other = (module_with(tmp_path, "one", LINES.format(after=""))["scaled"] for _ in range(2))
    other.__code__ = other.__code__.replace(co_consts=(*other.__code__.co_consts, None))
    assert code_identity(one).compiled != code_identity(other).compiled
    assert code_identity(one).source == code_identity(other).source


def test_generated_function_is_identified_by_its_text():
    one, other = (with_source(function("def f(x): return x"), text) for text in ("x", "y"))
    assert code_identity(one).compiled == code_identity(other).compiled
    assert code_identity(one).source != code_identity(other).source
