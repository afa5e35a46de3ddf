"""Tests of a lesson: its solutions must pass, each wrong patch must get its hint, and checks cover what exists."""

from __future__ import annotations

from pathlib import Path

from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.patch import PatchError
from nodegraph.patch.errors import quote, suggest

from .assessment import Assessment
from .checking import Assessor
from .lesson import Lesson
from .loading import FILE
from .rendering import read_document


def solution_problems(assessor: Assessor, path: Path) -> list[str]:
    """Return a line for each check that a solution fails."""
    assessment = assessor.assess_file(path)
    if assessment.problem:
        return [f"solutions/{path.name}: {_problem(assessment, path)}"]
    return [
        f"solutions/{path.name}: check '{one.check.id}' got {one.value_text}, must be {one.wanted_text}."
        for one in assessment.failed
    ]


def wrong_problems(assessor: Assessor, path: Path) -> list[str]:
    """Return a line if a wrong patch first fails another check than the one declared, or gets another hint of it."""
    declared = assessor.lesson.file.wrong[path.stem]
    assessment = assessor.assess_file(path)
    if assessment.problem:
        return [f"wrong/{path.name}: {_problem(assessment, path)}"]
    got = "passes all checks"
    if assessment.failed:
        first = assessment.failed[0]
        hint = f"{first.check.id}.{first.check.hint_name(first.value)}"
        if declared in (first.check.id, hint):
            return []
        got = f"first gets '{hint}'"
    return [f"wrong/{path.name}: {got}, must get '{declared}'. Correct [wrong] or the checks."]


def _problem(assessment: Assessment, path: Path) -> str:
    """Return the problem of an assessment without the path of the patch."""
    return assessment.problem.removeprefix(f"{path}: ")


def covers_problems(lesson: Lesson) -> list[str]:
    """Return a line for each name in ``covers`` that is neither a block nor a port or setting of one in the target."""
    covers = [(check.id, name) for check in lesson.checks for name in check.covers]
    if not covers:
        return []
    if lesson.target is None:
        return [f'{FILE}: covers needs a target. Add the line target = "solutions/reference.json".']
    try:
        document = read_document(lesson.target)
    except PatchError as error:
        return [str(error)]
    known = set(document.nodes)
    for id, record in document.nodes.items():
        spec = spec_of(record, PatchLocation(lesson.start))
        known |= {f"{id}.{port}" for port in (*spec.parameters, *spec.input_ports)}
    place = lesson.target.relative_to(lesson.folder)
    return [
        f"{FILE}: check '{id}': covers {quote(name)}: not found in {place}.{suggest(name, known) or ' Correct it.'}"
        for id, name in covers
        if name not in known
    ]


def lesson_problems(lesson: Lesson) -> list[str]:
    """Test a lesson: return a line for each solution that is rejected, and each wrong patch with another hint.

    Names in ``covers`` that the target does not have follow.
    """
    assessor = Assessor(lesson)
    found = [line for path in lesson.solutions for line in solution_problems(assessor, path)]
    found += [line for path in lesson.wrong for line in wrong_problems(assessor, path)]
    return found + covers_problems(lesson)
