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

from .user import pin


def test_palette_adds_the_typed_block_at_the_pointer(hand):
    assert hand.adds("sine", (300.0, 200.0)) == "sine1"
    assert hand.view.nodes["sine1"].at == (300.0, 200.0)
    assert hand.view.palette is None
    assert hand.view.selected[0] == {"sine1"}


def test_double_click_opens_the_palette_and_escape_closes_it(hand):
    hand.does(Click((10, 10), None, double=True))
    assert {entry.family for entry in hand.view.palette.entries} >= {"oscillators", "filters", "phase reconstruction"}
    hand.does(PaletteTyped("xyzzy"))
    assert hand.view.palette.entries == () and hand.view.palette.empty
    hand.does(Key("escape", True))
    assert hand.view.palette is None and not hand.document.nodes


def test_palette_entries_are_chosen_by_arrow_keys_and_by_drag(hand):
    hand.presses("n")
    hand.does(PaletteTyped("noise"), Key("down", True))
    second = hand.view.palette.entries[1].key
    hand.does(Key("enter", True))
    assert hand.document.nodes[f"{second}1"].type == second
    hand.presses("n")
    hand.does(PaletteChosen(0, (700.0, 500.0)))
    assert (700.0, 500.0) in hand.document.layout.values()


def test_new_blocks_do_not_overlap(hand):
    for _ in range(5):
        hand.adds("sine", (40.0, 40.0))
    places = [hand.document.layout[id] for id in hand.document.nodes]
    assert len({y for _, y in places}) == 5


def test_pins_show_kind_lanes_and_sizes(hand):
    hand.chain("sine", "stft", "magnitude")
    hand.types("sine1.frequency", "220, 275, 330")
    pins = {row.port: row.pin for row in hand.view.nodes["sine1"].rows if row.pin}
    assert (pins["out"].kind, pins["out"].count) == ("signal", "×3")
    pins = {row.port: row.pin for row in hand.view.nodes["magnitude1"].rows if row.pin}
    assert pins["magnitude"].kind == "magnitude" and pins["magnitude"].count == "1025×3"
    assert "every 512 samples" in pins["magnitude"].tip


def test_refused_wire_shows_the_reason_while_it_is_drawn(hand):
    hand.adds("sine")
    hand.adds("inverse_stft", (300.0, 40.0))
    start, end = pin("sine1.out", True), pin("inverse_stft1.spectrum", False)
    hand.does(WireDrag(start, (200, 60), None))
    assert pin("inverse_stft1.spectrum", False) not in hand.view.marked
    assert pin("sine1.frequency", False) in hand.view.marked
    hand.does(WireDrag(start, (300, 60), end))
    words, refused = hand.view.hint
    assert refused and "gives signal" in words and "takes spectrum frames" in words
    hand.does(WireDrag(start, (300, 60), end, dropped=True))
    assert not hand.document.wires and hand.view.hint == ("", False) and hand.view.marked is None


def test_wire_that_closes_a_loop_becomes_a_feedback_wire(hand):
    sine, ladder = hand.chain("sine", "ladder")
    hand.does(WireDrag(pin("ladder1.out", True), (0, 0), pin("sine1.pm", False)))
    assert "feedback" in hand.view.hint[0].lower() and not hand.view.hint[1]
    hand.wires(f"{ladder}.out", f"{sine}.pm")
    assert hand.view.wires[f"{ladder}.out", f"{sine}.pm"].feedback
    assert not hand.view.wires[f"{sine}.out", f"{ladder}.audio"].feedback


def test_wire_dropped_on_the_canvas_offers_fitting_blocks(hand):
    hand.adds("stft")
    hand.wires("stft1.spectrum", None, (500.0, 300.0))
    offered = {entry.key for entry in hand.view.palette.entries}
    assert "inverse_stft" in offered and "sine" not in offered
    hand.picks("inverse_stft")
    assert ("stft1.spectrum", "inverse_stft1.spectrum") in hand.view.wires
    assert hand.document.layout["inverse_stft1"] == (500.0, 300.0)


def test_wire_dropped_from_an_input_offers_fitting_sources(hand):
    hand.adds("magnitude")
    hand.does(WireDrag(pin("magnitude1.spectrum", False), (500.0, 300.0), None, True))
    hand.picks("stft")
    assert ("stft1.spectrum", "magnitude1.spectrum") in hand.view.wires


