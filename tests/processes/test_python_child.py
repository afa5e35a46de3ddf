"""Python children: nothing in the current folder is imported, however a child is started."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nodegraph.blocks.registry import user_folder
from nodegraph.cli.commands import warmup
from nodegraph.editor import windows
from nodegraph.editor.dpg import display_check
from nodegraph.estimator.production import make_dataset
from nodegraph.processes.python_child import SAFE_PATH, python_command, python_environment, spawn_context

ROOT = Path(__file__).parents[2]
PACKAGES = "nodegraph nodes numpy numba llvmlite torch dearpygui networkx msgspec typer soundfile distributed".split()
MODULES = "json typing multiprocessing runpy pkgutil concurrent random site sitecustomize usercustomize".split()


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Return a function that lists the imported packages of the current folder; it has many."""
    folder, ran = tmp_path / "patch", tmp_path / "ran"
    ran.mkdir()
    for name in PACKAGES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"open({str(ran / name)!r}, 'w').close()\n")
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open({str(ran / name)!r}, 'w').close()\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda: sorted(path.name for path in ran.iterdir())


def test_planted_packages_run_without_the_option(planted):
    subprocess.run([sys.executable, "-c", "import json, numpy"], capture_output=True)
    assert {"json", "numpy"} <= set(planted())


def test_child_and_its_children_import_nothing_from_the_current_folder(planted):
    names = ", ".join(["nodegraph, nodes, numpy, msgspec, typer", *MODULES[:-2]])
    program = f"import subprocess, sys; import {names}; subprocess.run([sys.executable, '-c', 'import {names}'])"
    done = subprocess.run(python_command("-c", program), env=python_environment(), capture_output=True, text=True)
    assert (done.returncode, planted()) == (0, []), done.stderr


def test_check_of_the_display_imports_nothing_from_the_current_folder(planted, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987654")
    assert display_check.display_problem()
    assert planted() == []


def test_new_window_imports_nothing_from_the_current_folder(planted, monkeypatch):
    started: list[subprocess.Popen[str]] = []

    def start(command, **options):
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options))

    monkeypatch.setattr(windows, "subprocess", type("", (), {"Popen": start, "DEVNULL": subprocess.DEVNULL}))
    monkeypatch.setenv("DISPLAY", ":987654")
    assert windows.open_window() == ""
    assert "error: " in started[0].communicate(timeout=200)[1]
    assert planted() == []


def test_warmup_imports_nothing_from_the_current_folder(planted, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path / "cache"))
    assert warmup._compile([("", 0)], 1, True) == []
    assert list((tmp_path / "cache").iterdir())
    assert planted() == []


@pytest.mark.parametrize("dask", [False, True])
def test_processes_of_a_data_set_import_nothing_from_the_current_folder(planted, tmp_path, dask):
    pytest.importorskip("distributed")
    from tests.estimator.test_dataset import settings_of

    settings = settings_of(count=32)
    assert make_dataset(settings, tmp_path / "data", jobs=2, dask=dask).manifest
    assert planted() == []


@pytest.mark.parametrize("arguments", [["-m", "nodegraph"], ["-P", "-m", "nodegraph"]])
def test_program_imports_no_package_from_the_current_folder(planted, arguments):
    done = subprocess.run([sys.executable, *arguments, "nodes", "sine"], capture_output=True, text=True)
    # `python -m` itself reads the modules of the standard library that it needs before the program starts
    assert not {"numpy", "numba", "networkx", "msgspec", "typer", "json", "random"} & set(planted())
    assert "-P" not in arguments or (done.returncode, planted()) == (0, [])


def test_spawn_context_restores_the_environment(monkeypatch):
    for value in ("", "1"):
        monkeypatch.setenv(SAFE_PATH, value)
        with spawn_context():
            assert os.environ[SAFE_PATH] == "1"
        assert os.environ[SAFE_PATH] == value
    monkeypatch.delenv(SAFE_PATH)
    with spawn_context():
        pass
    assert SAFE_PATH not in os.environ


STARTERS = {"executable", "get_context", "set_start_method", "Process", "Pool"}


def starts_python(source: str) -> bool:
    """Return whether a module names the interpreter, or starts it without the context of ``spawn_context``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in STARTERS - {"Process"}:  # of a context
            return True
        if isinstance(node, ast.Import) and any(alias.name == "multiprocessing" for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and any(alias.name in STARTERS for alias in node.names):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ProcessPoolExecutor") and not node.args[1:]:
            return True
    return False


def test_python_is_started_in_one_place_only():
    found = [path for package in ("nodegraph", "nodes") for path in (ROOT / package).rglob("*.py")]
    assert len(found) > 300
    starting = [str(path.relative_to(ROOT)) for path in found if starts_python(path.read_text())]
    assert starting == ["nodegraph/processes/python_child.py"]


@pytest.mark.parametrize("source", [
    "import sys\nsubprocess.run([sys.executable])",
    "from sys import executable",
    "import multiprocessing",
    "from multiprocessing import get_context",
    "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor(2)",
])  # fmt: skip
def test_other_ways_to_start_python_are_detected(source):
    assert starts_python(source)


def test_user_blocks_are_not_loaded_from_the_current_folder_without_a_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NODEGRAPH_NODES", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: Path("~/.local/share") / name)
    (tmp_path / "~" / ".local" / "share" / "nodegraph" / "nodes").mkdir(parents=True)
    assert not user_folder().is_dir()
