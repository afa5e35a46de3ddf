"""Discovery of actions: a class in a module of the folder is an action; there is no list to edit."""

import shutil
import subprocess
import sys
from pathlib import Path

import nodegraph.patch
from nodegraph.patch import Action, actions

PACKAGE = Path(nodegraph.patch.__file__).parents[1]

NEW_ACTION = '''
from __future__ import annotations

from dataclasses import replace

from ..document import Document
from .base import Action


class RemoveAllWires(Action, frozen=True, tag="remove_all_wires"):
    """Remove all wires."""

    def apply(self, document: Document) -> Document:
        return replace(document, wires=()) if document.wires else document
'''

USE = """
from nodegraph.patch import RemoveAllWires, Group, Patch, from_data, step_from_data, to_data, within

patch = Patch()
patch.add("sine", "osc")
patch.add("audio_out", "out")
patch.connect("osc.out", "out.audio")
nested = Group((within(("voice",), RemoveAllWires()), RemoveAllWires()))
assert from_data(to_data(nested)) == nested
patch.do({"do": "remove_all_wires"})
assert not patch.document.wires
patch.undo()
assert patch.document.wires
"""


def test_every_action_is_exported_by_the_patch_package():
    found = {cls for cls in Action.__subclasses__() if cls.__module__.startswith("nodegraph.")}
    assert found == set(actions.ACTIONS.values())
    for cls in found:
        assert getattr(nodegraph.patch, cls.__name__) is cls


def test_new_module_adds_an_action_to_imports_logs_and_undo(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "nodegraph", ignore=shutil.ignore_patterns("__pycache__", "editor", "learn"))
    (tmp_path / "nodegraph" / "patch" / "actions" / "remove_all_wires.py").write_text(NEW_ACTION)
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, text=True)
    assert done.returncode == 0
