"""Challenges in the editor: the panel, its sliders, the sounds, and the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.events import PanelEvent

from .test_files_and_sound import finish


@pytest.fixture
def student(user, monkeypatch):
    """A user who opened a challenge of grade 2, the same one in all tests."""
    monkeypatch.setattr("random.randrange", lambda seeds: 7)
    user.presenter.run("challenge_by_ear")
    finish(user)
    user.send(PanelEvent("challenge", "grade", "2"))
    user.press_button("challenge", "New challenge")
    finish(user)
    return user


@pytest.fixture
def challenge(student):
    return student.desk.panels["challenge"].challenge


def verdicts(user):
    return [row[0] for row in user.item("challenge", "results").value[1]]


def test_challenge_opens_a_copy_of_its_patch(student, challenge):
    assert challenge.grade == 2 and len(challenge.knobs) == 2
    assert student.patch.path.parent == student.desk.home / "challenges"
    assert student.document.nodes == challenge.document.nodes


def test_slider_sets_the_patch_in_one_undo_step(student, challenge):
    before = student.document
    for position, done in ((0.2, False), (0.5, False), (0.75, True)):
        student.send(PanelEvent("challenge", "knob 0", position, done))
    parameter = challenge.parameters[0]
    assert student.item("challenge", "knob 0").value[0] == pytest.approx(0.75, abs=1e-3)
    assert parameter.low < student.desk.panels["challenge"].values[0] < parameter.high
    student.press("ctrl+z")
    assert student.document.nodes == before.nodes and not student.patch.can_undo


def test_check_judges_each_knob(student, challenge):
    student.press_button("challenge", "Check")
    finish(student)
    assert student.message == "0 of 2 knobs right." and verdicts(student) == ["✗", "✗"]
    student.patch.set(challenge.parameters[1].target, float(challenge.target[1]))
    student.press_button("challenge", "Check")
    finish(student)
    assert student.message == "1 of 2 knobs right." and verdicts(student) == ["✗", "✓"]


def test_target_and_own_sound_are_equal_at_the_solution(student):
    student.press_button("challenge", "Hear target")
    finish(student)
    student.press_button("challenge", "Show solution")
    student.press_button("challenge", "Hear mine")
    finish(student)
    (target, _), (mine, _) = student.sound.previews
    assert np.abs(target).max() > 0.01 and np.array_equal(target, mine)
    student.press_button("challenge", "Check")
    finish(student)
    assert student.message == "2 of 2 knobs right."


def test_removed_knob_is_explained(student, challenge):
    student.patch.remove(challenge.parameters[0].target.partition(".")[0])
    student.press_button("challenge", "Check")
    assert challenge.parameters[0].target.partition(".")[0] in student.message


def test_panel_closes_with_its_patch(student):
    student.presenter.run("new")
    assert "challenge" not in student.view.panels
