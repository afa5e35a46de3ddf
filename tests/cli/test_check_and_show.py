"""``nodegraph check`` and ``nodegraph show``."""

import json

import pytest

from nodegraph.patch import AddNode, Connect, SetParam


def test_a_patch_without_fault_is_fine(cli, beep):
    outcome = cli("check", "beep.json")
    assert outcome.status == 0
    assert outcome.out == "beep.json: fine, 2 nodes, 1 wire, latency 0 samples\n"


def test_every_problem_of_every_file_is_a_line(cli, beep, effect, tmp_path):
    effect.do(Connect("amp.outt", "out.audio"))
    effect.do(SetParam("amp", "gain", 1e12))
    effect.save()
    (tmp_path / "torn.json").write_text('{"format": "nodegraph", "vers')
    outcome = cli("check", "beep.json", "effect.json", "torn.json", "missing.json")
    assert outcome.status == 1
    names = [line.partition(":")[0] for line in outcome.err.splitlines() if not line.startswith("compiling")]
    assert names == ["effect.json", "effect.json", "torn.json", "missing.json"]
    found = cli("check", "effect.json", "beep.json", "--json")
    assert found.status == 1 and [len(result["problems"]) for result in found.json] == [2, 0]


def test_what_will_be_silent_is_a_warning(cli, beep, tmp_path):
    beep.add("file_player", "player", file="lost.wav")
    beep.connect("player.out", "out.audio")
    beep.do(AddNode("typo", "sinee"))
    beep.save()
    outcome = cli("check", "beep.json")
    assert outcome.status == 0
    warnings = [line for line in outcome.err.splitlines() if "warning" in line]
    assert len(warnings) == 2 and "lost.wav" in outcome.err and "sinee" in outcome.err


def test_a_patch_that_nobody_can_hear_is_pointed_out(cli, beep):
    beep.remove("out")
    beep.save()
    assert "nothing will be heard" in cli("check", "beep.json").line


def test_a_control_of_nothing_is_pointed_out(cli, beep):
    from nodegraph.patch import SetControl

    beep.do(SetControl("wheel", "osc.wheel"))
    beep.save()
    assert "control 'wheel'" in cli("check", "beep.json").line


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


def test_the_plan_shows_packed_rows_and_opens_no_file(cli, taking, tmp_path):
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
def test_drawings_have_every_node_and_wire_and_keep_odd_names_harmless(cli, beep, format, start):
    beep.rename("osc", 'a"]; <b>|')
    beep.save()
    out = cli("show", "beep.json", "--format", format).out
    assert out.startswith(start)
    assert "n0" in out and "n1" in out and '"]; <' not in out and "<b>" not in out


def test_a_drawing_of_the_plan_is_wrong_usage(cli, beep):
    assert cli("show", "beep.json", "--plan", "--format", "dot").status == 2


def test_titles_cannot_command_the_terminal(cli, beep, tmp_path):
    data = json.loads((tmp_path / "beep.json").read_text())
    (tmp_path / "beep.json").write_text(json.dumps(data | {"title": "\x1b[2Jgone"}))
    assert "\x1b" not in cli("show", "beep.json").out
