"""Live knobs and meters: drags, edits, levels, and the messages of the page."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import nodegraph
from nodegraph.patch import PatchError, SetControl
from nodegraph.widgets import WidgetError
from nodegraph.widgets.meters import level_of
from tests.rendering import patch_of
from tests.waiting import wait_for


@pytest.fixture
def patch():
    document = patch_of(
        "osc.out filter.audio", "filter.out out.audio",
        osc=("saw", {"frequency": 110.0, "amplitude": 0.5}), filter=("one_pole", {"cutoff": 1000.0}), out="audio_out",
    ).document  # fmt: skip
    return nodegraph.Patch(document)


def drag(panel, name, *positions):
    for position in positions:
        panel.receive({"type": "knob", "name": name, "position": position})


def texts(panel):
    return {knob["name"]: knob["text"] for knob in panel.knobs}


def test_controls_are_the_knobs_with_their_ranges(patch):
    patch.do(SetControl("cut", "filter.cutoff", 100.0, 10000.0, "log", "corner"))
    (knob,) = nodegraph.widget(patch).knobs
    assert (knob["name"], knob["text"], knob["doc"]) == ("cut", "1000 Hz", "corner")
    assert knob["position"] == pytest.approx(0.5)


def test_patch_without_controls_has_the_knobs_of_the_dice(patch):
    assert set(texts(nodegraph.widget(patch))) == {"osc.frequency", "osc.fm", "osc.pm", "filter.cutoff"}


def test_drag_sets_the_patch_as_one_undo_step(patch):
    panel = nodegraph.widget(patch, knobs=["filter.cutoff"])
    drag(panel, "filter.cutoff", 0.2, 0.6, 1.0)
    assert patch.document.nodes["filter"].params["cutoff"] == 20000.0
    assert texts(panel) == {"filter.cutoff": "20000 Hz"}
    patch.undo()
    assert texts(panel) == {"filter.cutoff": "1000 Hz"} and not patch.can_undo


def test_edits_of_the_patch_move_the_knobs_until_it_is_closed(patch):
    panel = nodegraph.widget(patch, knobs=["osc.frequency", "filter.cutoff"])
    patch.set("osc.frequency", 55.0)
    assert texts(panel)["osc.frequency"] == "55 Hz"
    patch.remove("filter")
    assert list(texts(panel)) == ["osc.frequency"]
    panel.close()
    patch.set("osc.frequency", 440.0)
    assert texts(panel)["osc.frequency"] == "55 Hz"


def test_knob_and_meters_are_those_of_the_playing_patch(patch):
    with nodegraph.play(patch, null=True) as player:
        panel = nodegraph.widget(patch, player, knobs=["osc.frequency"], meters=["osc.out"])
        drag(panel, "osc.frequency", 0.0)
        assert player.knob_values("osc", "frequency") == [0.01]
        drag(panel, "osc.frequency", 0.7)
        start = player.clock
        wait_for(lambda: player.clock > start + 22050)
        panel.receive({"type": "poll"})
        output, saw = panel.meters
        panel.close()
    assert (output["name"], saw["name"]) == ("output", "osc.out")
    assert saw["rms"] == pytest.approx(20.0 * np.log10(0.5 / np.sqrt(3.0)), abs=0.5)
    assert output["rms"] < saw["rms"] < saw["peak"]


def test_level_of_a_sine_and_of_silence():
    sine = np.sin(2.0 * np.pi * np.arange(4410) / 441.0)[:, None]
    assert level_of(sine, "a") == {"name": "a", "rms": -3.0, "peak": 0.0}
    assert level_of(np.zeros((0, 2)), "b")["peak"] == -100.0


def test_messages_of_other_kinds_are_ignored(patch):
    panel = nodegraph.widget(patch)
    before = patch.document
    for message in ({}, {"type": "knob", "name": "gone", "position": 0.5}, {"type": "poll"}):
        panel.receive(message)
    assert patch.document is before and panel.meters == []


def test_unknown_knob_and_missing_package_are_one_line(patch, monkeypatch):
    with pytest.raises(PatchError, match="unknown input 'cutof'"):
        nodegraph.widget(patch, knobs=["filter.cutof"])
    with pytest.raises(WidgetError, match="the patch has no knobs"):
        nodegraph.widget(nodegraph.Patch())
    monkeypatch.delitem(sys.modules, "nodegraph.widgets.live_panel")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(WidgetError, match=r"pip install 'nodegraph\[notebook\]'"):
        nodegraph.widget(patch)


def test_meters_of_a_stopped_player_are_silent(patch):
    player = nodegraph.play(patch, null=True)
    panel = nodegraph.widget(patch, player, meters="osc.out")
    player.stop()
    for _ in range(2):
        panel.receive({"type": "poll"})
    assert [meter["peak"] for meter in panel.meters] == [-100.0, -100.0]


@pytest.mark.parametrize("position", ["x", None, float("nan"), float("inf"), [0.5], True])
def test_impossible_message_of_a_page_changes_nothing(patch, position):
    panel = nodegraph.widget(patch, knobs="filter.cutoff")
    before = patch.document
    panel.receive({"type": "knob", "name": "filter.cutoff", "position": position})
    panel.receive({"type": "knob", "name": ["filter"], "position": 0.5})
    panel.receive({"type": "knob", "name": "filter.cutoff"})
    assert patch.document is before


def test_wrong_patch_or_player_is_one_line(patch):
    with pytest.raises(WidgetError, match=r"a widget needs a patch, got 'mine\.json'\. Load it"):
        nodegraph.widget("mine.json")
    with pytest.raises(WidgetError, match=r"a player comes from nodegraph\.play, got '5'"):
        nodegraph.widget(patch, 5)
