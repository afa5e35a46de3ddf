"""Saving of a patch by the library: the file is the last saved patch or the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nodegraph
from nodegraph.patch import Document, Patch, read_patch
from tests.kills.runner import check_leftovers

SOURCE = Path(__file__).parents[2] / "patches" / "demo.json"


def prepare(folder: Path) -> None:
    Patch(numbered(0)).save(folder / "patch.json")


def numbered(number: int) -> Document:
    """Return the demo patch with a number as its title; odd ones are shorter."""
    document = nodegraph.load(SOURCE).document
    if number % 2:
        document = replace(document, snapshots={}, controls={}, notes={}, areas={}, layout={})
    return replace(document, title=str(number))


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    first = int(read_patch(folder / "patch.json").title)
    documents = [numbered(first + k) for k in range(1, 3)]
    saved = first
    while True:
        saved += 1
        Patch(replace(documents[(saved - first - 1) % 2], title=str(saved))).save(folder / "patch.json")
        report(str(saved))


def check(folder: Path, number: int, reports: list[str]) -> str:
    saved = int(read_patch(folder / "patch.json").title)
    assert not reports or saved in (int(reports[-1]), int(reports[-1]) + 1)
    age = "new" if reports and saved > int(reports[-1]) else "old"
    return f"{age} patch, {check_leftovers(folder)}"
