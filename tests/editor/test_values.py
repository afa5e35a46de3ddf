"""Values: sliders with taper, typed text, menus, live values, presets, snapshots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.control.taper import position_of, value_at
from nodegraph.editor.events import Click, Key, NodeAt, PanelEvent, SetValue
from nodegraph.editor.view import Pin


def test_slider_shows_value_unit_and_taper_position(hand):
    hand.adds("ladder")
    visual = hand.view.values["ladder1", "cutoff"]
    assert visual.kind == "slider" and visual.text == "1 kHz"
    assert visual.position == pytest.approx(np.log(1000 / 10) / np.log(20000 / 10), abs=1e-3)


def test_slider_drag_is_one_undo_step_and_follows_the_pointer(hand):
    hand.adds("ladder")
    was = hand.view.values["ladder1", "cutoff"].position
    hand.slides("ladder1.cutoff", 0.2, 0.25, 0.3)
    assert hand.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.1, abs=2e-3)
    hand.slides("ladder1.cutoff", 0.5, 0.6)
    hand.presses("ctrl+z")
    assert hand.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.1, abs=2e-3)
    hand.presses("ctrl+z")
    assert hand.value("ladder1.cutoff") is None


def test_shift_drag_is_ten_times_finer(hand):
    hand.adds("ladder")
    was = hand.view.values["ladder1", "cutoff"].position
    hand.slides("ladder1.cutoff", 0.2, 0.7, fine=True)
    assert hand.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.05, abs=2e-3)


def test_click_without_movement_edits_nothing(hand):
    hand.adds("ladder")
    before = hand.patch.document
    hand.slides("ladder1.cutoff", 0.3)
    assert hand.patch.document is before


def test_slider_drag_moves_all_lanes_by_the_same_distance(hand):
    hand.adds("sine")
    hand.types("sine1.frequency", "100, 200")
    hand.slides("sine1.frequency", 0.5, 0.6)
    low, high = hand.value("sine1.frequency")
    assert high / low == pytest.approx(2.0, rel=1e-2) and low > 100.0


@given(st.floats(0.001, 0.999), st.sampled_from([("log", 20.0, 20000.0), ("linear", -60.0, 12.0), ("log", 0.0, 1.0)]))
def test_slider_position_and_value_round_trip(position, travel):
    taper, low, high = travel
    assert position_of(value_at(position, low, high, taper), low, high, taper) == pytest.approx(position, abs=1e-3)


@pytest.mark.parametrize(
    ("end", "text", "value"),
    [
        ("ladder1.cutoff", "440*2", 880.0),
        ("ladder1.cutoff", "A4", 440.0),
        ("ladder1.cutoff", "1k", 1000.0),
        ("ladder1.cutoff", "*2", 2000.0),
        ("adsr1.attack", "200ms", 0.2),
        ("multiply1.b", "-6dB", 10 ** (-6 / 20)),
        ("multiply1.b", "1/16", 0.0625),
        ("multiply1.b", "1, 2, 3", [1.0, 2.0, 3.0]),
        ("stft1.size", "2*1024", 2048),
        ("step_sequencer1.steps", "60, 62", [60.0, 62.0]),
        ("biquad1.mode", "high_pass", "high_pass"),
        ("file_player1.loop", False, False),
        ("file_player1.file", "kick.wav", "kick.wav"),
        ("expression1.text", "sin(x)*2", "sin(x)*2"),
    ],
)
def test_typed_values_use_the_unit_of_the_port(hand, end, text, value):
    type = end.partition(".")[0][:-1]
    hand.adds(type)
    options = hand.view.values[tuple(end.split("."))].options
    if options and value not in options:
        text = value = options[-1]
    hand.types(end, text)
    assert hand.value(end) == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30k", "ladder 'ladder1': cutoff must lie in 10–20000 Hz, got 30000"),
        ("loud", "is an unknown name"),
        ("", "Type a number"),
    ],
)
def test_invalid_typed_value_shows_a_message_and_changes_nothing(hand, text, message):
    hand.adds("ladder")
    hand.types("ladder1.cutoff", text)
    assert message in hand.message and hand.value("ladder1.cutoff") is None


def test_double_click_prompts_with_the_exact_value(hand):
    hand.adds("ladder")
    hand.types("ladder1.cutoff", "1234.5678")
    hand.does(Click((0, 0), NodeAt("ladder1", "cutoff"), double=True))
    _, label, text = hand.view.asked
    assert text == "1234.5678" and "Hz" in label
    hand.answers("440")
    assert hand.value("ladder1.cutoff") == 440.0
    hand.does(Click((0, 0), NodeAt("ladder1", "cutoff"), double=True))
    hand.answers(None)
    assert hand.value("ladder1.cutoff") == 440.0


def test_value_menu_resets_copies_and_pastes(hand):
    hand.adds("ladder")
    hand.types("ladder1.cutoff", "440")
    menu = hand.right_clicks(NodeAt("ladder1", "cutoff"))
    hand.picks_item(menu["Copy value"])
    assert hand.view.text == "440"
    hand.picks_item(menu["Reset to default"])
    assert hand.value("ladder1.cutoff") is None
    hand.picks_item(menu["Paste value"])
    assert hand.value("ladder1.cutoff") == 440.0


def test_added_lfo_oscillates_around_the_value(hand):
    hand.adds("ladder", (500.0, 40.0))
    hand.types("ladder1.cutoff", "800")
    hand.picks_item(hand.right_clicks(NodeAt("ladder1", "cutoff"))["Add LFO"])
    assert ("lfo1.out", "ladder1.cutoff") in hand.view.wires
    assert hand.value("lfo1.offset") == 800.0 and 0 < hand.value("lfo1.amplitude") < 800.0
    hand.presses("ctrl+z")
    assert "lfo1" not in hand.view.nodes


def test_added_knob_starts_at_the_value(hand):
    hand.adds("ladder", (500.0, 40.0))
    hand.picks_item(hand.right_clicks(NodeAt("ladder1", "cutoff"))["Add knob"])
    assert (hand.value("knob1.low"), hand.value("knob1.high"), hand.value("knob1.taper")) == (10.0, 20000.0, "log")
    assert value_at(hand.value("knob1.value"), 10.0, 20000.0, "log") == pytest.approx(1000.0, rel=1e-2)


def test_wired_input_shows_its_live_value(hand):
    hand.chain("lfo", "ladder")
    hand.wires("lfo1.out", "ladder1.cutoff")
    assert hand.view.values["ladder1", "cutoff"].kind == "live"
    hand.sound.values["lfo1.out"] = np.array([440.0, 880.0])
    hand.waits(0.2)
    assert hand.view.values["ladder1", "cutoff"].text == "440 Hz ×2"
    before = len(hand.view.calls)
    hand.waits(0.1)
    assert "set_value" not in hand.view.calls[before:], "an unchanged value was sent again"


def test_input_with_several_wires_shows_their_sum(hand):
    for _ in range(2):
        hand.adds("lfo")
    hand.adds("ladder")
    hand.wires("lfo1.out", "ladder1.cutoff")
    hand.wires("lfo2.out", "ladder1.cutoff")
    hand.sound.values |= {"lfo1.out": np.array([400.0]), "lfo2.out": np.array([100.0])}
    hand.waits(0.2)
    assert hand.shown("ladder1.cutoff") == "500 Hz"


def test_wired_value_cannot_be_dragged(hand):
    hand.chain("lfo", "ladder")
    hand.wires("lfo1.out", "ladder1.cutoff")
    before = hand.patch.document
    hand.slides("ladder1.cutoff", 0.1, 0.9)
    assert hand.patch.document is before


def test_keys_change_the_focused_value(hand):
    hand.adds("ladder")
    hand.presses("j", "j")
    focus = hand.view.selected[3]
    assert isinstance(focus, Pin) and not focus.output
    while hand.view.selected[3].port != "cutoff":
        hand.presses("j")
    hand.presses("]", "]")
    assert hand.value("ladder1.cutoff") > 1000.0
    hand.presses("ctrl+backspace")
    assert hand.value("ladder1.cutoff") is None
    hand.presses("enter")
    hand.answers("2k")
    assert hand.value("ladder1.cutoff") == 2000.0


def test_presets_are_saved_in_the_patch_and_for_all_patches(hand, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "presets"))
    hand.adds("ladder")
    hand.types("ladder1.cutoff", "300")
    for where in ("Save in patch…", "Save as user preset…"):
        menu = hand.right_clicks(NodeAt("ladder1"))
        hand.picks_item(next(item for item in menu["Presets"].items if item.label == where))
        hand.answers(f"dark {where[8]}")
    hand.types("ladder1.cutoff", "9k")
    hand.types("ladder1.resonance", "0.9")
    presets = {item.label: item for item in hand.right_clicks(NodeAt("ladder1"))["Presets"].items}
    for name in [name for name in presets if name.startswith("dark")]:
        hand.types("ladder1.cutoff", "9k")
        hand.picks_item(presets[name])
        assert hand.value("ladder1.cutoff") == 300.0 and hand.value("ladder1.resonance") is None
    assert len([name for name in presets if name.startswith("dark")]) == 2


def test_snapshots_are_stored_recalled_and_morphed(hand):
    hand.adds("ladder")
    hand.types("ladder1.cutoff", "100")
    hand.presses("s")
    hand.presses_button("snapshots", "Take snapshot")
    hand.types("ladder1.cutoff", "10k")
    hand.presses_button("snapshots", "Take snapshot")
    hand.presses_button("snapshots", "snapshot1")
    assert hand.value("ladder1.cutoff") == 100.0
    for position, done in ((0.25, False), (0.5, True)):
        hand.does(PanelEvent("snapshots", "morph", position, done))
    assert hand.value("ladder1.cutoff") == pytest.approx(1000.0, rel=0.01), "a logarithmic value morphs by ratios"
    hand.presses("ctrl+z")
    assert hand.value("ladder1.cutoff") == 100.0, "a drag of the morph slider is one undo step"
    hand.presses_button("snapshots", "remove snapshot1")
    assert list(hand.patch.document.snapshots) == ["snapshot2"]


def test_toggle_and_choice_set_their_settings(hand):
    hand.adds("file_player")
    assert hand.view.values["file_player1", "loop"].kind == "toggle"
    on = hand.shown("file_player1.loop") == "on"
    hand.does(SetValue("file_player1", "loop", not on))
    assert (hand.shown("file_player1.loop") == "on") is not on
    hand.does(Key("escape"))
