"""MIDI learn, named controls and patch settings in the editor."""

from __future__ import annotations

import time

import pytest

from nodegraph.control.connections import Connections
from nodegraph.editor.events import NodeAt, PanelEvent, PanelMenu
from nodegraph.editor.external import ExternalControl, external_control
from nodegraph.patch import SetControl


@pytest.fixture
def midi(monkeypatch):
    """MIDI input without devices; the test sends the messages."""

    def listen(self, desk):
        if self.connections is None:
            self.connections, self._patch = Connections(desk.patch, None), desk.patch
        return ""

    monkeypatch.setattr(ExternalControl, "listen", listen)


def test_midi_learn_binds_the_next_moved_control(user, midi):
    user.add("ladder")
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Learn MIDI"])
    connections = external_control(user.desk).connections
    connections.on_message("a device", bytes([0xB0, 74, 10]), time.perf_counter())
    user.wait(0.2)
    assert user.view.values["ladder1", "cutoff"].mark == "CC 74"
    connections.on_message("a device", bytes([0xB0, 74, 127]), time.perf_counter())
    user.wait(0.2)
    assert user.value("ladder1.cutoff") == pytest.approx(20000.0, rel=1e-3)
    assert user.view.values["ladder1", "cutoff"].position == pytest.approx(1.0)
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Remove MIDI binding"])
    assert "CC" not in user.view.values["ladder1", "cutoff"].mark


def test_escape_cancels_midi_learn(user, midi):
    user.add("ladder")
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Learn MIDI"])
    user.press("escape")
    assert external_control(user.desk).connections.bindings.learning is None


def test_midi_learn_reports_missing_midi_support(user, monkeypatch):
    from nodegraph.midi.ports import MidiError

    def refuse(self, *_args, **_options):
        raise MidiError("MIDI is not installed: pip install 'nodegraph[midi]'.")

    monkeypatch.setattr(Connections, "open_midi", refuse)
    user.add("ladder")
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Learn MIDI"])
    assert "not installed" in user.message


def test_value_becomes_a_listed_control(user):
    user.add("ladder")
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Add control…"])
    user.answer("brightness")
    control = user.patch.document.controls["brightness"]
    assert (control.target, control.min, control.max, control.taper) == ("ladder1.cutoff", 10.0, 20000.0, "log")
    assert user.view.values["ladder1", "cutoff"].mark == "brightness"
    user.presenter.run("controls")
    assert user.item("controls", "set brightness").value == (pytest.approx(0.606, abs=0.001), "1 kHz")
    user.send(PanelEvent("controls", "remove brightness"))
    assert not user.patch.document.controls


def test_slider_of_a_control_sets_the_value_as_one_undo_step(user):
    user.add("ladder")
    user.patch.do(SetControl("tone", "ladder1.cutoff", 100.0, 10000.0, "log"))
    user.presenter.run("controls")
    before = user.document
    for position, done in ((0.25, False), (0.4, False), (0.5, True)):
        user.send(PanelEvent("controls", "set tone", position, done))
    assert user.value("ladder1.cutoff") == pytest.approx(1000.0)
    assert user.item("controls", "set tone").value == (pytest.approx(0.5), "1 kHz")
    user.press("ctrl+z")
    assert user.document == before


def test_controls_panel_learns_midi(user, midi):
    user.add("ladder")
    user.patch.do(SetControl("tone", "ladder1.cutoff"))
    user.presenter.run("controls")
    user.send(PanelEvent("controls", "learn tone"))
    external_control(user.desk).connections.on_message("a device", bytes([0xB0, 74, 10]), time.perf_counter())
    user.wait(0.2)
    assert "74" in user.item("controls", "learn tone").label


