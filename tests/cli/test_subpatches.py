"""The commands look into subpatches and name what is there by its path."""

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


def test_a_patch_is_shown_with_what_is_in_its_subpatches(cli, poly):
    shown = cli("show", "poly.json")
    assert shown.status == 0
    rows = {line.split()[0]: line.split()[1:3] for line in shown.out.splitlines() if len(line.split()) > 2}
    assert rows["voice"][0] == "subpatch" and rows["out"] == ["audio_out", "2"]
    assert rows["voice/osc"] == ["saw", "4"] and rows["voice/pitch"] == ["inlet", "4"]
    assert "wires in voice\n" in shown.out and "bright  voice/filter.cutoff" in shown.out


def test_a_drawing_puts_a_box_round_a_subpatch(cli, poly):
    poly.encapsulate(["voice/filter"], "core")
    poly.save()
    drawn = [line.strip() for line in cli("show", "poly.json", "-f", "mermaid").out.splitlines()]
    boxes = [line.partition(" ")[2] for line in drawn if line.startswith("subgraph")]
    assert [box.partition(" ")[2] for box in boxes] == ['["voice"]', '["core"]']
    inside = drawn[drawn.index(f"subgraph {boxes[1]}") + 1 : drawn.index("end")]
    assert len(inside) == 1 and "filter<br/>ladder" in inside[0] and drawn.count("end") == 2


def test_a_drawing_puts_a_node_with_slashes_in_its_id_into_no_box(cli, tmp_path):
    patch = Patch()
    patch.add("sine", "a/b/c")
    patch.add("audio_out", "out#2")
    patch.connect("a/b/c.out", "out#2.audio")
    patch.save(tmp_path / "odd.json")
    drawn = cli("show", "odd.json", "-f", "mermaid").out
    assert "subgraph" not in drawn and '["a&#47;b&#47;c' not in drawn and "a#47;b#47;c" in drawn


def test_problems_and_placeholders_inside_are_named_by_path(cli, poly, tmp_path):
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
    assert "control 'gone' turns voice.colour, which is not there" in outcome.err
    assert "bright" not in outcome.err


def test_a_block_for_other_patches_need_not_be_heard_by_itself(cli, tmp_path):
    text = {"format": "nodegraph", "version": 1, "nodes": [{"id": "a", "type": "inlet"}, {"id": "b", "type": "outlet"}]}
    (tmp_path / "block.json").write_text(json.dumps(text))
    outcome = cli("check", "block.json")
    assert (outcome.status, outcome.err) == (0, "")


def test_voices_are_rendered_and_set_by_path(cli, poly, tmp_path):
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
    ("text", "said"),
    [
        ("voice/filtre.cutoff=1", "there is no node 'filtre'. Did you mean 'filter'?"),
        ("voice/filter/x.cutoff=1", "'voice/filter' is a ladder, not a subpatch"),
        ("voice.colour=1", "subpatch 'voice' has no input or setting 'colour'."),
        ("nothing/x.y=1", "there is no node 'nothing/x'. Its nodes are voice, out"),
        ("voice.pitch=high", "voice.pitch wants a number in Hz, got 'high'"),
    ],
)
def test_what_cannot_be_set_is_a_line(cli, poly, text, said):
    outcome = cli("render", "poly.json", "-o", "x.wav", "--set", text)
    assert outcome.status == 1 and said in outcome.line
