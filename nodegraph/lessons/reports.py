"""Reports: Gradescope's JSON, a CSV for learning platforms, and a Markdown report for each student."""

from __future__ import annotations

import csv
import io
from typing import Any

from .assessment import Assessment, Verdict
from .grades import Grades
from .lesson import ENGLISH, VISIBLE, Lesson, text_in

GRADESCOPE_VISIBILITY = {"visible": "visible", "hidden": "hidden", "after_due": "after_due_date"}
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins with one


def gradescope(assessment: Assessment, language: str = ENGLISH) -> dict[str, Any]:
    """Return the results of a hand-in in the shape of a Gradescope autograder.

    Each check is a test with its own visibility. The sums are left to Gradescope, since they would tell hidden results.
    """
    tests = [
        {
            "name": verdict.check.id,
            "score": verdict.points,
            "max_score": verdict.check.points,
            "status": "passed" if verdict.passed else "failed",
            "output": _output(verdict, language),
            "visibility": GRADESCOPE_VISIBILITY[verdict.check.visibility],
        }
        for verdict in assessment.verdicts
    ]
    return {"output": assessment.summary(), "visibility": "visible", "stdout_visibility": "hidden", "tests": tests}


def grades_csv(grades: Grades) -> str:
    """Return a CSV: id, name, score, max, the points of each check, comments."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "name", "score", "max", *(check.id for check in grades.lesson.checks), "comments"])
    for grade in grades.grades:
        assessment = grade.assessment
        points = [f"{verdict.points:g}" for verdict in assessment.verdicts]
        row = [f"{assessment.score:g}", f"{grades.lesson.max_score:g}", *points]
        writer.writerow([_cell(grade.hand_in.id), _cell(grade.hand_in.name), *row, _cell(comments(assessment))])
    return file.getvalue()


def comments(assessment: Assessment, language: str = ENGLISH) -> str:
    """Return the problem, or the hints of the failed checks that a student may see, on one line."""
    if assessment.problem:
        return assessment.problem
    seen = [verdict for verdict in assessment.failed if verdict.check.visibility == VISIBLE]
    return " ".join(f"{verdict.check.id}: {verdict.hint(language)}" for verdict in seen)


def lesson_markdown(lesson: Lesson, language: str = ENGLISH) -> str:
    """Return the text of a lesson in Markdown: title, objectives, introduction, steps."""
    text = lesson.text(language)
    lines = [f"# {text.title}", "", f"{lesson.file.minutes:g} minutes", ""]
    lines += [f"- {text_in(objective, language)}" for objective in lesson.file.objectives]
    lines += ["", text.introduction, ""]
    for number, (heading, body) in enumerate(text.steps, 1):
        lines += [f"## {number}. {heading}", "", body, ""]
    return "\n".join(lines).rstrip() + "\n"


def _output(verdict: Verdict, language: str) -> str:
    measured = f"{verdict.check.measure.replace('_', ' ')}: {verdict.value_text}, asked {verdict.wanted_text}."
    return f"{measured} {verdict.hint(language)}".strip()


def _cell(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
