"""Tests of a lesson: its solutions must pass, and each wrong patch must get its hint."""

from __future__ import annotations

from pathlib import Path

from .checking import Assessor
from .lesson import Lesson


def solution_problems(assessor: Assessor, path: Path) -> list[str]:
    """Return a line for each check that a solution fails."""
    assessment = assessor.assess_file(path)
    if assessment.problem:
        return [f"solutions/{path.name}: {assessment.problem}"]
    return [
        f"solutions/{path.name}: check '{one.check.id}' got {one.value_text}, must be {one.wanted_text}."
        for one in assessment.failed
    ]


def wrong_problems(assessor: Assessor, path: Path) -> list[str]:
    """Return a line if the first check that a wrong patch fails is not the one declared."""
    expected = assessor.lesson.file.wrong[path.stem]
    assessment = assessor.assess_file(path)
    if assessment.problem:
        return [f"wrong/{path.name}: {assessment.problem}"]
    first = assessment.failed[0].check.id if assessment.failed else ""
    if first == expected:
        return []
    got = f"fails '{first}' first" if first else "passes all checks"
    return [f"wrong/{path.name}: {got}, must fail '{expected}'. Correct [wrong] or the checks."]


def lesson_problems(lesson: Lesson) -> list[str]:
    """Test a lesson: return a line for each solution that is rejected, and each wrong patch with another hint."""
    assessor = Assessor(lesson)
    found = [line for path in lesson.solutions for line in solution_problems(assessor, path)]
    return found + [line for path in lesson.wrong for line in wrong_problems(assessor, path)]