def test_new_wire_replaces_the_wire_of_a_single_wire_input(hand):
    for _ in range(2):
        hand.adds("stft")
    hand.adds("inverse_stft")
    hand.wires("stft1.spectrum", "inverse_stft1.spectrum")
    hand.wires("stft2.spectrum", "inverse_stft1.spectrum")
    assert list(hand.view.wires) == [("stft2.spectrum", "inverse_stft1.spectrum")]
    hand.presses("ctrl+z")
    assert list(hand.view.wires) == [("stft1.spectrum", "inverse_stft1.spectrum")]


def test_moving_a_wire_to_another_input_is_one_undo_step(hand):
    hand.chain("sine", "ladder")
    steps = _steps(hand)
    hand.does(WireCut(("sine1.out", "ladder1.audio")))
    hand.does(WireDrag(pin("sine1.out", True), (0, 0), pin("ladder1.cutoff", False), True))
    assert list(hand.view.wires) == [("sine1.out", "ladder1.cutoff")]
    hand.presses("ctrl+z")
    assert list(hand.view.wires) == [("sine1.out", "ladder1.audio")]
    assert _steps(hand) == steps


def test_insert_puts_a_block_into_a_wire(hand):
    hand.chain("sine", "audio_out")
    hand.does(Click((0, 0), ("sine1.out", "audio_out1.audio")))
    hand.presses("i")
    hand.picks("ladder")
    assert set(hand.view.wires) == {("sine1.out", "ladder1.audio"), ("ladder1.out", "audio_out1.audio")}
    hand.presses("ctrl+z")
    assert set(hand.view.wires) == {("sine1.out", "audio_out1.audio")}


def test_block_dropped_on_a_wire_is_inserted(hand):
    hand.chain("sine", "audio_out")
    hand.adds("drive", (300.0, 400.0))
    hand.does(NodesMoved({"drive1": (200.0, 40.0)}, ("sine1.out", "audio_out1.audio")))
    assert set(hand.view.wires) == {("sine1.out", "drive1.audio"), ("drive1.out", "audio_out1.audio")}


def test_replace_keeps_position_values_and_wires(hand):
    hand.chain("sine", "ladder", "audio_out")
    hand.types("sine1.frequency", "110")
    place = hand.document.layout["sine1"]
    hand.selects("sine1")
    hand.presses("r")
    hand.picks("saw")
    assert hand.document.nodes["sine1"].type == "saw" and hand.value("sine1.frequency") == 110.0
    assert ("sine1.out", "ladder1.audio") in hand.view.wires and hand.document.layout["sine1"] == place


def test_replace_maps_wires_by_order_if_port_names_differ(hand):
    hand.chain("sine", "drive", "audio_out")
    hand.selects("drive1")
    hand.presses("r")
    hand.picks("multiply")
    assert {end for _, end in hand.view.wires} == {"drive1.a", "audio_out1.audio"}


@pytest.mark.parametrize("keys", [("ctrl+c", "ctrl+v"), ("ctrl+x", "ctrl+v")])
def test_selection_is_pasted_into_another_window(hand, tmp_path, keys):
    from .user import Hand

    hand.chain("sine", "ladder", "audio_out")
    hand.types("ladder1.cutoff", "500")
    hand.selects("sine1", "ladder1")
    hand.presses(keys[0])
    assert hand.view.text.lstrip().startswith("{")
    other = Hand(tmp_path / "other")
    other.view.text = hand.view.text
    other.does(Pointer((500.0, 300.0)))
    other.presses(keys[1])
    assert set(other.view.wires) == {("sine1.out", "ladder1.audio")} and other.value("ladder1.cutoff") == 500.0
    assert ("sine1" in hand.document.nodes) == (keys[0] == "ctrl+c")


def test_paste_reports_text_that_is_not_a_patch(hand):
    hand.view.text = "a letter to my aunt"
    hand.presses("ctrl+v")
    assert not hand.document.nodes and "Not pasted" in hand.message


def test_duplicate_keeps_the_input_wires(hand):
    hand.chain("sine", "ladder", "audio_out")
    hand.selects("ladder1")
    hand.presses("ctrl+d")
    assert ("sine1.out", "ladder2.audio") in hand.view.wires
    assert hand.view.selected[0] == {"ladder2"}


def test_selection_by_box_key_and_shift_click(hand):
    hand.chain("sine", "ladder", "audio_out")
    hand.does(BoxSelect((0.0, 0.0), (100.0, 100.0)))
    assert hand.view.selected[0] == {"sine1"}
    hand.does(BoxSelect((270.0, 30.0), (290.0, 60.0), add=True))
    assert hand.view.selected[0] == {"sine1", "ladder1"}
    hand.does(Click((0, 0), NodeAt("sine1"), shift=True))
    assert hand.view.selected[0] == {"ladder1"}
    hand.presses("ctrl+a")
    assert len(hand.view.selected[0]) == 3
    hand.presses("delete")
    assert not hand.view.nodes and not hand.view.wires
    hand.presses("ctrl+z")
    assert len(hand.view.nodes) == 3 and len(hand.view.wires) == 2


