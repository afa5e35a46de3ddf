"""Building a patch: palette, wires, selection, clipboard, layout, comments and areas, undo."""

from __future__ import annotations

import pytest

from nodegraph.editor.events import (
    BoxSelect,
    Click,
    Key,
    NodeAt,
    NodesMoved,
    NoteMoved,
    PaletteChosen,
    PaletteTyped,
    Pointer,
    WireCut,
    WireDrag,
)
from nodegraph.patch import AddNode, Connect

from .user import pin


def test_palette_adds_the_typed_block_at_the_pointer(user):
    assert user.add("sine", (300.0, 200.0)) == "sine1"
    assert user.view.nodes["sine1"].at == (300.0, 200.0)
    assert user.view.palette is None
    assert user.view.selected[0] == {"sine1"}


def test_double_click_opens_the_palette_and_escape_closes_it(user):
    user.send(Click((10, 10), None, double=True))
    assert {entry.family for entry in user.view.palette.entries} >= {"oscillators", "filters", "phase reconstruction"}
    user.send(PaletteTyped("xyzzy"))
    assert user.view.palette.chosen == -1 and user.view.palette.empty
    user.send(Key("escape", True))
    assert user.view.palette is None and not user.document.nodes


def test_palette_entries_are_chosen_by_arrow_keys_and_by_drag(user):
    user.press("n")
    user.send(PaletteTyped("noise"), Key("down", True))
    second = user.view.palette.entries[1].key
    user.send(Key("enter", True))
    assert user.document.nodes[f"{second}1"].type == second
    user.press("n")
    user.send(PaletteChosen(0, (700.0, 500.0)))
    assert (700.0, 500.0) in user.document.layout.values()


def test_new_blocks_do_not_overlap(user):
    for _ in range(5):
        user.add("sine", (40.0, 40.0))
    places = [user.document.layout[id] for id in user.document.nodes]
    assert len({y for _, y in places}) == 5


def test_pins_show_kind_lanes_and_sizes(user):
    user.chain("sine", "stft", "magnitude")
    user.enter("sine1.frequency", "220, 275, 330")
    pins = {row.port: row.pin for row in user.view.nodes["sine1"].rows if row.pin}
    assert (pins["out"].kind, pins["out"].count) == ("signal", "×3")
    pins = {row.port: row.pin for row in user.view.nodes["magnitude1"].rows if row.pin}
    assert pins["magnitude"].kind == "magnitude" and pins["magnitude"].count == "1025×3"
    assert "every 512 samples" in pins["magnitude"].tip


def test_refused_wire_shows_the_reason_while_it_is_drawn(user):
    user.add("sine")
    user.add("inverse_stft", (300.0, 40.0))
    start, end = pin("sine1.out", True), pin("inverse_stft1.spectrum", False)
    user.send(WireDrag(start, (200, 60), None))
    assert pin("inverse_stft1.spectrum", False) not in user.view.marked
    assert pin("sine1.frequency", False) in user.view.marked
    user.send(WireDrag(start, (300, 60), end))
    words, refused = user.view.hint
    assert refused and "gives signal" in words and "takes spectrum frames" in words
    user.send(WireDrag(start, (300, 60), end, dropped=True))
    assert not user.document.wires and user.view.hint == ("", False) and user.view.marked is None


def test_wire_that_closes_a_loop_becomes_a_feedback_wire(user):
    sine, ladder = user.chain("sine", "ladder")
    user.send(WireDrag(pin("ladder1.out", True), (0, 0), pin("sine1.pm", False)))
    assert "feedback" in user.view.hint[0].lower() and not user.view.hint[1]
    user.wire(f"{ladder}.out", f"{sine}.pm")
    assert user.view.wires[f"{ladder}.out", f"{sine}.pm"].feedback
    assert not user.view.wires[f"{sine}.out", f"{ladder}.audio"].feedback


@pytest.mark.parametrize("is_nested", [False, True])
def test_wire_that_closes_a_loop_through_a_bus_becomes_a_feedback_wire(user, is_nested):
    receive, ladder, send = user.chain("receive", "ladder", "send")
    user.patch.disconnect(f"{ladder}.out", f"{send}.value")
    if is_nested:
        user.patch.encapsulate([send], "inside")
        user.desk.do_in(("inside",), AddNode("way_in", "inlet", 1, {}, (0.0, 0.0)))
        user.desk.do_in(("inside",), Connect("way_in.out", f"{send}.value"))
    user.presenter.refresh()
    end = "inside.way_in" if is_nested else f"{send}.value"
    user.wire(f"{ladder}.out", end)
    assert user.view.wires[f"{ladder}.out", end].feedback
    assert not user.view.wires[f"{receive}.out", f"{ladder}.audio"].feedback
    assert not user.desk.typed.problems


def test_wire_dropped_on_the_canvas_offers_fitting_blocks(user):
    user.add("stft")
    user.wire("stft1.spectrum", None, (500.0, 300.0))
    offered = {entry.key for entry in user.view.palette.entries}
    assert "inverse_stft" in offered and "sine" not in offered
    user.pick("inverse_stft")
    assert ("stft1.spectrum", "inverse_stft1.spectrum") in user.view.wires
    assert user.document.layout["inverse_stft1"] == (500.0, 300.0)


