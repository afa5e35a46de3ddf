"""Presenter, view and sound together without a window, and error messages if no window can be opened."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from nodegraph.editor.following import Following
from nodegraph.editor.presenter import Presenter
from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
from nodegraph.patch import Patch
from tests.editor.fakes import FakeSound, FakeView
from tests.editor.random_user import RandomUser

dpg_needed = pytest.mark.needs("dearpygui")


@pytest.fixture
def view():
    from nodegraph.editor.dpg.view import DpgView

    view = DpgView()
    yield view
    view.close()


@pytest.fixture
def sound():
    sound = LiveSound(DeviceRequest(NONE))
    yield sound
    sound.close()


@dpg_needed
def test_view_matches_presenter_after_random_actions(view, tmp_path):
    from tests.editor.both_views import BothViews

    fake = FakeView()
    presenter = Presenter(BothViews(fake, view), FakeSound(), home=tmp_path)
    presenter.strict = True
    user = RandomUser(fake, seed=11)
    for step in range(400):
        presenter.handle(user.event())
        if step % 5 == 0:
            view.refresh()
            view.poll()
    view.refresh()
    assert set(view.scene.nodes) == set(fake.nodes)
    assert set(view.scene.wires) == set(fake.wires)
    assert set(view.scene.notes) == set(fake.notes)
    assert set(view.panels.keys) == set(fake.panels)
    presenter.close()


# -- the sound ---------------------------------------------------------------------------------------------------


def tone(frequency=441.0):
    patch = Patch()
    patch.add("sine", id="osc", frequency=frequency)
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "out.audio")
    return patch


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_sound_follows_patch_and_reads_wires(sound):
    patch = tone()
    Following(patch, sound)
    sound.watch(frozenset({"osc.out"}))
    assert sound.wait_idle()
    assert wait_until(lambda: sound.read("osc.out", 4410) is not None and sound.engine.clock > 10000)
    reading = sound.read("osc.out", 4410)
    assert reading.samples.shape == (1, 4410)
    assert np.abs(reading.samples).max() == pytest.approx(1.0, abs=0.01)
    assert sound.value("osc.out").shape == (1,)
    assert sound.value("missing.out") is None
    patch.set("osc.amplitude", 0.25)
    assert wait_until(lambda: np.abs(sound.read("osc.out", 2000).samples).max() < 0.26)


def test_readout_of_frames_depends_on_frame_type(sound):
    patch = tone()
    patch.add("stft", id="analysis")
    patch.connect("osc.out", "analysis.audio")
    Following(patch, sound)
    sound.watch(frozenset({"analysis.spectrum"}))
    assert sound.wait_idle()

    def read():
        return sound.read("analysis.spectrum", 100)

    assert wait_until(lambda: read() is not None and len(read().frames) and read().frames[-1].max() > 0.8, 10.0)
    reading = read()
    assert reading.kind == "spectrum"
    assert reading.frames.shape[1] == 1025
    loudest = int(reading.frames[-1].argmax())
    assert loudest * 44100 / 2048 == pytest.approx(441, abs=22)
    assert reading.frames[-1].max() == pytest.approx(1.0, abs=0.2)


def test_wires_at_and_inside_a_subpatch_have_readouts(sound):
    from nodegraph.patch import Encapsulate

    patch = tone()
    patch.add("vca", id="quiet", gain=0.5)
    patch.connect("osc.out", "quiet.audio")
    patch.do(Encapsulate(("osc", "quiet"), "voice"))
    (leaving, *_) = [wire.source_ref for wire in patch.document.wires if wire.source == "voice"]
    Following(patch, sound)
    sound.watch(frozenset({leaving, "voice/quiet.out"}))
    assert sound.wait_idle()
    assert wait_until(lambda: sound.read("voice/quiet.out", 100) is not None and sound.engine.clock > 10000)
    assert np.abs(sound.read(leaving, 4410).samples).max() == pytest.approx(1.0, abs=0.01)
    assert np.abs(sound.read("voice/quiet.out", 4410).samples).max() == pytest.approx(0.5, abs=0.01)
    assert sound.value(leaving) is not None
    assert wait_until(lambda: sound.state().times.get(("voice", "osc"), 0.0) > 0)
    nodes = {("out",), ("voice", "osc"), ("voice", "quiet")}  # without probes and without the subpatch itself
    assert sound.state().times.keys() <= nodes


def test_node_shows_faults_and_total_time_of_all_its_voices(sound, test_blocks):
    from nodegraph.patch import AddNode, Encapsulate, Within

    patch = tone()
    patch.add("fragile", id="bad#2")
    patch.connect("osc.out", "bad#2.audio")
    patch.connect("bad#2.out", "out.audio")
    patch.do(Encapsulate(("bad#2",), "a/b: c"))
    patch.do(Within(("a/b: c",), AddNode("split", "split")))
    patch.set("a/b: c.voices", 3)
    Following(patch, sound)
    assert sound.wait_idle()
    sound.engine.set_parameter("a/b: c/bad#2", "broken", 1.0)
    assert wait_until(lambda: sound.state().faults)
    assert list(sound.state().faults) == [("a/b: c", "bad#2")]
    assert wait_until(lambda: ("a/b: c", "bad#2") in sound.state().times)
    live = sound.engine
    live.pause()
    voices = [time for node, time in live.node_times().items() if live.node_address(node) == "a/b: c/bad#2"]
    assert len(voices) == 3
    assert live.report().node_times["a/b: c/bad#2"] == pytest.approx(sum(voices), rel=0.05)


def test_invalid_patch_keeps_the_previous_sound(sound):
    patch = tone()
    Following(patch, sound)
    assert sound.wait_idle()
    clock = sound.engine.clock
    patch.set("osc.frequency", 1e9)  # out of range: the graph is invalid, the previous plan plays on
    assert sound.wait_idle()
    assert wait_until(lambda: sound.engine.clock > clock)
    assert sound.value("osc.out") is not None


def test_sound_pauses_steps_and_resumes(sound):
    Following(tone(), sound)
    assert sound.wait_idle()
    sound.pause()
    assert sound.state().paused
    time.sleep(0.1)
    clock = sound.engine.clock
    sound.step(64)
    assert wait_until(lambda: sound.engine.clock == clock + 64)
    sound.resume()
    assert wait_until(lambda: sound.engine.clock > clock + 4410)


def test_rate_and_block_size_change_during_playback(sound):
    Following(tone(), sound)
    sound.select_device(NONE, 48000.0, 128)
    assert wait_until(lambda: sound.state().rate == 48000.0)
    assert sound.wait_idle()
    assert sound.state().blocksize == 128
    assert wait_until(lambda: sound.value("osc.out") is not None)


def test_stopped_recording_is_a_complete_sound_file(sound, tmp_path):
    import soundfile

    Following(tone(), sound)
    assert sound.wait_idle()
    sound.record(tmp_path / "take.wav")
    assert wait_until(lambda: "take.wav" in sound.state().recording or sound.state().recording)
    time.sleep(0.5)
    sound.record(None)
    assert sound.state().recording == ""
    data, rate = soundfile.read(tmp_path / "take.wav")
    assert rate == 44100
    assert len(data) > 4410
    assert np.abs(data).max() > 0.5


def test_missing_device_gives_silence_and_a_message(sound):
    Following(tone(), sound)
    sound.select_device("no such card at all")
    assert wait_until(lambda: any(text in sound.state().problem for text in ("no such card at all", "not installed")))
    assert sound.wait_idle()
    clock = sound.engine.clock
    assert wait_until(lambda: sound.engine.clock > clock)
    sound.select_device(NONE)
    assert wait_until(lambda: sound.state().problem == "")


@pytest.mark.needs("jack", "portaudio")
def test_edits_miss_no_callback_while_another_thread_holds_the_interpreter(jack_dummy):
    """The device receives all quanta during edits, although a thread holds the interpreter."""
    import threading

    sound = LiveSound()
    patch = tone()
    Following(patch, sound)
    assert sound.wait_idle()
    patch.add("ladder", id="filter")
    patch.add("lfo", id="lfo")
    assert sound.wait_idle()
    stop = threading.Event()

    def redraw():
        while not stop.is_set():
            sum(i * i for i in range(20000))

    thread = threading.Thread(target=redraw)
    thread.start()
    try:
        shares = [served_while_wiring(sound, patch)]
        while shares[-1] < 0.95 and len(shares) < 6:  # other processes can delay a device without real-time priority
            shares.append(served_while_wiring(sound, patch))
    finally:
        stop.set()
        thread.join()
        sound.close()
    assert shares[-1] >= 0.95, f"parts of the callbacks that were served: {shares}"


def served_while_wiring(sound, patch):
    """Return the fraction of callbacks served during edits; a callback that needs the interpreter gets about 0.1."""
    before = sound.engine.report()
    for _ in range(8):
        patch.connect("lfo.out", "filter.cutoff")
        patch.connect("osc.out", "filter.audio")
        assert sound.wait_idle()
        patch.undo()
        patch.undo()
        assert sound.wait_idle()
    after = sound.engine.report()
    return (after.callbacks - before.callbacks) / max(after.expected - before.expected, 1)


# -- no window can be opened --------------------------------------------------------------------------------------


def edit(*options, **changes):
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "nodegraph", "edit", *options]
    return subprocess.run(command, env=env | changes, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a display is always there")
@dpg_needed
def test_edit_without_display_prints_one_line():
    done = edit()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no display: DISPLAY is not set" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
@dpg_needed
def test_edit_with_unknown_display_prints_one_line():
    done = edit(DISPLAY=":987")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ":987" in done.stderr


@pytest.mark.needs("dearpygui", "xvfb", "opengl")
def test_edit_without_opengl_prints_one_line():
    from tests.editor.robot import Xvfb

    server = Xvfb(options=("-extension", "GLX"))
    try:
        done = edit(DISPLAY=server.display)
    finally:
        server.stop()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "OpenGL" in done.stderr


@pytest.mark.needs("dearpygui", "xvfb", "opengl", "portaudio")
def test_edit_with_unknown_device_prints_one_line(display):
    done = edit("--device", "no such card", DISPLAY=display)
    assert done.returncode == 1
    assert "no audio output" in done.stderr.splitlines()[-1]


def test_edit_without_dearpygui_names_the_package_to_install(monkeypatch):
    from nodegraph.editor.dpg import display_check

    monkeypatch.setattr(display_check, "find_spec", lambda name: None)
    assert "pip install 'nodegraph[editor]'" in display_check.display_problem()


def test_two_threads_find_all_blocks():
    """The window and the thread that compiles plans can both be the first to load the blocks."""
    both = (
        "import threading; from nodegraph.blocks.registry import node_types; found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(len(node_types()))) for _ in range(6)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print(found == [len(node_types())] * 6)"
    )
    assert subprocess.run([sys.executable, "-c", both], capture_output=True, text=True).stdout == "True\n"


VANISHING = """
import os, signal, sys, time
from nodegraph.editor.following import Following
from nodegraph.editor.sound.live import LiveSound
from nodegraph.patch import Patch
patch = Patch()
patch.add("sine", id="osc"); patch.add("audio_out", id="out"); patch.connect("osc.out", "out.audio")
sound = LiveSound(); Following(patch, sound); sound.wait_idle()
print("device", sound.state().device, flush=True)
sys.stdin.readline()
end = time.monotonic() + 20
while not sound.state().problem and time.monotonic() < end:
    time.sleep(0.05)
