"""The wheel holds everything that the program uses, and works without a checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.delivery.wheel import ROOT, build_wheel

MAX_MEGABYTES = 40  # of the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    (found,) = build_wheel(tmp_path_factory.mktemp("dist"))
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the unpacked wheel, beside which there is no checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def tracked(*folders: str) -> set[str]:
    """Return the files of the repository in some folders."""
    done = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git repository")
    return {name for name in done.stdout.split("\0") if name}


def test_wheel_holds_every_file_of_the_program_its_blocks_and_its_patches(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    expected = tracked("nodegraph", "nodes") | {f"nodegraph/{name}" for name in tracked("patches")}
    assert len(expected) > 700 and expected - held == set()
    kinds = {Path(name).suffix for name in held}
    assert {".json", ".flac", ".mid", ".sfz", ".safetensors", ".scl", ".md", ".toml", ".otf", ".ttf", ".html"} <= kinds
    assert wheel.stat().st_size < MAX_MEGABYTES * 1e6


def test_wheel_holds_nothing_but_the_program(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert tops == {"nodegraph", "nodes", next(top for top in tops if top.endswith(".dist-info"))}


def test_torch_is_required_by_no_extra_but_learn(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        requires = re.findall(r"^Requires-Dist: (.*)$", archive.read(name).decode(), re.M)
    assert [line for line in requires if line.startswith("torch")] == ["torch>=2.6; extra == 'learn'"]
    assert "all" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lesson", "filters"], "filter"),
        (["nodes", "--search", "lop~"], "one_pole"),
        (["demo", "no_such_demo"], "choose one of arpeggio"),
        (["controllers"], "nanokontrol2"),
    ],
)
def test_commands_work_from_the_wheel(installed, tmp_path, arguments, words):
    code = "import sys; from nodegraph.cli import main; print(main.__globals__['__file__']); sys.exit(main())"
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert words in (done.stdout + done.stderr).lower() and done.stdout.startswith(str(installed)), done.stderr
