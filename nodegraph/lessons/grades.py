"""The grades of a class, and its statistics: how often each check failed, and the typical wrong patch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from nodegraph.measures.registry import measures

from .assessment import Assessment, Verdict
from .checking import Assessor
from .hand_ins import HandIn
from .lesson import Check, Lesson, plain_check

Pattern = tuple[tuple[str, str], ...]  # ids of failed checks, and their hints


@dataclass(frozen=True)
class Grade:
    """The assessment of a hand-in."""

    hand_in: HandIn
    assessment: Assessment


@dataclass(frozen=True)
class Grades:
    """The grades of all hand-ins of a lesson, by id."""

    lesson: Lesson
    grades: tuple[Grade, ...]

    def _repr_markdown_(self) -> str:
        return class_markdown(self)


@dataclass(frozen=True)
class CheckStatistics:
    """How a class did in a check.

    ``typical`` is the median of the wrong values, or None; ``problem`` the most frequent reason without a value;
    ``example`` the id of the hand-in nearest to the typical value; ``alike`` the patch in ``wrong/`` that fails the
    same checks as most of the hand-ins that fail this one, with their number.
    """

    check: Check
    passed: int
    failed: int
    typical: float | None
    problem: str
    example: str
    alike: tuple[str, int] | None

    def sentence(self) -> str:
        """Return one line: ``7 of 30 failed slope: typically 6.02 dB/octave, asked 10 to 14 dB/octave.``"""
        total = self.passed + self.failed
        if not self.failed:
            return f"All {total} passed {self.check.id}."
        unit = measures()[self.check.measure].unit
        value = self.problem if self.typical is None else f"typically {self.typical:.4g} {unit}".rstrip()
        text = f"{self.failed} of {total} failed {self.check.id}: {value}, asked {self.check.range_text(unit)}"
        text += f", such as {self.example}." if self.example else "."
        if self.alike is not None:
            get = "gets" if self.alike[1] == 1 else "get"
            text += f" {self.alike[1]} {get} the same hints as wrong/{self.alike[0]}.json."
        return f"{text} {self.check.hint_for(self.typical)}"


def class_statistics(grades: Grades) -> list[CheckStatistics]:
    """Return the statistics of each check, over the hand-ins that could be assessed."""
    assessed = [(grade.hand_in.id, grade.assessment) for grade in grades.grades if not grade.assessment.problem]
    patterns = wrong_patterns(grades.lesson) if any(a.failed for _, a in assessed) else {}
    found = []
    for number, check in enumerate(grades.lesson.checks):
        failed = [(id, a, a.verdicts[number]) for id, a in assessed if not a.verdicts[number].passed]
        passed = len(assessed) - len(failed)
        found.append(_statistics(check, passed, failed, patterns))
    return found


def wrong_patterns(lesson: Lesson) -> dict[Pattern, str]:
    """Return the wrong patches of a lesson by the hints that they get."""
    assessor = Assessor(lesson)
    return {pattern_of(assessor.assess_file(path)): path.stem for path in reversed(lesson.wrong)}


def pattern_of(assessment: Assessment) -> Pattern:
    """Return the failed checks with their hints, which tell too little from too much."""
    return tuple((verdict.check.id, verdict.hint()) for verdict in assessment.failed)


def class_data(grades: Grades) -> dict[str, Any]:
    """Return the statistics as plain data."""
    refused = {grade.hand_in.id: grade.assessment.problem for grade in grades.grades if grade.assessment.problem}
    return {
        "lesson": grades.lesson.id,
        "version": grades.lesson.file.version,
        "hand_ins": len(grades.grades),
        "accepted": sum(grade.assessment.accepted for grade in grades.grades),
        "refused": refused,
        "checks": [
            {
                **plain_check(one.check),
                "passed": one.passed,
                "failed": one.failed,
                "typical": one.typical,
                "problem": one.problem,
                "example": one.example,
                "alike": None if one.alike is None else {"wrong": one.alike[0], "hand_ins": one.alike[1]},
            }
            for one in class_statistics(grades)
        ],
    }


def class_markdown(grades: Grades) -> str:
    """Return the report for the teacher: the scores, a line for each check, and the hand-ins that were refused."""
    scores = [grade.assessment.score for grade in grades.grades]
    accepted = sum(grade.assessment.accepted for grade in grades.grades)
    best = grades.lesson.max_score
    lines = [f"# {grades.lesson.text().title}", ""]
    lines += [f"{len(scores)} hand-ins, {accepted} with all points; median score {median(scores):g} of {best:g}.", ""]
    lines += [f"- {one.sentence()}" for one in class_statistics(grades)]
    refused = [grade for grade in grades.grades if grade.assessment.problem]
    if refused:
        lines += ["", "Not assessed:", "", *(f"- {one.hand_in.id}: {one.assessment.problem}" for one in refused)]
    return "\n".join(lines) + "\n"


def _statistics(
    check: Check,
    passed: int,
    failed: list[tuple[str, Assessment, Verdict]],
    patterns: dict[Pattern, str],
) -> CheckStatistics:
    values = [(verdict.value, id) for id, _, verdict in failed if verdict.value is not None]
    problems = Counter(verdict.problem for _, _, verdict in failed if verdict.value is None)
    typical = median(value for value, _ in values) if len(values) * 2 >= len(failed) and values else None
    if typical is not None:
        example = min(values, key=lambda pair: abs(pair[0] - typical))[1]
    else:
        example = failed[0][0] if failed else ""
    problem = problems.most_common(1)[0][0].rstrip(".") if problems else ""
    alike = Counter(patterns[hints] for _, a, _ in failed if (hints := pattern_of(a)) in patterns).most_common(1)
    return CheckStatistics(check, passed, len(failed), typical, problem, example, alike[0] if alike else None)
