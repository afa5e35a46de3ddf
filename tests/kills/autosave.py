"""Recovery copies of the editor: the next editor offers the last copy or the next one, with the path of its patch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nodegraph.editor.autosave import FOLDER, Autosave
from nodegraph.patch import Patch, read_patch
from tests.kills.patch_save import numbered
from tests.kills.runner import check_leftovers


def prepare(folder: Path) -> None:
    numbered(0)


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    autosave = Autosave(folder)
    documents = [numbered(k) for k in range(2)]
    saved = 0
    while True:
        saved += 1
        patch = Patch(replace(documents[saved % 2], title=str(saved)), folder / "patch.json")
        desk: Any = SimpleNamespace(patch=patch)
        autosave.save_now(desk)
        report(str(saved))


def check(folder: Path, number: int, reports: list[str]) -> str:
    copies = Autosave(folder).copies()
    assert len(copies) <= 1
    assert copies or not reports
    for copy in copies:
        saved = int(read_patch(copy.path).title)
        assert saved in ((int(reports[-1]), int(reports[-1]) + 1) if reports else (1,))
        assert copy.original == (folder / "patch.json").resolve()
        copy.discard()
    if not (folder / FOLDER).is_dir():
        return "no copy"
    left = check_leftovers(folder / FOLDER)
    descriptions = list((folder / FOLDER).glob("*.about"))
    assert len(descriptions) <= 1, "a description without a copy is deleted by the next editor"
    return f"{'copy' if copies else 'no copy'}, {left}"