def test_delete_and_reconnect_wires_sources_to_targets(hand):
    hand.chain("sine", "ladder", "audio_out")
    hand.selects("ladder1")
    hand.presses("ctrl+delete")
    assert set(hand.view.wires) == {("sine1.out", "audio_out1.audio")}


def test_blocks_are_aligned_distributed_and_tidied(hand):
    for i, place in enumerate([(0.0, 0.0), (250.0, 37.0), (700.0, 90.0)]):
        hand.adds("sine", place)
        assert f"sine{i + 1}" in hand.document.nodes
    hand.presses("ctrl+a", "alt+up")
    assert {at[1] for at in hand.document.layout.values()} == {0.0}
    hand.presses("alt+h")
    xs = [hand.document.layout[f"sine{i}"][0] for i in (1, 2, 3)]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=1.0)
    hand.wires("sine3.out", "sine1.pm")
    hand.presses("escape", "ctrl+shift+t")
    assert hand.document.layout["sine3"][0] < hand.document.layout["sine1"][0]


def test_arrow_keys_move_the_selection(hand):
    hand.adds("sine", (100.0, 100.0))
    hand.presses("right", "down", "shift+left")
    assert hand.document.layout["sine1"] == (100.0 + 8.0 - 64.0, 108.0)


def test_comments_and_areas_are_added_moved_and_resized(hand):
    hand.adds("sine", (100.0, 100.0))
    hand.does(Pointer((400.0, 50.0)))
    hand.presses("c")
    hand.answers("loud here")
    (note,) = hand.document.notes
    assert hand.view.notes[note].text == "loud here" and hand.view.notes[note].at == (400.0, 50.0)
    hand.selects("sine1")
    hand.presses("f")
    hand.answers("voice")
    key = next(key for key in hand.view.notes if key.startswith("area."))
    area = hand.view.notes[key]
    assert area.text == "voice" and area.size is not None and area.at[0] < 100.0
    hand.does(NoteMoved(key, (area.at[0] + 50.0, area.at[1])))
    assert hand.document.layout["sine1"] == (150.0, 100.0)
    hand.does(NoteMoved(key, hand.view.notes[key].at, (500.0, 400.0)))
    assert hand.view.notes[key].size == (500.0, 400.0)


def test_rename_updates_the_wires(hand):
    hand.chain("sine", "audio_out")
    hand.selects("sine1")
    hand.presses("f2")
    hand.answers("voice")
    assert ("voice.out", "audio_out1.audio") in hand.view.wires and hand.view.selected[0] == {"voice"}
    hand.presses("f2")
    hand.answers("audio_out1")
    assert "already" in hand.message


def test_undo_and_redo_restore_all_documents(hand):
    first = hand.patch.document
    hand.chain("sine", "ladder", "audio_out")
    hand.slides("ladder1.cutoff", 0.5, 0.6, 0.7, 0.8)
    hand.presses("ctrl+a", "ctrl+g", "ctrl+shift+t")
    last = hand.patch.document
    hand.undoes_all()
    assert hand.patch.document == first and not hand.view.nodes
    while hand.patch.can_redo:
        hand.presses("ctrl+shift+z")
    assert hand.patch.document == last


def _steps(hand) -> int:
    count = 0
    while hand.patch.can_undo:
        hand.patch.undo()
        count += 1
    for _ in range(count):
        hand.patch.redo()
    return count


def test_tidy_moves_comments_and_areas_with_their_blocks(hand):
    hand.chain("sine", "ladder", "audio_out")
    hand.does(NodesMoved({"ladder1": (40.0, 700.0)}), Pointer((40.0, 640.0)))
    hand.presses("escape", "c")
    hand.answers("the filter")
    (note,) = hand.document.notes
    hand.selects("ladder1")
    hand.presses("f")
    hand.answers("filter")
    hand.presses("escape", "escape", "ctrl+shift+t")
    (x, y), at = hand.document.layout["ladder1"], hand.document.notes[note].at
    assert at == (x, y - 60.0), "the comment keeps its offset to the block"
    (area,) = hand.document.areas.values()
    assert area.contains((x, y)) and not area.contains(hand.document.layout["sine1"])
    assert y < 400.0