def test_play_panel_has_a_fader_for_each_control_and_a_menu_by_right_click(user, midi):
    user.add("ladder")
    for i in range(9):
        user.patch.do(SetControl(f"tone {i}", "ladder1.cutoff", 100.0, 10000.0, "log"))
    user.press("shift+p")
    assert [item.label for item in user.items("play") if item.kind == "fader"] == [f"tone {i}" for i in range(9)]
    user.send(PanelEvent("play", "set tone 3", 0.0))
    assert user.value("ladder1.cutoff") == 100.0
    user.send(PanelMenu("play", "set tone 3"))
    menu = {item.label: item for item in user.view.menu[1]}
    user.pick_item(menu["Learn MIDI"])
    external_control(user.desk).connections.on_message("a device", bytes([0xB0, 74, 10]), time.perf_counter())
    user.wait(0.2)
    assert any(control.midi is not None for control in user.patch.document.controls.values())
    user.pick_item(menu["Reset value"])
    assert user.value("ladder1.cutoff") == pytest.approx(1000.0, rel=0.01)
    user.pick_item(menu["Remove control"])
    assert "tone 3" not in user.patch.document.controls


def test_patch_settings_panel_sets_the_document(user):
    user.press("ctrl+shift+e")
    user.send(
        PanelEvent("patch", "title", "Rain"),
        PanelEvent("patch", "seed", "7"),
        PanelEvent("patch", "rate", "48000"),
        PanelEvent("patch", "latency", False),
        PanelEvent("patch", "voices", "4"),
        PanelEvent("patch", "mix", "stereo"),
        PanelEvent("patch", "voices", "a thousand"),
    )
    document = user.patch.document
    assert (document.title, document.seed, document.settings.rate) == ("Rain", 7, 48000.0)
    assert (document.settings.voices, document.settings.mix) == (4, "stereo") and "is not a number" in user.message
    assert not document.settings.latency_compensation and user.view.title.startswith("● Rain")


def play_groups(user):
    rows = [item.value for item in user.view.panels["play"].items if item.kind == "row" and item.key != "views"]
    return [[(group.label.strip(), [fader.label for fader in group.value]) for group in row] for row in rows]


def test_play_panel_shows_controls_in_groups(user):
    user.add("ladder")
    user.add("sine")
    for name, group in (("a", ""), ("b", "tone"), ("c", "space"), ("d", "tone")):
        user.patch.do(SetControl(name, "ladder1.cutoff", group=group))
    user.select("sine1")
    user.press("ctrl+g")
    (subpatch,) = set(user.document.nodes) - {"ladder1"}
    user.patch.do(SetControl("e", f"{subpatch}/sine1.frequency"))
    user.press("shift+p")
    assert play_groups(user) == [[("", ["a"]), ("tone", ["b", "d"]), ("space", ["c"]), (subpatch, ["e"])]]
    user.send(PanelMenu("play", "set a"))
    user.pick_item(next(item for item in user.view.menu[1] if item.label == "Group…"))
    user.answer("space")
    assert user.patch.document.controls["a"].group == "space"
    assert play_groups(user) == [[("space", ["a", "c"]), ("tone", ["b", "d"]), (subpatch, ["e"])]]


def test_large_group_continues_in_the_next_row(user):
    user.add("ladder")
    for i in range(12):
        user.patch.do(SetControl(f"k{i}", "ladder1.cutoff", group="many"))
    user.press("shift+p")
    counts = [[(title, len(labels)) for title, labels in row] for row in play_groups(user)]
    assert counts == [[("many", 10)], [("many", 2)]]


def test_patch_that_shows_its_controls_first_opens_with_the_play_panel(user, tmp_path):
    user.add("ladder")
    user.patch.do(SetControl("tone", "ladder1.cutoff"))
    user.press("shift+p")
    graphs = len(user.sound.played)
    user.send(PanelEvent("play", "first", True))
    assert user.patch.document.settings.shows_first == "controls" and len(user.sound.played) == graphs
    user.patch.save(tmp_path / "mine.json")
    user.presenter.run("new")
    user.wait(0.1, 1)
    assert "play" not in user.view.panels
    user.presenter.run("open_file", tmp_path / "mine.json")
    user.wait(0.1, 1)
    assert "play" in user.view.panels
    user.press("ctrl+shift+e")
    user.send(PanelEvent("patch", "first", "canvas"))
    assert user.patch.document.settings.shows_first == "canvas" and not user.item("play", "first").value
    user.press_button("play", "Show the patch")
    assert "play" not in user.view.panels
    user.press("ctrl+s")
    user.presenter.run("open_file", tmp_path / "mine.json")
    user.wait(0.1, 1)
    assert "play" not in user.view.panels
