"""``nodegraph diff``, ``nodegraph merge`` and ``nodegraph show --python``, also as tools of git."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nodegraph

ROOT = Path(__file__).parent.parent.parent


def edited(source, target, **values):
    patch = nodegraph.load(source)
    for name, value in values.items():
        patch.set(name.replace("__", "."), value)
    patch.save(target)


def test_diff_is_in_words_and_sound(cli, beep, tmp_path):
    edited("beep.json", "louder.json", osc__amplitude=1.0)
    outcome = cli("diff", "beep.json", "louder.json", "--seconds", "0.5")
    lines = outcome.out.splitlines()
    assert lines[0] == "osc.amplitude 0.5 → 1 ratio"
    assert "level -9.031 → -3.01 dBFS" in lines
    data = cli("diff", "beep.json", "louder.json", "--seconds", "0.5", "--json").json
    assert data["words"] == lines[:1] and data["sound"]["distance"] == pytest.approx(6.02, abs=0.3)


def test_equal_patches_have_no_difference(cli, beep):
    assert cli("diff", "beep.json", "beep.json", "--seconds", "0").out == "no difference\n"


def test_merge_combines_copies_and_names_conflicts(cli, beep, tmp_path):
    edited("beep.json", "ours.json", osc__amplitude=0.25)
    edited("beep.json", "theirs.json", osc__frequency=220.0)
    assert cli("merge", "beep.json", "ours.json", "theirs.json", "-o", "both.json").status == 0
    assert nodegraph.load("both.json").document.nodes["osc"].params == {"frequency": 220.0, "amplitude": 0.25}
    edited("beep.json", "theirs.json", osc__amplitude=0.75)
    outcome = cli("merge", "beep.json", "ours.json", "theirs.json")
    assert outcome.status == 1
    assert outcome.err == "conflict: osc.amplitude: 0.25 in ours, 0.75 in theirs\n"


def test_show_python_prints_a_program(cli, beep):
    assert 'patch.add("sine", "osc", frequency=441.0, amplitude=0.5)' in cli("show", "beep.json", "--python").out


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_merges_patches_with_the_driver(beep, tmp_path):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    driver = f"PYTHONPATH={ROOT} {sys.executable} -P -m nodegraph merge %O %A %B"
    git("init", "-b", "main")
    for name, value in (("user.name", "t"), ("user.email", "t@example.org"), ("merge.nodegraph.driver", driver)):
        git("config", name, value)
    (tmp_path / ".gitattributes").write_text("*.json merge=nodegraph\n")
    git("add", ".")
    git("commit", "-m", "base")
    git("checkout", "-b", "other")
    edited(tmp_path / "beep.json", tmp_path / "beep.json", osc__frequency=220.0)
    git("commit", "-am", "theirs")
    git("checkout", "main")
    edited(tmp_path / "beep.json", tmp_path / "beep.json", osc__amplitude=0.25)
    git("commit", "-am", "ours")
    git("merge", "other", "-m", "merged")
    merged = nodegraph.load(tmp_path / "beep.json").document.nodes["osc"].params
    assert merged == {"frequency": 220.0, "amplitude": 0.25}