def test_wire_palette_finds_blocks_by_their_other_words(user):
    user.add("saw")
    user.wire("saw1.out", None, (500.0, 300.0))
    user.pick("lop~")
    assert "one_pole1" in user.document.nodes and len(user.document.wires) == 1


def test_wire_dropped_from_an_input_offers_fitting_sources(user):
    user.add("magnitude")
    user.send(WireDrag(pin("magnitude1.spectrum", False), (500.0, 300.0), None, True))
    user.pick("stft")
    assert ("stft1.spectrum", "magnitude1.spectrum") in user.view.wires


def test_new_wire_replaces_the_wire_of_a_single_wire_input(user):
    for _ in range(2):
        user.add("stft")
    user.add("inverse_stft")
    user.wire("stft1.spectrum", "inverse_stft1.spectrum")
    user.wire("stft2.spectrum", "inverse_stft1.spectrum")
    assert list(user.view.wires) == [("stft2.spectrum", "inverse_stft1.spectrum")]
    user.press("ctrl+z")
    assert list(user.view.wires) == [("stft1.spectrum", "inverse_stft1.spectrum")]


def test_moving_a_wire_to_another_input_is_one_undo_step(user):
    user.chain("sine", "ladder")
    steps = _steps(user)
    user.send(WireCut(("sine1.out", "ladder1.audio")))
    user.send(WireDrag(pin("sine1.out", True), (0, 0), pin("ladder1.cutoff", False), True))
    assert list(user.view.wires) == [("sine1.out", "ladder1.cutoff")]
    user.press("ctrl+z")
    assert list(user.view.wires) == [("sine1.out", "ladder1.audio")]
    assert _steps(user) == steps


def test_insert_puts_a_block_into_a_wire(user):
    user.chain("sine", "audio_out")
    user.send(Click((0, 0), ("sine1.out", "audio_out1.audio")))
    user.press("i")
    user.pick("ladder")
    assert set(user.view.wires) == {("sine1.out", "ladder1.audio"), ("ladder1.out", "audio_out1.audio")}
    user.press("ctrl+z")
    assert set(user.view.wires) == {("sine1.out", "audio_out1.audio")}


def test_block_dropped_on_a_wire_is_inserted(user):
    user.chain("sine", "audio_out")
    user.add("drive", (300.0, 400.0))
    user.send(NodesMoved({"drive1": (200.0, 40.0)}, ("sine1.out", "audio_out1.audio")))
    assert set(user.view.wires) == {("sine1.out", "drive1.audio"), ("drive1.out", "audio_out1.audio")}


def test_replace_keeps_position_values_and_wires(user):
    user.chain("sine", "ladder", "audio_out")
    user.enter("sine1.frequency", "110")
    place = user.document.layout["sine1"]
    user.select("sine1")
    user.press("r")
    user.pick("saw")
    assert user.document.nodes["sine1"].type == "saw" and user.value("sine1.frequency") == 110.0
    assert ("sine1.out", "ladder1.audio") in user.view.wires and user.document.layout["sine1"] == place


def test_replace_maps_wires_by_order_if_port_names_differ(user):
    user.chain("sine", "drive", "audio_out")
    user.select("drive1")
    user.press("r")
    user.pick("multiply")
    assert {end for _, end in user.view.wires} == {"drive1.a", "audio_out1.audio"}


@pytest.mark.parametrize("keys", [("ctrl+c", "ctrl+v"), ("ctrl+x", "ctrl+v")])
def test_selection_is_pasted_into_another_window(user, tmp_path, keys):
    from .user import SimulatedUser

    user.chain("sine", "ladder", "audio_out")
    user.enter("ladder1.cutoff", "500")
    user.select("sine1", "ladder1")
    user.press(keys[0])
    assert user.view.text.lstrip().startswith("{")
    other = SimulatedUser(tmp_path / "other")
    other.view.text = user.view.text
    other.send(Pointer((500.0, 300.0)))
    other.press(keys[1])
    assert set(other.view.wires) == {("sine1.out", "ladder1.audio")} and other.value("ladder1.cutoff") == 500.0
    assert ("sine1" in user.document.nodes) == (keys[0] == "ctrl+c")


def test_paste_reports_text_that_is_not_a_patch(user):
    user.view.text = "a letter to my aunt"
    user.press("ctrl+v")
    assert not user.document.nodes and "Not pasted" in user.message


def test_duplicate_keeps_the_input_wires(user):
    user.chain("sine", "ladder", "audio_out")
    user.select("ladder1")
    user.press("ctrl+d")
    assert ("sine1.out", "ladder2.audio") in user.view.wires
    assert user.view.selected[0] == {"ladder2"}


