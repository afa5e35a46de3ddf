"""Subpatches in the editor: create, open, edit, dissolve, save, and use files as blocks."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.events import Click, NodeAt, PathPicked, Pointer
from nodegraph.patch import Patch


@pytest.fixture
def voice(user):
    """sine → ladder in a subpatch → audio_out."""
    user.chain("sine", "ladder", "audio_out")
    user.select("sine1", "ladder1")
    user.press("ctrl+g")
    return next(id for id, record in user.document.nodes.items() if record.type == "subpatch")


def test_selection_becomes_a_subpatch_with_ports(user, voice):
    assert set(user.document.nodes) == {voice, "audio_out1"}
    (key,) = user.view.wires
    assert key[0].startswith(f"{voice}.") and key[1] == "audio_out1.audio"
    visual = user.view.nodes[voice]
    assert visual.subpatch and any(row.side == "out" for row in visual.rows)
    user.press("ctrl+z")
    assert set(user.document.nodes) == {"sine1", "ladder1", "audio_out1"}


def test_breadcrumb_leaves_an_opened_and_edited_subpatch(user, voice):
    user.send(Click((0, 0), NodeAt(voice), double=True))
    assert user.view.path == ("untitled", voice) and {"sine1", "ladder1"} <= user.view.nodes.keys()
    user.slide("ladder1.cutoff", 0.2, 0.3, 0.4)
    user.add("noise_gate", (900.0, 40.0))
    user.send(PathPicked(0))
    assert user.view.path == ("untitled",) and set(user.view.nodes) == {voice, "audio_out1"}
    inner = user.patch.document.nodes[voice].patch
    assert "noise_gate1" in inner.nodes and inner.nodes["ladder1"].params["cutoff"] > 1000.0
    user.press("ctrl+z", "ctrl+z")
    inner = user.patch.document.nodes[voice].patch
    assert "noise_gate1" not in inner.nodes and "cutoff" not in inner.nodes["ladder1"].params


def test_wires_inside_a_subpatch_follow_the_same_rules(user, voice):
    user.select(voice)
    user.press("ctrl+enter")
    user.wire("ladder1.out", "sine1.pm")
    assert user.view.wires["ladder1.out", "sine1.pm"].feedback
    user.add("inverse_stft", (900.0, 40.0))
    user.wire("ladder1.out", "inverse_stft1.spectrum")
    assert "takes spectrum frames" in user.message


def test_undo_closes_an_open_subpatch_that_no_longer_exists(user, voice):
    user.select(voice)
    user.press("ctrl+enter", "ctrl+z")
    assert user.view.path == ("untitled",) and "ladder1" in user.view.nodes


def test_live_values_and_loads_inside_a_subpatch_use_flat_ids(user, voice):
    from dataclasses import replace

    user.select(voice)
    user.press("ctrl+enter")
    user.sound.values[f"{voice}/sine1.out"] = np.array([0.25])
    user.sound.now = replace(user.sound.now, times={(voice, "sine1"): 14.5}, faults={(voice, "ladder1"): "NaN"})
    user.wait(1.5)
    assert user.displayed("ladder1.audio") == "0.25"
    assert user.view.loads["sine1"] == "1.0 %" and user.view.badges["ladder1"] == "NaN"


def test_search_finds_nodes_in_subpatches(user, voice):
    user.press("ctrl+f")
    user.pick("ladder1")
    assert user.view.path == ("untitled", voice) and user.view.selected[0] == {"ladder1"}


def test_subpatch_dissolves_into_its_nodes(user, voice):
    user.select(voice)
    user.press("ctrl+shift+g")
    assert {"sine1", "ladder1", "audio_out1"} <= set(user.document.nodes) and voice not in user.document.nodes
    assert len(user.view.wires) == 2


def test_saved_patch_is_a_block_and_subpatch_saves_to_file(user, voice, tmp_path):
    user.press("ctrl+shift+s")
    user.choose(tmp_path / "main.json")
    user.pick_item(user.right_click(NodeAt(voice))["Save subpatch as…"])
    user.choose(tmp_path / "voice.json")
    assert "ladder1" in Patch.load(tmp_path / "voice.json").document.nodes
    user.send(Pointer((40.0, 600.0)))
    user.press("n")
    user.pick("voice")
    assert user.document.nodes["voice1"].params == {"file": "voice.json"}
    assert any(row.side == "out" for row in user.view.nodes["voice1"].rows)
    assert not user.view.badges["voice1"]


def test_device_blocks_stay_outside_a_new_subpatch(user):
    user.add("audio_out")
    user.press("ctrl+a", "ctrl+g")
    assert "audio_out" in user.message and list(user.document.nodes) == ["audio_out1"]


def test_subpatch_shows_problems_and_total_load_of_its_nodes(user, voice):
    from dataclasses import replace

    times = {(voice, "sine1"): 14.5, (voice, "ladder1"): 14.5, ("audio_out1",): 1.0}
    user.sound.now = replace(user.sound.now, times=times, faults={(voice, "ladder1"): "it gave NaN"})
    user.wait(1.5)
    assert user.view.badges[voice] == "it gave NaN" and user.view.loads[voice] == "2.0 %"


def test_wire_toggles_between_feedback_and_ordinary(user):
    user.chain("sine", "ladder")
    wire = user.right_click(("sine1.out", "ladder1.audio"))["Feedback wire"]
    user.pick_item(wire)
    assert user.view.wires["sine1.out", "ladder1.audio"].feedback
    user.pick_item(wire)
    assert not user.view.wires["sine1.out", "ladder1.audio"].feedback
