"""Grading: assessments of a folder of hand-ins, and of single patches in a notebook."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nodegraph.patch import Document, Patch
from nodegraph.processes.python_child import python_command, python_environment

from .assessment import Assessment, assessment_from, refused
from .checking import Assessor
from .errors import LessonError
from .grader import Limits
from .grades import Grade, Grades
from .hand_ins import HandIn, hand_ins_in
from .lesson import Lesson
from .loading import find_lesson

# of the graph of a hand-in, see docs/BUDGETS.md; a process that is forked has one thread
ENVIRONMENT = {
    "NODEGRAPH_MAX_NODES": "2000",
    "NODEGRAPH_MEMORY": "0.25",
    "NODEGRAPH_MAX_FORMULAS": "16",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def grade(
    lesson: str | os.PathLike[str] | Lesson, work: Patch | Document | str | os.PathLike[str]
) -> Assessment | Grades:
    """Assess a patch, a patch file, or all hand-ins in a folder by the checks of a lesson.

    ``lesson`` is an id such as ``"filters"``, or a folder with a ``lesson.toml``. A patch returns its assessment, with
    ``score``, ``accepted`` and ``verdicts``; a folder the grades of all hand-ins. Raises LessonError.
    """
    found = lesson if isinstance(lesson, Lesson) else find_lesson(os.fspath(lesson))
    if isinstance(work, Patch | Document):
        return Assessor(found).assess(work)
    path = Path(work)
    return grade_folder(found, path) if path.is_dir() else Assessor(found).assess_file(path)


def grade_folder(
    lesson: Lesson,
    folder: Path,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Grades:
    """Assess all hand-ins in a folder, each in a process of its own. ``progress`` is called with done and all.

    A hand-in that cannot be read, takes longer, needs more memory or ends its process has a problem, one line.
    """
    hand_ins = hand_ins_in(folder)
    assessed = dict(_assessed(lesson, hand_ins, limits or Limits(), progress))
    missing = [hand_in for hand_in in hand_ins if hand_in.id not in assessed]
    assessed |= {hand_in.id: refused(lesson, hand_in.problem or "was not assessed") for hand_in in missing}
    return Grades(lesson, tuple(Grade(hand_in, assessed[hand_in.id]) for hand_in in hand_ins))


def _assessed(
    lesson: Lesson, hand_ins: list[HandIn], limits: Limits, progress: Callable[[int, int], None]
) -> Iterable[tuple[str, Assessment]]:
    """Yield id and assessment of each hand-in with a file, in the order in which they are done."""
    given = [hand_in for hand_in in hand_ins if hand_in.path is not None]
    if not given:
        return
    numbers = [str(limits.seconds), str(limits.megabytes), str(limits.jobs)]
    command = python_command("-m", "nodegraph.lessons.grader", str(lesson.folder.resolve()), *numbers)
    environment = python_environment() | {name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()}
    lines = [json.dumps({"id": hand_in.id, "path": str(hand_in.path)}) for hand_in in given]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.close()
        for done, line in enumerate(process.stdout, 1):
            data: dict[str, Any] = json.loads(line)
            yield data["id"], assessment_from(lesson, data)
            progress(done, len(given))
    if process.returncode:
        raise LessonError(
            f"{lesson.folder}: the process that grades ended with status {process.returncode}. Grade again."
        )
