"""``nodegraph lesson`` and ``nodegraph grade``: texts, checks, new lessons and the files of results."""

from __future__ import annotations

import json
import shlex
import shutil

import nodegraph
from nodegraph.lessons import find_lesson


def test_list_is_in_order_with_titles_and_minutes(cli):
    lines = cli("lesson").out.splitlines()
    assert lines[0].startswith("1   one_sine") and lines[0].endswith("10 min")
    assert len(lines) == len(cli("lesson", "--json").json) == 17


def test_text_is_shown_in_both_languages(cli):
    assert "# One sine" in cli("lesson", "one_sine").out
    found = cli("lesson", "one_sine", "--language", "de")
    assert "# Ein Sinus" in found.out and "## 1. Verbinden" in found.out


def test_check_prints_values_and_the_first_hint(cli):
    lesson = find_lesson("one_sine")
    outcome = cli("lesson", "one_sine", "--check", lesson.folder / "wrong" / "octave_low.json")
    assert outcome.status == 1
    assert "FAILED  pitch  220 Hz" in outcome.out
    assert outcome.out.splitlines()[-2:] == [
        "pitch: Too low: raise the frequency of the sine to 440 Hz. An octave is a factor of 2.",
        "3 of 4 checks passed.",
    ]
    passed = cli("lesson", "one_sine", "--check", lesson.solutions[0], "--json")
    assert passed.status == 0 and all(check["passed"] for check in passed.json["checks"])


def test_unreadable_patch_is_one_line(cli, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    outcome = cli("lesson", "one_sine", "--check", "bad.json")
    assert outcome.status == 1
    assert outcome.out.startswith("bad.json: the file is truncated")


def test_new_lesson_passes_its_test_and_is_not_overwritten(cli):
    assert cli("lesson", "new", "mine").status == 0
    assert cli("lesson", "mine", "--test").out == "mine: 1 solution and 1 in wrong/, ok\n"
    again = cli("lesson", "new", "mine")
    assert again.status == 1 and "exists and is not empty" in again.err
    assert cli("lesson", "new").status == 2


def test_printed_commands_work_with_any_folder_name(cli):
    for folder, argument in (("my lesson's", """'my lesson'"'"'s'"""), ("-loud", "./-loud")):
        outcome = cli("lesson", "new", "--", folder)
        assert outcome.out.splitlines()[-1].endswith(f": nodegraph lesson {argument} --test")
        command = shlex.split(outcome.out.splitlines()[-1].rpartition(": ")[2])[1:]
        assert cli(*command).status == 0
        lines = cli("lesson", "--", folder).out.splitlines()[-2:]
        assert lines[0] == f"Start: nodegraph edit {argument}/start.json" or "'" in lines[0]
        assert lines[1] == f"Check: nodegraph lesson {argument} --check MY.json"


def test_start_is_copied_with_its_sounds(cli, tmp_path):
    assert cli("lesson", "sampling", "--start", "work").status == 0
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"sampling.json", "audio"}
    assert not nodegraph.load(tmp_path / "work" / "sampling.json").graph().placeholders


def test_grade_writes_all_reports(cli, tmp_path):
    cli("lesson", "new", "mine")
    (tmp_path / "work").mkdir()
    shutil.copy(tmp_path / "mine" / "wrong" / "too_low.json", tmp_path / "work" / "anna.json")
    (tmp_path / "work" / "x.json").write_text("{")
    outcome = cli("grade", "mine", "work", "-o", "out", "--jobs", "1")
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("mine: 2 hand-ins, 0 with all points, 1 not assessed. Saved out.")
    assert json.loads((tmp_path / "out/results/anna.json").read_text())["tests"][1]["score"] == 0.0
    assert "Too low" in (tmp_path / "out/reports/anna.md").read_text()
    assert (tmp_path / "out/grades.csv").read_text().startswith("id,name,score,max,sound,pitch,comments\n")
    assert "1 of 1 failed pitch" in (tmp_path / "out/class.md").read_text()
    assert len(list((tmp_path / "out/results").iterdir())) == 2


def test_mutants_are_counted_and_named(cli):
    cli("lesson", "new", "mine")
    outcome = cli("lesson", "mine", "--mutants", "4")
    assert outcome.out.splitlines()[-1].startswith("mine: 4 of 4 rewirings accepted, ")
    assert cli("lesson", "mine", "--mutants", "4", "--json").json["accepted_mistakes"] == []


def test_mutants_of_a_lesson_that_covers_nothing_are_explained(cli, tmp_path):
    cli("lesson", "new", "mine")
    path = tmp_path / "mine" / "lesson.toml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("covers")))
    outcome = cli("lesson", "mine", "--mutants", 2)
    assert outcome.status == 0 and outcome.line.startswith("warning: no check covers a block")