def test_selection_by_box_key_and_shift_click(user):
    user.chain("sine", "ladder", "audio_out")
    user.send(BoxSelect((0.0, 0.0), (100.0, 100.0)))
    assert user.view.selected[0] == {"sine1"}
    user.send(BoxSelect((270.0, 30.0), (290.0, 60.0), add=True))
    assert user.view.selected[0] == {"sine1", "ladder1"}
    user.send(Click((0, 0), NodeAt("sine1"), shift=True))
    assert user.view.selected[0] == {"ladder1"}
    user.press("ctrl+a")
    assert len(user.view.selected[0]) == 3
    user.press("delete")
    assert not user.view.nodes and not user.view.wires
    user.press("ctrl+z")
    assert len(user.view.nodes) == 3 and len(user.view.wires) == 2


def test_delete_and_reconnect_wires_sources_to_targets(user):
    user.chain("sine", "ladder", "audio_out")
    user.select("ladder1")
    user.press("ctrl+delete")
    assert set(user.view.wires) == {("sine1.out", "audio_out1.audio")}


def test_blocks_are_aligned_distributed_and_tidied(user):
    for i, place in enumerate([(0.0, 0.0), (250.0, 37.0), (700.0, 90.0)]):
        user.add("sine", place)
        assert f"sine{i + 1}" in user.document.nodes
    user.press("ctrl+a", "alt+up")
    assert {at[1] for at in user.document.layout.values()} == {0.0}
    user.press("alt+h")
    xs = [user.document.layout[f"sine{i}"][0] for i in (1, 2, 3)]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=1.0)
    user.wire("sine3.out", "sine1.pm")
    user.press("escape", "ctrl+shift+t")
    assert user.document.layout["sine3"][0] < user.document.layout["sine1"][0]


def test_arrow_keys_move_the_selection(user):
    user.add("sine", (100.0, 100.0))
    user.press("right", "down", "shift+left")
    assert user.document.layout["sine1"] == (100.0 + 8.0 - 64.0, 108.0)


def test_comments_and_areas_are_added_moved_and_resized(user):
    user.add("sine", (100.0, 100.0))
    user.send(Pointer((400.0, 50.0)))
    user.press("c")
    user.answer("loud here")
    (note,) = user.document.notes
    assert user.view.notes[note].text == "loud here" and user.view.notes[note].at == (400.0, 50.0)
    user.select("sine1")
    user.press("f")
    user.answer("voice")
    key = next(key for key in user.view.notes if key.startswith("area."))
    area = user.view.notes[key]
    assert area.text == "voice" and area.size is not None and area.at[0] < 100.0
    user.send(NoteMoved(key, (area.at[0] + 50.0, area.at[1])))
    assert user.document.layout["sine1"] == (150.0, 100.0)
    user.send(NoteMoved(key, user.view.notes[key].at, (500.0, 400.0)))
    assert user.view.notes[key].size == (500.0, 400.0)


def test_rename_updates_the_wires(user):
    user.chain("sine", "audio_out")
    user.select("sine1")
    user.press("f2")
    user.answer("voice")
    assert ("voice.out", "audio_out1.audio") in user.view.wires and user.view.selected[0] == {"voice"}
    user.press("f2")
    user.answer("audio_out1")
    assert "already" in user.message


def test_undo_and_redo_restore_all_documents(user):
    first = user.patch.document
    user.chain("sine", "ladder", "audio_out")
    user.slide("ladder1.cutoff", 0.5, 0.6, 0.7, 0.8)
    user.press("ctrl+a", "ctrl+g", "ctrl+shift+t")
    last = user.patch.document
    user.undo_all()
    assert user.patch.document == first and not user.view.nodes
    while user.patch.can_redo:
        user.press("ctrl+shift+z")
    assert user.patch.document == last


def _steps(user) -> int:
    count = 0
    while user.patch.can_undo:
        user.patch.undo()
        count += 1
    for _ in range(count):
        user.patch.redo()
    return count


def test_tidy_moves_comments_and_areas_with_their_blocks(user):
    user.chain("sine", "ladder", "audio_out")
    user.send(NodesMoved({"ladder1": (40.0, 700.0)}), Pointer((40.0, 640.0)))
    user.press("escape", "c")
    user.answer("the filter")
    (note,) = user.document.notes
    user.select("ladder1")
    user.press("f")
    user.answer("filter")
    user.press("escape", "escape", "ctrl+shift+t")
    (x, y), at = user.document.layout["ladder1"], user.document.notes[note].at
    assert at == (x, y - 60.0), "the comment keeps its offset to the block"
    (area,) = user.document.areas.values()
    assert area.contains((x, y)) and not area.contains(user.document.layout["sine1"])
    assert y < 400.0


def test_blocks_are_bypassed_and_muted_by_key(user):
    user.chain("sine", "ladder", "audio_out")
    user.select("ladder1")
    user.press("ctrl+b")
    assert user.value("ladder1.bypass") == "bypass"
    assert user.view.nodes["ladder1"].title == "bypassed: ladder1"
    user.press("ctrl+shift+b")
    assert user.value("ladder1.bypass") == "mute"
    user.press("ctrl+shift+b")
    assert user.value("ladder1.bypass") is None
    assert user.view.nodes["ladder1"].title == "ladder1"