print("problem", sound.state().problem, flush=True)
patch.set("osc.frequency", 880.0)
print("edited", sound.wait_idle(), flush=True)
clock = sound.engine.clock
time.sleep(0.3)
print("runs on", sound.engine.clock > clock, flush=True)
os._exit(0)
"""


@pytest.mark.needs("jack", "portaudio")
def test_disconnected_device_gives_silence_and_a_message(jack_to_kill):
    with subprocess.Popen(
        [sys.executable, "-c", VANISHING], env=os.environ | jack_to_kill.env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as player:  # fmt: skip
        assert player.stdout.readline() == "device system\n"
        jack_to_kill.kill()
        out, _ = player.communicate("\n", timeout=60)
    lines = out.splitlines()
    assert "'system' was disconnected" in lines[0]
    assert "Select a device in Sound › Audio device" in lines[0]
    assert lines[1:] == ["edited True", "runs on True"]


@pytest.mark.needs("dearpygui", "xvfb", "opengl")
def test_ctrl_c_closes_the_editor_in_order(display, tmp_path):
    import signal

    env = os.environ | {"DISPLAY": display}
    command = [sys.executable, "-m", "nodegraph", "edit", "--null", "--home", str(tmp_path), str(tmp_path / "new.json")]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as editor:
        find = ["xdotool", "search", "--onlyvisible", "--name", "nodegraph"]
        shown = wait_until(lambda: subprocess.run(find, env=env, capture_output=True).stdout.strip(), 150.0)
        assert shown, f"no window: {editor.poll()}"
        time.sleep(1.0)
        editor.send_signal(signal.SIGINT)
        _, errors = editor.communicate(timeout=30)
    assert editor.returncode == 0
    assert "Traceback" not in errors
