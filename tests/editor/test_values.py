"""Values: sliders with taper, typed text, menus, live values, presets, snapshots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.control.taper import position_of, value_at
from nodegraph.editor.events import Click, Key, NodeAt, PanelEvent, SetValue
from nodegraph.editor.view import Pin


def test_slider_shows_value_unit_and_taper_position(user):
    user.add("ladder")
    visual = user.view.values["ladder1", "cutoff"]
    assert visual.kind == "slider" and visual.text == "1 kHz"
    assert visual.position == pytest.approx(np.log(1000 / 10) / np.log(20000 / 10), abs=1e-3)


def test_slider_drag_is_one_undo_step_and_follows_the_pointer(user):
    user.add("ladder")
    was = user.view.values["ladder1", "cutoff"].position
    user.slide("ladder1.cutoff", 0.2, 0.25, 0.3)
    assert user.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.1, abs=2e-3)
    user.slide("ladder1.cutoff", 0.5, 0.6)
    user.press("ctrl+z")
    assert user.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.1, abs=2e-3)
    user.press("ctrl+z")
    assert user.value("ladder1.cutoff") is None


def test_shift_drag_is_ten_times_finer(user):
    user.add("ladder")
    was = user.view.values["ladder1", "cutoff"].position
    user.slide("ladder1.cutoff", 0.2, 0.7, fine=True)
    assert user.view.values["ladder1", "cutoff"].position == pytest.approx(was + 0.05, abs=2e-3)


def test_click_without_movement_edits_nothing(user):
    user.add("ladder")
    before = user.patch.document
    user.slide("ladder1.cutoff", 0.3)
    assert user.patch.document is before


def test_slider_drag_moves_all_lanes_by_the_same_distance(user):
    user.add("sine")
    user.enter("sine1.frequency", "100, 200")
    user.slide("sine1.frequency", 0.5, 0.6)
    low, high = user.value("sine1.frequency")
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
def test_typed_values_use_the_unit_of_the_port(user, end, text, value):
    type = end.partition(".")[0][:-1]
    user.add(type)
    options = user.view.values[tuple(end.split("."))].options
    if options and value not in options:
        text = value = options[-1]
    user.enter(end, text)
    assert user.value(end) == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30k", "ladder 'ladder1': cutoff must lie in 10–20000 Hz, got 30000"),
        ("loud", "is an unknown name"),
        ("", "Type a number"),
    ],
)
def test_invalid_typed_value_shows_a_message_and_changes_nothing(user, text, message):
    user.add("ladder")
    user.enter("ladder1.cutoff", text)
    assert message in user.message and user.value("ladder1.cutoff") is None


def test_double_click_prompts_with_the_exact_value(user):
    user.add("ladder")
    user.enter("ladder1.cutoff", "1234.5678")
    user.send(Click((0, 0), NodeAt("ladder1", "cutoff"), double=True))
    _, label, text = user.view.asked
    assert text == "1234.5678" and "Hz" in label
    user.answer("440")
    assert user.value("ladder1.cutoff") == 440.0
    user.send(Click((0, 0), NodeAt("ladder1", "cutoff"), double=True))
    user.answer(None)
    assert user.value("ladder1.cutoff") == 440.0


def test_value_menu_resets_copies_and_pastes(user):
    user.add("ladder")
    user.enter("ladder1.cutoff", "440")
    menu = user.right_click(NodeAt("ladder1", "cutoff"))
    user.pick_item(menu["Copy value"])
    assert user.view.text == "440"
    user.pick_item(menu["Reset to default"])
    assert user.value("ladder1.cutoff") is None
    user.pick_item(menu["Paste value"])
    assert user.value("ladder1.cutoff") == 440.0


def test_added_lfo_oscillates_around_the_value(user):
    user.add("ladder", (500.0, 40.0))
    user.enter("ladder1.cutoff", "800")
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Add LFO"])
    assert ("lfo1.out", "ladder1.cutoff") in user.view.wires
    assert user.value("lfo1.offset") == 800.0 and 0 < user.value("lfo1.amplitude") < 800.0
    user.press("ctrl+z")
    assert "lfo1" not in user.view.nodes


def test_added_knob_starts_at_the_value(user):
    user.add("ladder", (500.0, 40.0))
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Add knob"])
    assert (user.value("knob1.low"), user.value("knob1.high"), user.value("knob1.taper")) == (10.0, 20000.0, "log")
    assert value_at(user.value("knob1.value"), 10.0, 20000.0, "log") == pytest.approx(1000.0, rel=1e-2)


def test_wired_input_shows_its_live_value(user):
    user.chain("lfo", "ladder")
    user.wire("lfo1.out", "ladder1.cutoff")
    assert user.view.values["ladder1", "cutoff"].kind == "live"
    user.sound.values["lfo1.out"] = np.array([440.0, 880.0])
    user.wait(0.2)
    assert user.view.values["ladder1", "cutoff"].text == "880 Hz ×2"
    before = len(user.view.calls)
    user.wait(0.1)
    assert "set_value" not in user.view.calls[before:], "an unchanged value was sent again"


def test_input_with_several_wires_shows_their_sum(user):
    for _ in range(2):
        user.add("lfo")
    user.add("ladder")
    user.wire("lfo1.out", "ladder1.cutoff")
    user.wire("lfo2.out", "ladder1.cutoff")
    user.sound.values |= {"lfo1.out": np.array([400.0]), "lfo2.out": np.array([100.0])}
    user.wait(0.2)
    assert user.displayed("ladder1.cutoff") == "500 Hz"


def test_wired_value_cannot_be_dragged(user):
    user.chain("lfo", "ladder")
    user.wire("lfo1.out", "ladder1.cutoff")
    before = user.patch.document
    user.slide("ladder1.cutoff", 0.1, 0.9)
    assert user.patch.document is before


def test_keys_change_the_focused_value(user):
    user.add("ladder")
    user.press("j", "j")
    focus = user.view.selected[3]
    assert isinstance(focus, Pin) and not focus.output
    while user.view.selected[3].port != "cutoff":
        user.press("j")
    user.press("]", "]")
    assert user.value("ladder1.cutoff") > 1000.0
    user.press("ctrl+backspace")
    assert user.value("ladder1.cutoff") is None
    user.press("enter")
    user.answer("2k")
    assert user.value("ladder1.cutoff") == 2000.0


def test_presets_are_saved_in_the_patch_and_for_all_patches(user, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "presets"))
    user.add("ladder")
    user.enter("ladder1.cutoff", "300")
    for where in ("Save in patch…", "Save as user preset…"):
        menu = user.right_click(NodeAt("ladder1"))
        user.pick_item(next(item for item in menu["Presets"].items if item.label == where))
        user.answer(f"dark {where[8]}")
    user.enter("ladder1.cutoff", "9k")
    user.enter("ladder1.resonance", "0.9")
    presets = {item.label: item for item in user.right_click(NodeAt("ladder1"))["Presets"].items}
    for name in [name for name in presets if name.startswith("dark")]:
        user.enter("ladder1.cutoff", "9k")
        user.pick_item(presets[name])
        assert user.value("ladder1.cutoff") == 300.0 and user.value("ladder1.resonance") is None
    assert len([name for name in presets if name.startswith("dark")]) == 2


def test_snapshots_are_stored_recalled_and_morphed(user):
    user.add("ladder")
    user.enter("ladder1.cutoff", "100")
    user.press("s")
    user.press_button("snapshots", "Take snapshot")
    user.enter("ladder1.cutoff", "10k")
    user.press_button("snapshots", "Take snapshot")
    user.press_button("snapshots", "snapshot1")
    assert user.value("ladder1.cutoff") == 100.0
    for position, done in ((0.25, False), (0.5, True)):
        user.send(PanelEvent("snapshots", "morph", position, done))
    assert user.value("ladder1.cutoff") == pytest.approx(1000.0, rel=0.01), "a logarithmic value morphs by ratios"
    user.press("ctrl+z")
    assert user.value("ladder1.cutoff") == 100.0, "a drag of the morph slider is one undo step"
    user.press_button("snapshots", "remove snapshot1")
    assert list(user.patch.document.snapshots) == ["snapshot2"]


def test_toggle_and_choice_set_their_settings(user):
    user.add("file_player")
    assert user.view.values["file_player1", "loop"].kind == "toggle"
    on = user.displayed("file_player1.loop") == "on"
    user.send(SetValue("file_player1", "loop", not on))
    assert (user.displayed("file_player1.loop") == "on") is not on
    user.send(Key("escape"))


def test_block_is_oversampled_from_its_menu_and_shows_the_factor(user):
    user.add("ladder")
    user.add("notes", at=(600.0, 40.0))

    def rows():
        return [row.port for row in user.view.nodes["ladder1"].rows]

    assert "oversampling" not in rows()
    entries = {item.label: item for item in user.right_click(NodeAt("ladder1"))["Oversampling"].items}
    assert [label for label, item in entries.items() if item.checked] == ["off"]
    user.pick_item(entries["4 ×"])
    assert user.document.nodes["ladder1"].params["oversampling"] == "4"
    assert "oversampling" in rows()
    user.pick_item(entries["off"])
    assert "oversampling" not in user.document.nodes["ladder1"].params
    assert "Oversampling" not in user.right_click(NodeAt("notes1"))
