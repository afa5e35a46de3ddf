"""Hand-ins: the files of a folder, one for each student, and the roster with their names."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import LessonError

ROSTER = "roster.csv"
MAX_HAND_INS = 10_000


@dataclass(frozen=True)
class HandIn:
    """The file of a student; ``path`` is None if there is none, with a ``problem``."""

    id: str
    name: str
    path: Path | None
    problem: str = ""


def hand_ins_in(folder: Path) -> list[HandIn]:
    """Return the hand-ins in a folder by id: its files, and the patch in each of its folders.

    The id is the name of the file without suffix, or that of the folder. ``roster.csv`` has lines ``id,name``; students
    without a hand-in are listed with a problem. Hidden files are left out. Raises LessonError.
    """
    if not folder.is_dir():
        raise LessonError(f"{folder}: is not a folder. Name the folder with the hand-ins.")
    names = _roster(folder / ROSTER)
    found: dict[str, HandIn] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == ROSTER:
            continue
        is_folder = path.is_dir()
        id = path.name if is_folder or path.stem in found else path.stem
        file, problem = _patch_in(path) if is_folder else (path, "")
        found[id] = HandIn(id, names.get(id, id), file, problem)
    for id in names.keys() - found.keys():
        found[id] = HandIn(id, names[id], None, "no hand-in")
    if not found:
        raise LessonError(f"{folder}: has no hand-ins. Save a patch there for each student, such as 1234.json.")
    if len(found) > MAX_HAND_INS:
        raise LessonError(f"{folder}: has more than {MAX_HAND_INS} hand-ins. Split it.")
    return [found[id] for id in sorted(found)]


def file_name_of(id: str) -> str:
    """Return an id as the name of a file."""
    return re.sub(r"[^\w.-]", "_", id)[:100].lstrip(".") or "_"


def _patch_in(folder: Path) -> tuple[Path | None, str]:
    """Return the patch in the folder of a student, or the problem."""
    files = [path for path in sorted(folder.rglob("*.json")) if path.is_file()]
    if len(files) == 1:
        return files[0], ""
    return None, f"the folder has {len(files)} patches, must have one"


def _roster(path: Path) -> dict[str, str]:
    """Return names by id."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if len(row) >= 2]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LessonError(f"{path}: cannot be read ({error}). Save it as CSV in UTF-8: id,name.") from None
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip().lower() != "id"}
