"""The editor with real mouse and keyboard input in a real window, playing to a virtual device."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.editor.commands.piano import PianoKeys
from nodegraph.patch import AddNode, SetControl, read_patch
from tests.rendering import patch_of

pytestmark = pytest.mark.needs("dearpygui", "xvfb", "xdotool", "opengl", "jack", "portaudio")


def loudness(robot):
    """Return the output peak of the latest quarter of a second."""
    tape = robot.desk.sound.engine.output_tape
    end = tape.written
    frames, _ = tape.read(max(end - 11025, 0), end)
    return float(np.abs(frames).max(initial=0.0))


def test_patch_is_built_played_undone_redone_saved_and_opened(robot, tmp_path):
    osc = robot.add("saw", (60, 60))
    low = robot.add("ladder", (360, 60))
    out = robot.add("audio_out", (660, 60))
    assert robot.document.nodes[osc].type == "saw"
    assert robot.document.nodes[low].type == "ladder"
    assert loudness(robot) == 0.0

    robot.wire(f"{osc}.out", f"{low}.audio")
    robot.wire(f"{low}.out", f"{out}.audio")
    assert len(robot.document.wires) == 2
    assert robot.until(lambda: loudness(robot) > 0.01), "the output is silent"

    lfo = robot.add("lfo", (60, 420))
    robot.wire(f"{lfo}.out", f"{low}.cutoff")
    for port, value in (("offset", "900*2"), ("amplitude", "1 kHz")):
        robot.click(robot.row(lfo, port), times=2)
        assert robot.until(lambda: robot.view.value_field.is_open and robot.view.fields.typing)
        robot.key("ctrl+a")
        robot.type(value)
        robot.key("Return")
    assert robot.document.nodes[lfo].params == {"offset": 1800.0, "amplitude": 1000.0}
    assert {wire.target_ref for wire in robot.document.wires} == {f"{low}.audio", f"{out}.audio", f"{low}.cutoff"}
    built = robot.document

    while robot.patch.can_undo:
        robot.key("ctrl+z")
    assert not robot.document.nodes
    assert robot.until(lambda: loudness(robot) < 1e-4), "the undone patch is still audible"
    while robot.patch.can_redo:
        robot.key("ctrl+shift+z")
    assert robot.document == built
    assert robot.until(lambda: loudness(robot) > 0.01)

    path = tmp_path / "built.json"
    robot.key("ctrl+s")
    robot.save_as(path)
    assert robot.patch.saved
    robot.key("ctrl+n")
    assert robot.until(lambda: not robot.document.nodes)

    robot.open(str(path))
    assert robot.document == built == read_patch(path)
    assert robot.until(lambda: loudness(robot) > 0.01)


def test_refused_wire_shows_the_reason_while_it_is_drawn(robot):
    osc, voc = robot.add("sine", (60, 60)), robot.add("inverse_stft", (360, 60))
    start, end = robot.pin(f"{osc}.out"), robot.pin(f"{voc}.spectrum", False)
    robot.point(start)
    robot.do("mousedown", 1)
    robot.frames(2)
    for part in (0.3, 0.6, 1.0):
        robot.do(
            "mousemove", *robot.pixel((start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])))
        )
        robot.frames(3)
    assert "spectrum" in robot.view.overlay.hint_text
    assert robot.view.overlay.refused
    robot.do("mouseup", 1)
    robot.frames(3)
    assert not robot.document.wires
    assert not robot.view.overlay.hint_text


def test_wire_that_closes_a_loop_becomes_a_feedback_wire(robot):
    one, two = robot.add("one_pole", (60, 60)), robot.add("drive", (360, 60))
    robot.wire(f"{one}.{output(robot, one)}", f"{two}.audio")
    robot.wire(f"{two}.out", f"{one}.audio")
    assert [wire.feedback for wire in robot.document.wires] == [False, True]
    assert [face.feedback for face in robot.view.scene.wires.values()] == [False, True]


def output(robot, node):
    return next(row.port for row in robot.view.scene.nodes[node].visual.rows if row.side == "out")


def test_slider_drag_is_one_undo_step(robot):
    osc = robot.add("sine", (60, 60))
    before = robot.document
    robot.drag(robot.row(osc, "amplitude", 0.8), robot.row(osc, "amplitude", 0.4), steps=8)
    assert robot.document.nodes[osc].params["amplitude"] == pytest.approx(0.6, abs=0.02)
    robot.key("ctrl+z")
    assert robot.document == before


def test_shift_drag_is_ten_times_finer(robot):
    osc = robot.add("sine", (60, 60))
    robot.do("keydown", "shift")
    robot.drag(robot.row(osc, "amplitude", 0.8), robot.row(osc, "amplitude", 0.4), steps=8)
    robot.do("keyup", "shift")
    robot.frames(2)
    assert 0.8 < robot.document.nodes[osc].params["amplitude"] < 1.0


def test_bar_of_a_sequencer_is_dragged_switched_and_undone_and_plays(robot):
    clock, sequencer = robot.add("clock", (60, 60)), robot.add("step_sequencer", (360, 60))
    shown = robot.view.scene.nodes[sequencer]
    left, top, right, bottom = shown.shape.display

    def bar(number, height):
        x, y = left + (number - 0.5) / 4 * (right - left), bottom - height * (bottom - top)
        return shown.at[0] + x, shown.at[1] + y

    robot.drag(bar(2, 0.4), bar(2, 0.9))
    steps = robot.document.nodes[sequencer].params["steps"]
    assert steps[0] == 60.0 and steps[1] > 72.0 and steps[2:] == [67.0, 70.0]
    robot.click(bar(3, 0.2), button=3)
    assert robot.document.nodes[sequencer].params["gates"] == [1.0, 1.0, 0.0, 1.0]
    robot.key("ctrl+z", "ctrl+z")
    assert robot.document.nodes[sequencer].params == {}
    robot.wire(f"{clock}.out", f"{sequencer}.clock")
    plot = robot.view.canvas.nodes[sequencer].plot
    seen = set()
    assert robot.until(lambda: seen.add(plot._shown.dots) or len(seen) > 2), "no step is marked as playing"


def test_context_menu_resets_a_value(robot):
    osc = robot.add("sine", (60, 60))
    robot.drag(robot.row(osc, "amplitude", 0.8), robot.row(osc, "amplitude", 0.4))
    robot.click(robot.row(osc, "amplitude"), button=3)
    assert robot.until(lambda: robot.view.popup.is_open)
    x, y = robot.view.popup.place_of("Reset to default")
    robot.click_pixel(x, y)
    assert "amplitude" not in robot.document.nodes[osc].params


def test_choice_is_picked_from_its_list(robot):
    osc = robot.add("lfo", (60, 60))
    robot.click(robot.row(osc, "shape"))
    assert robot.until(lambda: robot.view.popup.is_open)
    robot.click_pixel(*robot.view.popup.place_of("triangle"))
    assert robot.document.nodes[osc].params["shape"] == "triangle"


def test_box_selection_is_moved_together(robot):
    one, two = robot.add("sine", (60, 60)), robot.add("saw", (320, 60))
    places = {id: robot.view.scene.nodes[id].at for id in (one, two)}
    robot.drag((20, 20), (560, 330))
    assert robot.desk.selection.nodes == {one, two}
    robot.drag(robot.title(one), (robot.title(one)[0] + 120, robot.title(one)[1] + 80), steps=6)
    for id, (x, y) in places.items():
        assert robot.document.layout[id] == pytest.approx((x + 120, y + 80), abs=1)
    robot.key("ctrl+z")
    assert {id: robot.view.scene.nodes[id].at for id in (one, two)} == places
    robot.key("Delete")
    assert not robot.document.nodes


def test_clicks_hit_blocks_after_zoom_and_pan(robot):
    osc, out = robot.add("sine", (60, 60)), robot.add("audio_out", (400, 260))
    for steps in (2, -4, 3):
        robot.wheel((200, 150), steps)
        robot.drag((300, 200), (340, 180), button=2)
        robot.click(robot.title(osc))
        assert robot.desk.selection.nodes == {osc}
    assert robot.view.scene.camera.zoom != 1.0
    robot.wire(f"{osc}.out", f"{out}.audio")
    assert len(robot.document.wires) == 1


def test_double_click_opens_the_palette_and_a_click_adds_a_block(robot):
    robot.click((300, 200), times=2)
    assert robot.until(lambda: robot.view.palette.is_open and robot.view.fields.typing)
    robot.type("pink")
    robot.click_pixel(*robot.view.palette.place_of(0))
    assert [record.type for record in robot.document.nodes.values()] == ["pink_noise"]
    assert not robot.view.palette.is_open


def test_escape_closes_the_palette(robot):
    robot.key("n")
    assert robot.until(lambda: robot.view.palette.is_open and robot.view.fields.typing)
    robot.key("Escape", "Escape")
    assert robot.until(lambda: not robot.view.palette.is_open)
    assert not robot.document.nodes


def test_wire_dropped_on_the_canvas_offers_fitting_blocks(robot):
    osc = robot.add("sine", (60, 60))
    robot.drag(robot.pin(f"{osc}.out"), (420, 90), steps=6)
    assert robot.until(lambda: robot.view.palette.is_open and robot.view.fields.typing)
    robot.type("ladder")
    robot.key("Return")
    assert robot.until(lambda: len(robot.document.nodes) == 2)
    assert [wire.source_ref for wire in robot.document.wires] == [f"{osc}.out"]


def test_dragging_a_wired_input_disconnects_the_wire(robot):
    osc, out = robot.add("sine", (60, 60)), robot.add("audio_out", (400, 60))
    robot.wire(f"{osc}.out", f"{out}.audio")
    robot.drag(robot.pin(f"{out}.audio", False), (300, 300), steps=6)
    assert not robot.document.wires
    assert not robot.view.palette.is_open
    robot.key("ctrl+z")
    assert len(robot.document.wires) == 1


def test_wire_under_the_pointer_shows_a_readout_and_opens_a_probe(robot):
    osc, out = robot.add("sine", (60, 60)), robot.add("audio_out", (500, 60))
    robot.wire(f"{osc}.out", f"{out}.audio")
    line = robot.view.scene.wire_points((f"{osc}.out", f"{out}.audio"))
    robot.point(line[len(line) // 2])
    assert robot.until(lambda: robot.view.hover.lines and "peak" in robot.view.hover.lines[0])
    assert robot.until(lambda: "peak 0.0 dB" in robot.view.hover.lines[0])
    robot.key("p")
    assert robot.until(lambda: robot.view.probes)
    (probe,) = robot.view.probes.values()
    assert robot.until(lambda: probe.lines and "rms -3.0 dB" in probe.lines[0])


def test_frame_wire_shows_a_spectrum_readout_and_scope_tap_a_waveform(robot):
    osc, analysis, scope = robot.add("saw", (40, 60)), robot.add("stft", (300, 60)), robot.add("scope_tap", (560, 330))
    sink = robot.add("inverse_stft", (600, 60))
    robot.wire(f"{osc}.out", f"{analysis}.audio")
    robot.wire(f"{analysis}.spectrum", f"{sink}.spectrum")
    robot.wire(f"{osc}.out", f"{scope}.audio")
    assert len(robot.document.wires) == 3
    line = robot.view.scene.wire_points((f"{analysis}.spectrum", f"{sink}.spectrum"))
    robot.point(line[len(line) // 2])
    assert robot.until(lambda: robot.view.hover.lines and "1025 spectrum values" in robot.view.hover.lines[0])
    assert robot.until(lambda: robot.view.canvas.nodes[scope].plot.kind == "wave")


def test_f1_opens_block_help(robot):
    osc = robot.add("ladder", (60, 60))
    robot.click(robot.title(osc))
    robot.key("F1")
    assert robot.until(lambda: robot.view.panels.keys)
    robot.frames(5)


def test_click_on_the_minimap_moves_the_camera(robot):
    robot.add("sine", (60, 60))
    assert not robot.view.minimap.needed, "the minimap shows a patch that is visible as a whole"
    robot.patch.do(AddNode("far", "sine", at=(3000.0, 2000.0)))
    robot.frames(3)
    before = robot.view.scene.camera
    _, _, right, bottom = robot.view.minimap.box
    robot.click_pixel(right - 20, bottom - 20 + 25)
    after = robot.view.scene.camera
    assert (after.x, after.y) != (before.x, before.y)
    assert after.zoom == before.zoom


def test_blocks_are_copied_as_text_and_pasted(robot):
    osc = robot.add("square", (60, 60))
    robot.click(robot.title(osc))
    robot.key("ctrl+c")
    assert '"square"' in robot.view.clipboard()
    robot.point((500, 300))
    robot.key("ctrl+v")
    assert [record.type for record in robot.document.nodes.values()] == ["square", "square"]


def test_engine_pauses_steps_and_resumes(robot):
    robot.add("sine", (60, 60))
    engine = robot.desk.sound.engine
    robot.key("space")
    assert robot.until(lambda: engine.paused)
    robot.frames(10)
    paused_at = engine.clock
    robot.key("period")
    assert robot.until(lambda: engine.clock > paused_at)
    robot.key("space")
    assert robot.until(lambda: not engine.paused)


def test_quit_asks_about_unsaved_changes(robot):
    robot.add("sine", (60, 60))
    robot.key("ctrl+q")
    assert robot.until(lambda: robot.view.panels.keys)
    assert robot.view.running
    robot.key("Escape")
    robot.frames(5)
    assert robot.view.running


def test_close_button_asks_about_unsaved_changes(robot):
    robot.add("sine", (60, 60))
    robot.press_close_button()
    assert robot.until(lambda: robot.view.panels.keys)
    assert robot.view.running
    robot.key("Escape")


def test_window_accepts_dropped_files(robot):
    from nodegraph.editor.dpg.window import on_drop

    assert on_drop(lambda paths: None)


def test_piano_keys_play_while_held_and_are_released_on_focus_loss(robot):
    keys, notes = robot.add("midi_in", (60, 60)), robot.add("notes", (360, 60))
    robot.patch.connect(f"{keys}.out", f"{notes}.events")

    def down():
        gates = robot.desk.sound.value(f"{notes}.gate")
        return 0 if gates is None else int(np.count_nonzero(gates > 0.5))

    assert robot.until(lambda: robot.desk.sound.value(f"{notes}.gate") is not None)
    robot.key("ctrl+shift+k")
    assert robot.desk.state(PianoKeys).piano is not None
    robot.do("keydown", "z")
    assert robot.until(lambda: down() == 1), "a held key plays no note"
    robot.do("keydown", "c")
    assert robot.until(lambda: down() == 2)
    robot.frames(30)  # long enough for key repeats
    robot.do("keyup", "z")
    assert robot.until(lambda: down() == 1)
    robot.key("Insert")  # a text field takes the keyboard focus
    assert robot.until(lambda: robot.view.fields.typing)
    assert robot.until(lambda: down() == 0), "a note hangs while a text field has the focus"
    robot.do("keyup", "c")
    robot.key("Escape")
    assert robot.until(lambda: not robot.view.fields.typing)
    robot.do("keydown", "v")
    assert robot.until(lambda: down() == 1)
    robot.look_away()
    assert robot.until(lambda: down() == 0), "a note hangs after the window lost the focus"
    robot.do("keyup", "v")
    robot.look_away(back=True)
    robot.key("ctrl+shift+k")
    assert robot.desk.state(PianoKeys).piano is None


def test_sound_is_matched_applied_and_undone(robot, tmp_path):
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 300.0, "amplitude": 0.3}), out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 200.0, 2000.0, "log"))
    robot.desk.open_patch(patch)
    robot.frames(3)
    clock = np.arange(16384) / 16384.0
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2.0 * np.pi * 700.0 * clock), 16384, subtype="FLOAT")
    robot.key("ctrl+alt+m")
    assert robot.until(lambda: "match" in robot.view.panels.keys)
    robot.frames(6)
    robot.click_item("match", "sound")
    robot.type(str(tmp_path / "tone.wav"))
    robot.key("Return")
    robot.click_item("match", "begin")
    assert robot.until(lambda: robot.desk.panels["match"].result is not None, 120.0)
    robot.frames(6)
    robot.click_item("match", "hear_both")
    robot.click_item("match", "apply")
    assert robot.until(lambda: robot.document.nodes["osc"].params["frequency"] == pytest.approx(700.0, rel=0.01))
    robot.point((300, 500))
    robot.key("ctrl+z")
    assert robot.until(lambda: robot.document.nodes["osc"].params["frequency"] == 300.0)


def test_panel_that_was_closed_by_its_cross_opens_again(robot):
    for _ in range(2):
        robot.key("ctrl+shift+e")
        robot.frames(6)
        _, top, right, _ = robot.view.panels._panels["patch"].box
        robot.click_pixel(right - 16, top + 11)
        assert robot.view.panels.keys == [] and "patch" not in robot.desk.panels
