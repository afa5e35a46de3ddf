"""Lessons in the editor: the palette, steps, hints, the target, and the copy in which the user works."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.events import PanelEvent
from nodegraph.lessons.template import write_template

from .test_files_and_sound import finish


@pytest.fixture
def student(user):
    """A user who opened the first lesson."""
    user.presenter.run("lessons")
    user.pick("one sine")
    return user


def texts(user):
    """Return the texts of the panel by key."""
    return {item.key: item.value for item in user.items("lesson") if item.kind == "text"}


def test_lesson_opens_a_copy_of_its_start_patch(student, tmp_path):
    assert student.patch.path == student.desk.home / "lessons" / "one_sine" / "one_sine.json"
    assert set(student.document.nodes) == {"sine", "out", "scope"}
    assert student.view.panels["lesson"].title == "One sine"


def test_steps_are_turned_like_pages(student):
    assert "simplest sound" in texts(student)["body"]
    assert not student.item("lesson", "back").enabled
    for heading in ("1 / 3  Wire", "2 / 3  Pitch", "3 / 3  Level"):
        student.press_button("lesson", "Next")
        assert heading in [item.value for item in student.items("lesson") if item.kind == "heading"]
    assert not student.item("lesson", "next").enabled


def test_check_listens_and_gives_the_first_hint(student):
    student.press_button("lesson", "Check")
    assert not student.item("lesson", "check").enabled
    finish(student)
    assert texts(student)["state"] == "0 of 4 checks passed."
    assert texts(student)["hint"].startswith("No sound reaches the output.")
    student.patch.connect("sine.out", "out.audio")
    student.patch.set("sine.frequency", 440.0)
    student.press_button("lesson", "Check")
    finish(student)
    assert student.message == "4 of 4 checks passed."
    assert student.item("lesson", "results").value[1][2] == ("✓", "pitch", "440 Hz", "439 to 441 Hz")
    assert "hint" not in texts(student)


def test_target_is_heard_by_a_click(student):
    student.press_button("lesson", "Hear target")
    finish(student)
    ((sound, rate),) = student.sound.previews
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * rate / len(sound) == pytest.approx(440.0, abs=1.0)


def test_language_is_chosen(student):
    student.send(PanelEvent("lesson", "language", "de"))
    assert student.view.panels["lesson"].title == "Ein Sinus"
    student.press_button("lesson", "Check")
    finish(student)
    assert texts(student)["hint"].startswith("Am Ausgang kommt kein Klang an.")


def test_work_is_kept_and_start_again_opens_a_new_copy(student):
    student.patch.set("sine.frequency", 330.0)
    student.press("ctrl+s")
    student.presenter.run("lessons")
    student.pick("one sine")
    assert student.value("sine.frequency") == 330.0
    student.press_button("lesson", "Start again")
    assert student.patch.path.name == "one_sine-2.json"
    assert student.value("sine.frequency") == 220.0


def test_lesson_with_sounds_opens_with_them(user):
    user.presenter.run("lessons")
    user.pick("recording")
    assert user.patch.path.parent.name == "sampling"
    assert not user.desk.typed.problems and (user.patch.path.parent / "audio" / "guit_harmonics.flac").is_file()


def test_problem_of_the_patch_is_shown_instead_of_values(student):
    student.patch.remove("out")
    student.patch.add("file_player", "player", file="missing.wav")
    student.press_button("lesson", "Check")
    finish(student)
    assert "missing.wav" in texts(student)["state"]


def test_lesson_of_a_teacher_opens_by_its_file(user, tmp_path):
    write_template(tmp_path / "mine")
    user.presenter.run("open_lesson_file")
    user.choose(tmp_path / "mine" / "lesson.toml")
    assert user.view.panels["lesson"].title == "A new lesson"
    assert user.patch.path == user.desk.home / "lessons" / "mine" / "mine.json"
    (tmp_path / "mine" / "lesson.toml").write_text("id = 3")
    user.presenter.run("open_lesson_file")
    user.choose(tmp_path / "mine" / "lesson.toml")
    assert "lesson.toml" in user.message


def test_lessons_are_listed_in_order(user):
    user.presenter.run("lessons")
    labels = [entry.label for entry in user.view.palette.entries]
    assert labels == sorted(labels, key=lambda label: int(label.split()[0])) and labels[0].startswith("1 ")
