"""Subpatches in the commands: nodes are addressed by path."""

import json

import numpy as np
import pytest
import soundfile

from nodegraph import Patch
from nodegraph.patch import SetControl, SetParams


@pytest.fixture
def poly(tmp_path):
    """``poly.json``: four voices of a saw through a filter, and ``filter.json``, a block for other patches."""
    patch = Patch()
    patch.add("saw", "osc", frequency=110.0, amplitude=0.2)
    patch.add("ladder", "filter", cutoff=500.0)
    patch.add("audio_out", "out")
    patch.connect("osc.out", "filter.audio")
    patch.connect("filter.out", "out.audio")
    patch.encapsulate(["osc", "filter"], "voice")
    patch.add("inlet", "voice/pitch", spread=0.1)
    patch.connect("voice/pitch.out", "voice/osc.frequency")
    patch.do(SetControl("bright", "voice/filter.cutoff"))
    patch.set("voice.voices", 4)
    patch.set("voice.mix", "stereo")
    patch.save(tmp_path / "poly.json")
    return patch


def test_show_lists_the_contents_of_subpatches(cli, poly):
    shown = cli("show", "poly.json")
    assert shown.status == 0
    rows = {line.split()[0]: line.split()[1:3] for line in shown.out.splitlines() if len(line.split()) > 2}
    assert rows["voice"][0] == "subpatch" and rows["out"] == ["audio_out", "2"]
    assert rows["voice/osc"] == ["saw", "4"] and rows["voice/pitch"] == ["inlet", "4"]
    assert "wires in voice\n" in shown.out and "bright  voice/filter.cutoff" in shown.out


def test_drawing_groups_the_nodes_of_a_subpatch(cli, poly):
    poly.encapsulate(["voice/filter"], "core")
    poly.save()
    drawn = [line.strip() for line in cli("show", "poly.json", "-f", "mermaid").out.splitlines()]
    subgraphs = [line.partition(" ")[2] for line in drawn if line.startswith("subgraph")]
    assert [subgraph.partition(" ")[2] for subgraph in subgraphs] == ['["voice"]', '["core"]']
    inside = drawn[drawn.index(f"subgraph {subgraphs[1]}") + 1 : drawn.index("end")]
    assert len(inside) == 1 and "filter<br/>ladder" in inside[0] and drawn.count("end") == 2


def test_drawing_does_not_group_a_node_with_slashes_in_its_id(cli, tmp_path):
    patch = Patch()
    patch.add("sine", "a/b/c")
    patch.add("audio_out", "out#2")
    patch.connect("a/b/c.out", "out#2.audio")
    patch.save(tmp_path / "odd.json")
    drawn = cli("show", "odd.json", "-f", "mermaid").out
    assert "subgraph" not in drawn and '["a&#47;b&#47;c' not in drawn and "a#47;b#47;c" in drawn


def test_check_reports_problems_in_subpatches_by_path(cli, poly, tmp_path):
    poly.do(SetParams({"voice/filter.resonance": 99.0}))
    poly.save()
    outcome = cli("check", "poly.json")
    assert outcome.status == 1 and "ladder 'voice/filter': resonance must lie in" in outcome.line
    poly.undo()
    poly.set("voice.pitch", 220.0)
    poly.do(SetControl("gone", "voice.colour"))
    poly.add("subpatch", "voice/reverb", file="lost.json")
    poly.save()
    outcome = cli("check", "poly.json")
    assert outcome.status == 0
    assert "subpatch 'voice/reverb' is silent: file 'lost.json' is missing" in outcome.err
    assert "control 'gone': unknown target voice.colour." in outcome.err
    assert "bright" not in outcome.err


def test_check_accepts_a_subpatch_file_without_audio_out(cli, tmp_path):
    text = {"format": "nodegraph", "version": 1, "nodes": [{"id": "a", "type": "inlet"}, {"id": "b", "type": "outlet"}]}
    (tmp_path / "block.json").write_text(json.dumps(text))
    outcome = cli("check", "block.json")
    assert (outcome.status, outcome.err) == (0, "")


def test_nodes_in_subpatches_are_set_by_path(cli, poly, tmp_path):
    def sound(*sets):
        arguments = [word for text in sets for word in ("--set", text)]
        assert cli("render", "poly.json", "-o", "poly.wav", "--seconds", 0.2, *arguments).status == 0
        return soundfile.read(tmp_path / "poly.wav")[0]

    plain = sound()
    assert plain.shape[1] == 2
    assert not np.array_equal(plain, sound("voice/filter.cutoff=2000"))
    assert np.array_equal(sound("voice/filter.cutoff=2000"), sound("bright=2000"))
    assert not np.array_equal(plain, sound("voice.pitch=220"))
    assert sound("voice.mix=sum").ndim == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("voice/filtre.cutoff=1", "unknown node 'filtre'. Did you mean 'filter'?"),
        ("voice/filter/x.cutoff=1", "'voice/filter' is a ladder, not a subpatch"),
        ("voice.colour=1", "subpatch 'voice': unknown input or setting 'colour'."),
        ("nothing/x.y=1", "unknown node 'nothing/x'. Use one of voice, out"),
        ("voice.pitch=high", "voice.pitch must be a number in Hz, got 'high'"),
    ],
)
def test_invalid_set_is_reported_in_one_line(cli, poly, text, expected):
    outcome = cli("render", "poly.json", "-o", "x.wav", "--set", text)
    assert outcome.status == 1 and expected in outcome.line
