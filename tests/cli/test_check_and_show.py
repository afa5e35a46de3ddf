"""``nodegraph check`` and ``nodegraph show``."""

import json

import pytest

from nodegraph.patch import AddNode, Connect, SetParam


def test_check_accepts_a_valid_patch(cli, beep):
    outcome = cli("check", "beep.json")
    assert outcome.status == 0
    assert outcome.out == "beep.json: ok, 2 nodes, 1 wire, latency 0 samples\n"


def test_check_prints_one_line_per_problem_of_every_file(cli, beep, effect, tmp_path):
    effect.do(Connect("amp.outt", "out.audio"))
    effect.do(SetParam("amp", "gain", 1e12))
    effect.save()
    (tmp_path / "torn.json").write_text('{"format": "nodegraph", "vers')
    outcome = cli("check", "beep.json", "effect.json", "torn.json", "missing.json")
    assert outcome.status == 1
    names = [line.partition(":")[0] for line in outcome.err.splitlines()]
    assert names == ["effect.json", "effect.json", "torn.json", "missing.json"]
    found = cli("check", "effect.json", "beep.json", "--json")
    assert found.status == 1 and [len(result["problems"]) for result in found.json] == [2, 0]


def test_check_lists_problems_and_missing_blocks_together(cli, beep):
    beep.do(Connect("osc.uot", "out.audio"))
    beep.do(SetParam("osc", "frequency", "loud"))
    beep.do(AddNode("typo", "sinee"))
    beep.save()
    outcome = cli("check", "beep.json")
    assert outcome.status == 1
    lines = [line for line in outcome.err.splitlines() if line.startswith("beep.json: ")]
    assert len(lines) == 3
    for words in ("frequency must be", "unknown output 'uot'", "warning: sinee 'typo' is silent"):
        assert sum(words in line for line in lines) == 1, lines


def test_check_lists_all_invalid_records_of_a_file(cli, tmp_path):
    nodes = [{"id": "", "type": "sine"}, {"id": "a.b", "type": "sine"}]
    (tmp_path / "x.json").write_text(json.dumps({"format": "nodegraph", "version": 1, "nodes": nodes}))
    for command in (["check"], ["render", "-o", "x.wav", "-s", 1]):
        outcome = cli(command[0], "x.json", *command[1:])
        assert outcome.status == 1
        assert ["$.nodes[0].id" in outcome.err, "$.nodes[1].id" in outcome.err] == [True, True]
        assert len(outcome.err.splitlines()) == 2


def test_check_warns_about_placeholders(cli, beep, tmp_path):
    beep.add("file_player", "player", file="lost.wav")
    beep.connect("player.out", "out.audio")
    beep.do(AddNode("typo", "sinee"))
    beep.save()
    outcome = cli("check", "beep.json")
    assert outcome.status == 0
    warnings = [line for line in outcome.err.splitlines() if "warning" in line]
    assert len(warnings) == 2 and "lost.wav" in outcome.err and "sinee" in outcome.err


def test_check_warns_about_a_patch_without_output(cli, beep):
    beep.remove("out")
    beep.save()
    assert "no audio_out: the patch is silent." in cli("check", "beep.json").line


def test_check_warns_about_a_control_without_target(cli, beep):
    from nodegraph.patch import SetControl

    beep.do(SetControl("wheel", "osc.wheel"))
    beep.save()
    assert "control 'wheel': unknown target osc.wheel." in cli("check", "beep.json").line


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ({"max": 1e6}, "frequency must lie in 0.01–20000 Hz, got 1000000."),
        ({"steps": (1.0, 30000.0)}, "frequency must lie in 0.01–20000 Hz, got 30000."),
    ],
)
def test_check_warns_about_the_range_of_a_control(cli, beep, control, message):
    from nodegraph.patch import SetControl

    beep.do(SetControl("wheel", "osc.frequency", **control))
    beep.save()
    assert f"control 'wheel': {message}" in cli("check", "beep.json").line


def test_show_lists_nodes_wires_and_loops(cli, beep):
    beep.add("vca", "amp")
    beep.connect("osc.out", "amp.audio")
    beep.connect("amp.out", "osc.pm", feedback=True)
    beep.save()
    out = cli("show", "beep.json").out
    for words in ("frequency=441", "osc.out", "⇢", "feedback loops", "osc, amp"):
        assert words in out
    data = cli("show", "beep.json", "--json").json
    assert data["loops"] == [["osc", "amp"]]
    assert {"from": "amp.out", "to": "osc.pm", "feedback": True} in data["wires"]


def test_show_plan_lists_packed_rows_and_opens_no_file(cli, taking, tmp_path):
    for i in range(8):
        taking.add("sine", f"bell{i}")
        taking.connect(f"bell{i}.out", "out.audio")
    taking.save()
    out = cli("show", "taking.json", "--plan").out
    assert "9 nodes" in out and "packed as lanes" in out and "sharing" in out
    rows = cli("show", "taking.json", "--plan", "--json").json["rows"]
    assert [len(row["nodes"]) for row in rows if row["kernel"] == "sine"] == [9]
    assert not (tmp_path / "take.wav").exists()


@pytest.mark.parametrize(("format", "start"), [("mermaid", "flowchart LR"), ("dot", "digraph patch {")])
def test_drawings_contain_all_nodes_and_escape_names(cli, beep, format, start):
    beep.rename("osc", 'a"]; <b>|')
    beep.save()
    out = cli("show", "beep.json", "--format", format).out
    assert out.startswith(start)
    assert "n0" in out and "n1" in out and '"]; <' not in out and "<b>" not in out


def test_show_plan_lists_the_groups_of_fused_kernels(cli, beep):
    groups = cli("show", "beep.json", "--plan", "--json").json["groups"]
    assert groups == [{"rows": [0, 1], "lanes": 1, "loop": False}]
    assert "2 rows in 1 group that fused kernels compute" in cli("show", "beep.json", "--plan").out


def test_show_rejects_a_drawing_of_the_plan(cli, beep):
    assert cli("show", "beep.json", "--plan", "--format", "dot").status == 2


def test_show_escapes_control_characters_in_titles(cli, beep, tmp_path):
    data = json.loads((tmp_path / "beep.json").read_text())
    (tmp_path / "beep.json").write_text(json.dumps(data | {"title": "\x1b[2Jgone"}))
    assert "\x1b" not in cli("show", "beep.json").out
