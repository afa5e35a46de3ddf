"""A new lesson to be changed, and copies of start patches."""

from __future__ import annotations

import shutil
from pathlib import Path

from nodegraph.files.atomic import write_atomic

from .errors import LessonError
from .lesson import Lesson
from .loading import FILE

OWN_FILES = {FILE, "solutions", "wrong"}  # of a lesson, which a student does not need
OWN_SUFFIX = ".md"

LESSON_TOML = """\
# A lesson: docs/LESSONS.md describes all entries. Test it with `nodegraph lesson FOLDER --test`.
id = "{id}"
version = 1
minutes = 10
objectives = ["Set the pitch of an oscillator"]
steps = ["pitch"]                       # one for each heading "## …" in text.en.md
target = "solutions/reference.json"     # its sound can be heard in the editor

[[checks]]                              # checks are reported in this order
id = "sound"
measure = "level"                       # `nodegraph measure` lists all measures with their units
range = [-60.0, 0.0]                    # lowest and highest value; inf and -inf are allowed
hint = "No sound reaches the output. Draw a wire to out.audio."
covers = ["out"]                        # blocks or inputs of the target that the check is about

[[checks]]
id = "pitch"
step = "pitch"
measure = "pitch"
range = [327.0, 333.0]
points = 2
hint = "The pitch must be 330 Hz. Set the frequency of the oscillator."
low = "Too low: raise the frequency to 330 Hz."
high = "Too high: lower the frequency to 330 Hz."
covers = ["sine.frequency"]

[wrong]                                 # each patch in wrong/, and the check or the hint that it must get first
too_low = "pitch.low"
"""

TEXT = """\
# A new lesson

Two or three sentences about what is learnt.

## Pitch

Set the frequency of the oscillator to 330 Hz.
"""

PATCH = """\
{{
  "format": "nodegraph",
  "version": 1,
  "title": "{title}",
  "seed": 1,
  "nodes": [
    {{"id": "sine", "type": "sine", "params": {{"frequency": {hz}, "amplitude": 0.25}}}},
    {{"id": "out", "type": "audio_out"}}
  ],
  "wires": [{{"from": "sine.out", "to": "out.audio"}}],
  "layout": {{"sine": [40, 40], "out": [310, 40]}}
}}
"""


def write_template(folder: Path) -> list[Path]:
    """Write a lesson of two checks, which passes its own test, to a new folder; return its files.

    Raises LessonError if the folder is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LessonError(f"{folder}: exists and is not empty. Name a new folder.")
    id = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-") else "_" for sign in folder.resolve().name)
    contents = {
        FILE: LESSON_TOML.format(id=id[:60] or "lesson"),
        "text.en.md": TEXT,
        "start.json": PATCH.format(title="A new lesson", hz="220.0"),
        "solutions/reference.json": PATCH.format(title="A new lesson: solution", hz="330.0"),
        "wrong/too_low.json": PATCH.format(title="A new lesson: too low", hz="220.0"),
    }
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    return [folder / name for name in contents]


def copy_start(lesson: Lesson, folder: Path) -> Path:
    """Copy the start patch of a lesson, with the sounds and models that it uses, to a new folder; return the patch.

    Raises LessonError if the folder is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LessonError(f"{folder}: exists and is not empty. Name a new folder.")
    return working_copy(lesson, folder)


def working_copy(lesson: Lesson, folder: Path, again: bool = False) -> Path:
    """Return a copy of the start patch in a folder, with the sounds and models that it uses.

    A copy that is there is left as it is; ``again`` makes another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in lesson.folder.iterdir():
        if path.name in OWN_FILES or path.suffix == OWN_SUFFIX or path == lesson.start:
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, dirs_exist_ok=True)
        else:
            shutil.copy(path, folder / path.name)
    patch, number = folder / f"{lesson.id}.json", 1
    while again and patch.exists():
        number += 1
        patch = folder / f"{lesson.id}-{number}.json"
    if not patch.exists():
        shutil.copy(lesson.start, patch)
    return patch
