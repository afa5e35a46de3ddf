"""Subpatches in the editor: create, open, edit, dissolve, save, and use files as blocks."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.events import Click, NodeAt, PathPicked, Pointer
from nodegraph.patch import Patch


@pytest.fixture
def voice(hand):
    """sine → ladder in a subpatch → audio_out."""
    hand.chain("sine", "ladder", "audio_out")
    hand.selects("sine1", "ladder1")
    hand.presses("ctrl+g")
    return next(id for id, record in hand.document.nodes.items() if record.type == "subpatch")


def test_selection_becomes_a_subpatch_with_ports(hand, voice):
    assert set(hand.document.nodes) == {voice, "audio_out1"}
    (key,) = hand.view.wires
    assert key[0].startswith(f"{voice}.") and key[1] == "audio_out1.audio"
    visual = hand.view.nodes[voice]
    assert visual.subpatch and any(row.side == "out" for row in visual.rows)
    hand.presses("ctrl+z")
    assert set(hand.document.nodes) == {"sine1", "ladder1", "audio_out1"}


def test_breadcrumb_leaves_an_opened_and_edited_subpatch(hand, voice):
    hand.does(Click((0, 0), NodeAt(voice), double=True))
    assert hand.view.path == ("untitled", voice) and {"sine1", "ladder1"} <= hand.view.nodes.keys()
    hand.slides("ladder1.cutoff", 0.2, 0.3, 0.4)
    hand.adds("noise_gate", (900.0, 40.0))
    hand.does(PathPicked(0))
    assert hand.view.path == ("untitled",) and set(hand.view.nodes) == {voice, "audio_out1"}
    inner = hand.patch.document.nodes[voice].patch
    assert "noise_gate1" in inner.nodes and inner.nodes["ladder1"].params["cutoff"] > 1000.0
    hand.presses("ctrl+z", "ctrl+z")
    inner = hand.patch.document.nodes[voice].patch
    assert "noise_gate1" not in inner.nodes and "cutoff" not in inner.nodes["ladder1"].params


def test_wires_inside_a_subpatch_follow_the_same_rules(hand, voice):
    hand.selects(voice)
    hand.presses("ctrl+enter")
    hand.wires("ladder1.out", "sine1.pm")
    assert hand.view.wires["ladder1.out", "sine1.pm"].feedback
    hand.adds("inverse_stft", (900.0, 40.0))
    hand.wires("ladder1.out", "inverse_stft1.spectrum")
    assert "takes spectrum frames" in hand.message


def test_undo_closes_an_open_subpatch_that_no_longer_exists(hand, voice):
    hand.selects(voice)
    hand.presses("ctrl+enter", "ctrl+z")
    assert hand.view.path == ("untitled",) and "ladder1" in hand.view.nodes


def test_live_values_and_loads_inside_a_subpatch_use_flat_ids(hand, voice):
    from dataclasses import replace

    hand.selects(voice)
    hand.presses("ctrl+enter")
    hand.sound.values[f"{voice}/sine1.out"] = np.array([0.25])
    hand.sound.now = replace(hand.sound.now, times={(voice, "sine1"): 14.5}, faults={(voice, "ladder1"): "NaN"})
    hand.waits(1.5)
    assert hand.shown("ladder1.audio") == "0.25"
    assert hand.view.loads["sine1"] == "1.0 %" and hand.view.badges["ladder1"] == "NaN"


def test_search_finds_nodes_in_subpatches(hand, voice):
    hand.presses("ctrl+f")
    hand.picks("ladder1")
    assert hand.view.path == ("untitled", voice) and hand.view.selected[0] == {"ladder1"}


def test_subpatch_dissolves_into_its_nodes(hand, voice):
    hand.selects(voice)
    hand.presses("ctrl+shift+g")
    assert {"sine1", "ladder1", "audio_out1"} <= set(hand.document.nodes) and voice not in hand.document.nodes
    assert len(hand.view.wires) == 2


def test_saved_patch_is_a_block_and_subpatch_saves_to_file(hand, voice, tmp_path):
    hand.presses("ctrl+shift+s")
    hand.chooses(tmp_path / "main.json")
    hand.picks_item(hand.right_clicks(NodeAt(voice))["Save subpatch as…"])
    hand.chooses(tmp_path / "voice.json")
    assert "ladder1" in Patch.load(tmp_path / "voice.json").document.nodes
    hand.does(Pointer((40.0, 600.0)))
    hand.presses("n")
    hand.picks("voice")
    assert hand.document.nodes["voice1"].params == {"file": "voice.json"}
    assert any(row.side == "out" for row in hand.view.nodes["voice1"].rows)
    assert not hand.view.badges["voice1"]


def test_device_blocks_stay_outside_a_new_subpatch(hand):
    hand.adds("audio_out")
    hand.presses("ctrl+a", "ctrl+g")
    assert "audio_out" in hand.message and list(hand.document.nodes) == ["audio_out1"]


def test_subpatch_shows_problems_and_total_load_of_its_nodes(hand, voice):
    from dataclasses import replace

    times = {(voice, "sine1"): 14.5, (voice, "ladder1"): 14.5, ("audio_out1",): 1.0}
    hand.sound.now = replace(hand.sound.now, times=times, faults={(voice, "ladder1"): "it gave NaN"})
    hand.waits(1.5)
    assert hand.view.badges[voice] == "it gave NaN" and hand.view.loads[voice] == "2.0 %"


def test_wire_toggles_between_feedback_and_ordinary(hand):
    hand.chain("sine", "ladder")
    wire = hand.right_clicks(("sine1.out", "ladder1.audio"))["Feedback wire"]
    hand.picks_item(wire)
    assert hand.view.wires["sine1.out", "ladder1.audio"].feedback
    hand.picks_item(wire)
    assert not hand.view.wires["sine1.out", "ladder1.audio"].feedback
