"""Mutants: rewirings keep the sound of a solution, mistakes change it, and lessons tell them apart."""

from __future__ import annotations

import pytest

from nodegraph.lessons import Assessor, find_lesson, load_lesson
from nodegraph.lessons.mutants import REWIRINGS, broken_results, kept_results


@pytest.mark.parametrize("name", ["lanes", "filters", "estimation"])
def test_lessons_accept_rewirings_and_reject_mistakes(name):
    assessor = Assessor(find_lesson(name))
    assert all(result.assessment.accepted for result in kept_results(assessor, 8, seed=2))
    broken = broken_results(assessor, 10, seed=2)
    assert len(broken) == 10
    assert not any(result.assessment.accepted for result in broken)
    assert sum(result.right_hint for result in broken) >= 8


def test_all_kinds_of_rewirings_are_made():
    results = kept_results(Assessor(find_lesson("one_sine")), 12)
    made = {name for result in results for name in result.mutant.description.split(", ")}
    assert made == set(REWIRINGS)


def test_deaf_lesson_accepts_mistakes(folder, edit):
    edit("[327.0, 333.0]", "[1.0, 20000.0]")
    results = broken_results(Assessor(load_lesson(folder)), 10)
    accepted = {result.mutant.description for result in results if result.assessment.accepted}
    assert accepted == {"sine.frequency × 0.5", "sine.frequency × 2"}


def test_another_solution_is_no_mistake(folder):
    mistakes = {one.mutant.description for one in broken_results(Assessor(load_lesson(folder)), 10)}
    (folder / "solutions" / "octave.json").write_text(
        (folder / "solutions" / "reference.json").read_text().replace("330.0", "660.0")
    )
    fewer = {one.mutant.description for one in broken_results(Assessor(load_lesson(folder)), 10)}
    assert mistakes - fewer == {"sine.frequency × 2"}


def test_wrong_hint_is_counted(folder, edit):
    edit('covers = ["sine.frequency"]', "covers = []")
    edit('covers = ["out"]', 'covers = ["sine.frequency"]')
    results = broken_results(Assessor(load_lesson(folder)), 10)
    assert {one.first_failed: one.right_hint for one in results} == {"pitch": False}
