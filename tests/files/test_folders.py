"""Folders of the user: never relative to the current folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodegraph.files.folders import user_folder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["cache", "config", "data", "state"])
def test_folder_of_the_user_is_absolute(kind, monkeypatch):
    assert user_folder(kind).is_absolute()
    monkeypatch.setattr(f"platformdirs.user_{kind}_path", lambda name: Path("~") / name)  # without a home folder
    assert user_folder(kind) == Path("/dev/null/nodegraph")


def test_folders_of_the_user_are_found_in_one_place():
    found = [path for package in ("nodegraph", "nodes") for path in (ROOT / package).rglob("*.py")]
    using = [path.relative_to(ROOT).as_posix() for path in found if "platformdirs" in path.read_text()]
    assert using == ["nodegraph/files/folders.py"]
