"""The recipes of CONTRIBUTING.md: each file in it, added to a copy of the packages, is all that is needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nodegraph

ROOT = Path(__file__).parents[1]
PLUCK = ROOT / "patches" / "pluck.json"

PRESS = """
from pathlib import Path

from nodegraph.patch import Patch
from tests.editor.user import SimulatedUser

patch = Patch()
patch.add("sine", "osc")
patch.add("audio_out", "out")
patch.connect("osc.out", "out.audio")
user = SimulatedUser(Path("home"), patch)
user.presenter.run("clear_wires")
assert not patch.document.wires
patch.undo()
assert patch.document.wires
patch.do({"do": "clear_wires"})
assert not patch.document.wires
"""

RENDER = """
import numpy as np

import nodegraph

patch = nodegraph.Patch()
patch.add("sine", "osc", frequency=441.0)
patch.add("rectifier", "rectifier", mode="half")
patch.add("audio_out", "out")
patch.connect("osc.out", "rectifier.audio")
patch.connect("rectifier.out", "out.audio")
sound = nodegraph.render(patch, seconds=0.1)
assert sound.min() == 0.0 and np.count_nonzero(sound) > 0.49 * sound.size
"""


def recipes() -> dict[str, str]:
    """The files of CONTRIBUTING.md by path: programs whose first line is a comment with one."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", text, re.DOTALL))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the packages with all recipes carried out, as a working folder."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("nodegraph", "nodes"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, source in recipes().items():
        assert not (folder / path).exists()
        (folder / path).write_text(source)
    return folder


def run(folder: Path, *arguments: object) -> str:
    """What Python prints with the packages of ``folder``. Fails with its error output if its exit status is not 0."""
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_kind_of_recipe_is_one_file():
    folders = {str(Path(path).parent) for path in recipes()}
    assert folders == {"nodes", "nodegraph/patch/actions", "nodegraph/editor/commands", "nodegraph/cli/commands"}
    assert len(recipes()) == 4


def test_block_renders_and_is_listed(checkout):
    run(checkout, "-c", RENDER)
    assert "y = max(x, 0)" in run(checkout, "-m", "nodegraph", "nodes", "rectifier")


def test_editor_command_runs_the_action_with_log_and_undo(checkout):
    run(checkout, "-c", PRESS)


def test_cli_command_is_listed_and_runs(checkout):
    assert "count" in run(checkout, "-m", "nodegraph", "--help")
    document = nodegraph.load(PLUCK).document
    counts = f"{len(document.nodes)} nodes, {len(document.wires)} wires\n"
    assert run(checkout, "-m", "nodegraph", "count", PLUCK) == counts
