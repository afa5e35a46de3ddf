"""The result of an assessment: a verdict for each check, as an object, as plain data, and as a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nodegraph.measures.registry import measures

from .lesson import ENGLISH, VISIBLE, Check, Lesson

NOT_ASSESSED = "not assessed"  # the problem of each check of a hand-in that cannot be read


@dataclass(frozen=True)
class Verdict:
    """The result of a check: ``value`` in the unit of its measure, or None and a ``problem``, one line."""

    check: Check
    passed: bool
    value: float | None = None
    problem: str = ""

    @property
    def points(self) -> float:
        """The points that the check gives."""
        return self.check.points if self.passed else 0.0

    @property
    def value_text(self) -> str:
        """The measured value with its unit, or the problem."""
        if self.value is None:
            return self.problem
        return f"{self.value:.4g} {measures()[self.check.measure].unit}".rstrip()

    @property
    def wanted_text(self) -> str:
        """The range that is asked for, with its unit."""
        return self.check.range_text(measures()[self.check.measure].unit)

    def hint(self, language: str = ENGLISH) -> str:
        """Return the hint of a failed check, "" of one that is passed or was not assessed."""
        return "" if self.passed or self.problem == NOT_ASSESSED else self.check.hint_for(self.value, language)


@dataclass(frozen=True)
class Assessment:
    """The verdicts of all checks of a lesson, or a ``problem``, one line, if the patch cannot be assessed."""

    lesson: Lesson
    verdicts: tuple[Verdict, ...]
    problem: str = ""

    @property
    def accepted(self) -> bool:
        """Whether all checks are passed, also those that a student does not see."""
        return not self.problem and all(verdict.passed for verdict in self.verdicts)

    @property
    def score(self) -> float:
        """The points."""
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The failed checks."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    def visible(self) -> tuple[Verdict, ...]:
        """Return the verdicts that a student sees immediately."""
        return tuple(verdict for verdict in self.verdicts if verdict.check.visibility == VISIBLE)

    def summary(self) -> str:
        """Return one sentence for the student. It never says that hidden checks are passed."""
        if self.problem:
            return self.problem
        seen = self.visible()
        waiting = len(self.verdicts) - len(seen)
        passed = sum(verdict.passed for verdict in seen)
        later = f"; {waiting} more {'is' if waiting == 1 else 'are'} assessed by the teacher" if waiting else ""
        return f"{passed} of {len(seen)} checks passed{later}."

    def _repr_markdown_(self) -> str:
        return student_markdown(self, "")


def assessment_data(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as plain data; :func:`assessment_from` is the inverse."""
    verdicts = [[verdict.passed, verdict.value, verdict.problem] for verdict in assessment.verdicts]
    return {"problem": assessment.problem, "verdicts": verdicts}


def assessment_from(lesson: Lesson, data: dict[str, Any]) -> Assessment:
    """Return the assessment of plain data."""
    pairs = zip(lesson.checks, data["verdicts"], strict=True)
    return Assessment(lesson, tuple(Verdict(check, *values) for check, values in pairs), data["problem"])


def refused(lesson: Lesson, problem: str) -> Assessment:
    """Return the assessment of a hand-in that cannot be assessed."""
    verdicts = tuple(Verdict(check, False, problem=NOT_ASSESSED) for check in lesson.checks)
    return Assessment(lesson, verdicts, " ".join(problem.split()))


def student_markdown(assessment: Assessment, name: str, language: str = ENGLISH) -> str:
    """Return the report of a student in Markdown: the visible checks, with values and hints."""
    lesson = assessment.lesson
    title = lesson.text(language).title
    lines = [f"# {title}", "", f"{name}: {assessment.summary()}" if name else assessment.summary(), ""]
    if not assessment.problem:
        lines += ["| check | result | measured | asked | points |", "|---|---|---|---|---|"]
        lines += [_row(verdict) for verdict in assessment.visible()]
        hints = [verdict for verdict in assessment.visible() if not verdict.passed]
        lines += ["", *(f"- **{verdict.check.id}**: {verdict.hint(language)}" for verdict in hints)] if hints else []
    return "\n".join(lines).rstrip() + "\n"


def _row(verdict: Verdict) -> str:
    check = verdict.check
    result = "passed" if verdict.passed else "failed"
    points = f"{verdict.points:g} / {check.points:g}"
    return f"| {check.id} | {result} | {verdict.value_text} | {verdict.wanted_text} | {points} |"
