"""Trusted programs: by their content, in a file of the user alone."""

from __future__ import annotations

import ast
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nodegraph.files import trust as trusted
from nodegraph.files.trust import (
    TrustError,
    forget,
    hash_of,
    is_trusted,
    read_trusted,
    trust,
    trusted_files,
    trusting,
    untrusted_problem,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Use new settings; return their path."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(trusted.GIVEN, raising=False)
    return trusted.settings_path()


@pytest.fixture
def model(settings, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"a program")
    return path


def test_file_is_trusted_by_its_content_under_any_name(model, settings, tmp_path):
    assert not is_trusted(hash_of(model))
    trust(model)
    (tmp_path / "copy.pt").write_bytes(b"a program")
    assert untrusted_problem(tmp_path / "copy.pt") == ""
    assert read_trusted(tmp_path / "copy.pt") == b"a program"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert [(file.sha256, file.name) for file in trusted_files()] == [(hash_of(model), str(model))]


def test_changed_file_is_not_trusted(model):
    trust(model)
    model.write_bytes(b"another program")
    assert "is not trusted" in untrusted_problem(model)
    with pytest.raises(TrustError, match="not trusted"):
        read_trusted(model)


def test_file_that_is_replaced_without_a_trace_is_not_read(model):
    trust(model)
    before = model.stat()
    with model.open("r+b") as file:
        file.write(b"b")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(TrustError, match="not trusted"):
        read_trusted(model)


def test_forgotten_file_is_not_trusted(model):
    forget(trust(model).sha256)
    assert trusted_files() == [] and not is_trusted(hash_of(model))


def test_file_is_trusted_within_a_context_only(model, monkeypatch):
    for before in (None, "0" * 64):
        if before:
            monkeypatch.setenv(trusted.GIVEN, before)
        with trusting([model]):
            assert read_trusted(model) == b"a program"
        assert not is_trusted(hash_of(model))
        assert os.environ.get(trusted.GIVEN) == before
    assert trusted_files() == []


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o606])
def test_settings_that_others_can_open_are_not_used(model, settings, mode):
    trust(model)
    settings.chmod(mode)
    assert not is_trusted(hash_of(model))
    with pytest.raises(TrustError, match=f"{settings}: not used, other users can open it. Run: chmod 600"):
        trust(model)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "files": [{}]}', '{"version": 2, "files": []}', "["])
def test_damaged_settings_trust_nothing_and_are_not_overwritten(model, settings, text):
    trust(model)
    settings.write_text(text)
    assert not is_trusted(hash_of(model))
    with pytest.raises(TrustError) as caught:
        trust(model)
    assert "\n" not in str(caught.value) and settings.read_text() == text


def test_simultaneous_changes_of_the_settings_are_all_kept(settings, tmp_path):
    files = [tmp_path / f"{i}.pt" for i in range(12)]
    for file in files:
        file.write_text(file.name)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(trust, files))
    assert {file.name for file in trusted_files()} == {str(file) for file in files}


def test_missing_file_and_folder_are_reported(settings, tmp_path):
    for path in (tmp_path, tmp_path / "none.pt"):
        with pytest.raises(TrustError) as caught:
            trust(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_hash_alone_can_be_trusted(settings, tmp_path):
    trust(tmp_path / "gone.pt", "ab" * 32)
    assert is_trusted("ab" * 32)
    assert json.loads(settings.read_text())["files"][0]["sha256"] == "ab" * 32


RUNS = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}  # modules whose data are programs


def unsafe_loads(source: str) -> list[str]:
    """Return the calls and imports of a module that could run the content of a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in RUNS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in RUNS:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name, options = ast.unparse(node.func), {option.arg: ast.unparse(option.value) for option in node.keywords}
            unsafe = name == "torch.load" and options.get("weights_only") != "True"
            if unsafe or name.endswith("jit.load") or options.get("allow_pickle") == "True":
                found.append(name)
    return found


def test_programs_in_files_are_loaded_in_one_place_only():
    found = {}
    for package in ("nodegraph", "nodes"):
        for path in (ROOT / package).rglob("*.py"):
            if calls := unsafe_loads(path.read_text()):
                found[path.relative_to(ROOT).as_posix()] = calls
    assert found == {
        "nodegraph/processes/torchscript_main.py": ["torch.jit.load"],
        # orders of the program to its own processes, not files
        "nodegraph/blocks/worker_launcher.py": ["pickle"],
        "nodegraph/blocks/worker_process.py": ["pickle"],
    }


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from joblib import load", "torch.load(f)", "np.load(f, allow_pickle=True)", "jit.load(f)"],
)
def test_unsafe_loads_are_detected(source):
    assert unsafe_loads(source)
