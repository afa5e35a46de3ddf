"""Grading of a folder: reports, statistics, and hand-ins that must cost their own line only."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil

import pytest

from nodegraph.lessons import LessonError, load_lesson
from nodegraph.lessons.grader import Limits
from nodegraph.lessons.grades import class_data, class_markdown, class_statistics
from nodegraph.lessons.grading import grade_folder
from nodegraph.lessons.hand_ins import hand_ins_in
from nodegraph.lessons.reports import grades_csv, gradescope
from nodegraph.lessons.template import write_template

LIMITS = Limits(seconds=0.5, megabytes=200, jobs=2)


def chain(type, count):
    """Return a patch of blocks in a row, as the data of a file."""
    ids = ["osc", *(f"n{k}" for k in range(count)), "out"]
    types = ["sine", *[type] * count, "audio_out"]
    wires = [{"from": f"{a}.out", "to": f"{b}.audio"} for a, b in zip(ids, ids[1:])]
    nodes = [{"id": id, "type": name} for id, name in zip(ids, types)]
    return {"format": "nodegraph", "version": 1, "nodes": nodes, "wires": wires}


def hostile():
    """Return the files of hand-ins that must not stop the others: name → content."""
    loop = chain("vca", 2)
    loop["nodes"][1] |= {"params": {"gain": 2.0}}
    loop["wires"].append({"from": "n1.out", "to": "n0.audio", "feedback": True})
    outside = chain("vca", 1)
    outside["nodes"][0] = {"id": "osc", "type": "file_player", "params": {"file": "../../../../etc/passwd"}}
    lanes = chain("vca", 1)
    lanes["nodes"][1]["params"] = {"gain": [1.0] * 1_000_000}
    memory = chain("delay", 1)
    memory["nodes"][0] = {"id": "osc", "type": "spread", "params": {"count": 22}}
    memory["nodes"][1]["params"] = {"max_time": 60.0}
    return {
        "no_output": {"format": "nodegraph", "version": 1, "nodes": [{"id": "osc", "type": "sine"}]},
        "endless": loop,
        "nodes": chain("vca", 10_000),
        "lanes": lanes,
        "outside": outside,
        "memory": memory,
        "slow": chain("reverb", 150),
        "wrong_file": "\x89PNG, not a patch",
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The grades of 14 hand-ins of the template lesson: three solutions, three wrong patches, eight hostile ones."""
    root = tmp_path_factory.mktemp("grading")
    write_template(root / "tuning")
    hand_ins = root / "hand_ins"
    hand_ins.mkdir()
    for k in range(3):
        shutil.copy(root / "tuning" / "solutions" / "reference.json", hand_ins / f"good_{k}.json")
    for k in range(2):
        shutil.copy(root / "tuning" / "wrong" / "too_low.json", hand_ins / f"low_{k}.json")
    too_low = (root / "tuning" / "wrong" / "too_low.json").read_text()
    (hand_ins / "high.json").write_text(too_low.replace("220.0", "440.0"))
    for name, content in hostile().items():
        (hand_ins / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    (hand_ins / "roster.csv").write_text("id,name\ngood_0,Ada\nabsent,=Bob\n")
    return grade_folder(load_lesson(root / "tuning"), hand_ins, LIMITS)


@pytest.fixture
def by_id(graded):
    return {grade.hand_in.id: grade.assessment for grade in graded.grades}


def test_all_hand_ins_are_graded_in_order(graded, by_id):
    assert list(by_id) == sorted(by_id) and len(by_id) == 15
    assert {id for id, assessment in by_id.items() if assessment.accepted} == {"good_0", "good_1", "good_2"}
    assert by_id["low_0"].score == 1.0


@pytest.mark.parametrize(
    ("id", "problem"),
    [
        ("endless", "outputs NaN or infinity"),
        ("nodes", "more than 2000 nodes"),
        ("lanes", "larger than 4194304 bytes"),
        ("outside", "is outside the folder of the patch"),
        ("memory", "not enough memory"),
        ("slow", "takes more than 0.5 s to render and measure"),
        ("wrong_file", "invalid JSON"),
        ("absent", "no hand-in"),
    ],
)
def test_hostile_hand_in_costs_one_line(by_id, id, problem):
    assert problem in by_id[id].problem
    assert "\n" not in by_id[id].problem
    assert by_id[id].score == 0.0


def test_patch_without_output_fails_the_first_check(by_id):
    assert by_id["no_output"].failed[0].check.id == "sound"


def test_csv_has_a_column_for_each_check_and_runs_no_formula(graded):
    rows = list(csv.DictReader(io.StringIO(grades_csv(graded))))
    assert list(rows[0]) == ["id", "name", "score", "max", "sound", "pitch", "comments"]
    found = {row["id"]: row for row in rows}
    assert (found["good_0"]["name"], found["good_0"]["score"], found["good_0"]["comments"]) == ("Ada", "3", "")
    assert found["low_0"]["comments"] == "pitch: Too low: raise the frequency to 330 Hz."
    assert found["absent"]["name"] == "'=Bob"


def test_gradescope_json_has_points_and_visibility_of_each_check(by_id):
    tests = gradescope(by_id["low_0"])["tests"]
    assert [(test["name"], test["score"], test["max_score"], test["visibility"]) for test in tests] == [
        ("sound", 1.0, 1.0, "visible"),
        ("pitch", 0.0, 2.0, "visible"),
    ]
    assert tests[1]["output"].endswith("asked 327 to 333 Hz. Too low: raise the frequency to 330 Hz.")
    assert gradescope(by_id["absent"])["tests"][1]["output"] == "pitch: not assessed, asked 327 to 333 Hz."


def test_statistics_name_the_typical_wrong_patch(graded):
    _, pitch = class_statistics(graded)
    assert (pitch.passed, pitch.failed, pitch.alike) == (3, 4, ("too_low", 2)), "high gets another hint"
    assert pitch.typical == pytest.approx(220.0, rel=1e-3) and pitch.example in ("low_0", "low_1")
    assert pitch.sentence().startswith("4 of 7 failed pitch: typically 220 Hz, asked 327 to 333 Hz, such as low_")
    report = class_markdown(graded)
    assert "2 get the same hints as wrong/too_low.json." in pitch.sentence()
    assert "15 hand-ins, 3 with all points" in report and "- slow: takes more than" in report
    assert class_data(graded)["checks"][0]["range"] == [-60.0, 0.0]


def test_hidden_results_are_not_in_comments_and_have_hidden_visibility(folder, edit):
    edit("points = 2", 'points = 2\nvisibility = "after_due"')
    hand_ins = folder.parent / "work"
    (hand_ins / "s1").mkdir(parents=True)
    shutil.copy(folder / "wrong" / "too_low.json", hand_ins / "s1" / "mine.json")
    grades = grade_folder(load_lesson(folder), hand_ins)
    result = gradescope(grades.grades[0].assessment)
    assert [test["visibility"] for test in result["tests"]] == ["visible", "after_due_date"]
    assert result["output"] == "1 of 1 checks passed; 1 more is assessed by the teacher."
    assert "score" not in result
    assert next(csv.DictReader(io.StringIO(grades_csv(grades))))["comments"] == ""


def test_folders_of_students_need_one_patch(tmp_path):
    (tmp_path / "s1").mkdir()
    (found,) = hand_ins_in(tmp_path)
    assert (found.id, found.path, found.problem) == ("s1", None, "the folder has 0 patches, must have one")
    with pytest.raises(LessonError, match="has no hand-ins"):
        hand_ins_in(tmp_path / "s1")
    with pytest.raises(LessonError, match="is not a folder"):
        hand_ins_in(tmp_path / "missing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe_is_refused_without_waiting(folder):
    hand_ins = folder.parent / "pipes"
    hand_ins.mkdir()
    os.mkfifo(hand_ins / "s1.json")
    assert "not a regular file" in grade_folder(load_lesson(folder), hand_ins).grades[0].assessment.problem
