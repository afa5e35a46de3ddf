"""The mixture block: files and recordings, what is heard and when, the cache, and commands that fail or are stopped."""

import signal
import sys
import time

import numpy as np
import pytest

from nodegraph.blocks import mixture_worker
from nodegraph.blocks.helper import HelperContext
from nodegraph.blocks.mixture_worker import MixtureWorker
from nodegraph.engine.offline import Offline
from nodegraph.files.sound_file import read_sound
from nodegraph.files.sound_output import write_sound
from nodegraph.graph import build_graph
from tests.rendering import patch_of

RATE = 8000.0
FADE = 80  # samples
MIX = """
import pathlib, sys
import soundfile
content, rate = soundfile.read("content.wav", always_2d=True)
style, _ = soundfile.read("style.wav", always_2d=True)
length = min(len(content), len(style))
with open({calls!r}, "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
print("50%", flush=True)
soundfile.write("mixture.wav", content[:length] * style[:length].mean(axis=1, keepdims=True), int(rate), "FLOAT")
"""
HANG = """
import time
print("40%", flush=True)
time.sleep(60)
"""
FAIL = """
import signal
import sys
print("error: content.wav: the first 5 s are silent. Use another sound.", file=sys.stderr)
sys.exit(2)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of a patch with two sounds; the command that mixes multiplies them instead."""
    monkeypatch.setenv("NODEGRAPH_MIXTURES", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    write_sound(tmp_path / "content.wav", rng.uniform(-1.0, 1.0, 2400).astype(np.float32), RATE)
    write_sound(tmp_path / "style.wav", rng.uniform(-1.0, 1.0, (1600, 2)).astype(np.float32), RATE)
    run_instead(MIX.format(calls=str(tmp_path / "calls")), tmp_path, monkeypatch)
    return tmp_path


def run_instead(script, folder, monkeypatch):
    (folder / "command.py").write_text(script)
    monkeypatch.setattr(mixture_worker, "COMMAND", [sys.executable, str(folder / "command.py")])


def sounds(folder):
    return read_sound(folder / "content.wav", RATE)[:, 0], read_sound(folder / "style.wav", RATE).mean(axis=1)


def engine_of(folder, inputs=None, channels=1, **params):
    files = {} if inputs else {"content_file": "content.wav", "style_file": "style.wav"}
    patch = patch_of(
        "a.out mixture.content", "b.out mixture.style", "gate.out mixture.record", "mixture.out out.audio",
        mixture=("mixture", {"seconds": 1.0} | files | params), out="audio_out",
        a=("audio_in", {"channels": channels}),
        **{name: ("audio_in", {"channels": 1}) for name in ("b", "gate")},
    )  # fmt: skip
    return Offline(patch.document, RATE, path=folder / "patch.json", inputs=inputs)


def heard(engine, samples, channel=0):
    try:
        return engine.run_samples(samples)[:, channel]
    finally:
        engine.close()


def loop(sound, samples):
    """Return a loop of a sound whose end crossfades with its start, after a fade from silence."""
    period = len(sound) - FADE
    out, fade = np.zeros(samples + len(sound)), np.arange(FADE, 0, -1) / FADE
    for start in range(0, samples, period):
        part = sound.astype(float)
        part[:FADE] *= 1.0 - fade
        part[period:] *= fade
        out[start : start + len(sound)] += part
    return out[:samples]


def test_render_plays_a_loop_of_the_mixture_from_the_start(folder):
    content, style = sounds(folder)
    expected = loop(content[:1600] * style, 6000)
    np.testing.assert_allclose(heard(engine_of(folder), 6000), expected, atol=1e-6)


@pytest.mark.parametrize("listen", [1, 2])
def test_content_and_style_can_be_heard_instead(folder, listen):
    expected = loop(sounds(folder)[listen - 1], 6000)
    np.testing.assert_allclose(heard(engine_of(folder, listen=listen), 6000), expected, atol=1e-6)


def write_stereo_content(folder):
    left = sounds(folder)[0]
    stereo = np.stack([left, -0.5 * left[::-1]], axis=1)
    write_sound(folder / "content.wav", stereo, RATE)
    return stereo


@pytest.mark.parametrize("listen, factor", [(0, True), (1, False)])
def test_channels_of_the_content_are_lanes(folder, listen, factor):
    stereo, style = write_stereo_content(folder), sounds(folder)[1]
    for channel in (0, 1):
        sound = stereo[:1600, channel] * style if factor else stereo[:, channel]
        found = heard(engine_of(folder, listen=listen), 6000, channel)
        np.testing.assert_allclose(found, loop(sound, 6000), atol=1e-6)


def test_style_is_heard_in_all_lanes(folder):
    write_stereo_content(folder)
    write_sound(folder / "style.wav", sounds(folder)[1], RATE)
    expected = loop(sounds(folder)[1], 6000)
    for channel in (0, 1):
        np.testing.assert_allclose(heard(engine_of(folder, listen=2), 6000, channel), expected, atol=1e-6)


def test_lanes_of_an_input_are_recorded(folder):
    stereo, style = write_stereo_content(folder), sounds(folder)[1]
    gate = np.zeros(9000, np.float32)
    gate[:1200] = 1.0
    inputs = {"a": np.pad(stereo, ((0, 6600), (0, 0))), "b": np.pad(style, (0, 7400)), "gate": gate}
    for channel in (0, 1):
        found = heard(engine_of(folder, inputs, channels=2), 9000, channel)
        expected = loop(stereo[:1200, channel] * style[:1200], 5000)
        begin = int(np.flatnonzero(found)[0]) - int(np.flatnonzero(expected)[0])
        np.testing.assert_allclose(found[begin : begin + 5000], expected, atol=1e-6)


def test_inputs_without_files_are_recorded_and_mixed(folder):
    content, style = sounds(folder)
    gate = np.zeros(9000, np.float32)
    gate[200:1400] = 1.0
    inputs = {name: np.pad(sound, (200, 9000 - 200 - len(sound))) for name, sound in (("a", content), ("b", style))}
    found = heard(engine_of(folder, inputs | {"gate": gate}), 9000)
    first = int(np.flatnonzero(found)[0])
    assert 1400 <= first <= 1400 + 1024 + 2
    expected = loop((content * np.pad(style, (0, 800)))[:1200], 5000)
    begin = first - int(np.flatnonzero(expected)[0])
    np.testing.assert_allclose(found[begin : begin + 5000], expected, atol=1e-6)


def test_recording_longer_than_the_memory_is_mixed_when_that_is_full(folder):
    inputs = {name: np.ones(9000, np.float32) for name in ("a", "b", "gate")}
    found = heard(engine_of(folder, inputs, seconds=0.25), 9000)
    assert 2000 <= np.flatnonzero(found)[0] <= 2000 + 1024 + 2
    assert found[4000:] == pytest.approx(1.0, abs=1e-5)


def test_same_sounds_and_settings_are_mixed_once(folder):
    for weight in (1.0, 1.0, 2.0, 1.0):
        heard(engine_of(folder, style_weight=weight), 100)
    calls = (folder / "calls").read_text().splitlines()
    assert ["--style-weight 1.0" in call for call in calls] == [True, False]
    assert all("--seconds 1.0" in call for call in calls)
    assert len(list((folder / "cache").iterdir())) == 2


def test_failure_of_the_command_is_reported_in_one_line(folder, monkeypatch):
    run_instead(FAIL, folder, monkeypatch)
    engine = engine_of(folder)
    ((node, problem),) = engine.node_problems()
    assert not heard(engine, 1000).any()
    assert (
        node == "mixture"
        and problem == "the mixture failed (content.wav: the first 5 s are silent. Use another sound)."
    )


def test_file_that_is_no_sound_is_reported_before_playing(folder):
    (folder / "text.wav").write_text("no sound")
    patch = patch_of("mixture.out out.audio", mixture=("mixture", {"content_file": "text.wav"}), out="audio_out")
    (node,) = (n for n in build_graph(patch.document, RATE, folder / "patch.json").typed_nodes if n.problem)
    assert node.problem.startswith("'text.wav' is not a readable sound file")


def live_worker(folder, **settings):
    files = {"content_file": str(folder / "content.wav"), "style_file": str(folder / "style.wav")}
    given = {"seconds": 1.0, "style_weight": 1.0, "quality": "full"} | files | settings
    return MixtureWorker(HelperContext("m", given, 1, RATE, folder, True))


def wait_until(condition):
    end = time.monotonic() + 20.0
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_preview_is_heard_before_a_long_mixture(folder):
    write_sound(folder / "content.wav", np.ones(round(5.5 * RATE), np.float32), RATE)
    worker = live_worker(folder, seconds=6.0)
    assert wait_until(lambda: worker.marks[mixture_worker.MIXTURE] == mixture_worker.SECOND)
    worker.close()
    calls = (folder / "calls").read_text().splitlines()
    assert ["--preview" in call for call in calls] == [True, False]


def test_closed_worker_stops_its_command_and_leaves_nothing(folder, monkeypatch):
    run_instead(HANG, folder, monkeypatch)
    worker = live_worker(folder)
    assert wait_until(lambda: worker.done[0] == 0.4)
    worker.close()
    assert not worker._thread.is_alive()
    assert not list((folder / "cache").iterdir()) and worker.problem == ""


def test_command_mixes_two_sounds(folder, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("NODEGRAPH_MIXTURES", str(folder / "cache"))
    found = heard(engine_of(folder, seconds=0.3, quality="preview"), 2400)
    assert 0.01 < np.sqrt(np.mean(found**2)) < 2.0


def test_picture_is_the_spectrogram_of_the_content_until_there_is_a_mixture(folder, monkeypatch):
    samples = np.arange(8000)
    for name, hz in (("content", 1000), ("style", 500)):
        write_sound(folder / f"{name}.wav", np.sin(2 * np.pi * hz * samples / RATE).astype(np.float32), RATE)
    run_instead(HANG, folder, monkeypatch)
    worker = live_worker(folder)
    assert wait_until(lambda: worker.done[0] == 0.4)
    assert loudest(worker) == {1000}
    worker.close()
    run_instead(MIX.format(calls=str(folder / "calls")), folder, monkeypatch)
    worker = live_worker(folder, quality="preview")
    assert wait_until(lambda: worker.marks[mixture_worker.MIXTURE] != mixture_worker.NOTHING)
    assert loudest(worker) == {500, 1500}  # the product of two sines has their sum and their difference
    worker.close()


def loudest(worker):
    """Return the frequencies of the largest magnitudes in the middle of the picture, in Hz, rounded to hundreds."""
    frame = worker.latest(worker.frames)[worker.frames // 2]
    return {int(round(hz, -2)) for hz in np.flatnonzero(frame > 0.5 * frame.max()) * RATE / worker.size}


KILLED_ONCE = """
import os, pathlib, signal, sys
checkpoint = pathlib.Path("mixture.wav.checkpoint")
if not checkpoint.exists():
    checkpoint.write_text("half")
    print("40%", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
assert "--resume" in sys.argv
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_killed_command_is_started_again_and_resumes(folder, monkeypatch):
    expected = heard(engine_of(folder), 3000)
    for file in (folder / "cache").iterdir():
        file.unlink()
    run_instead(KILLED_ONCE + MIX.format(calls=str(folder / "calls")), folder, monkeypatch)
    engine = engine_of(folder)
    np.testing.assert_array_equal(engine.run_samples(3000)[:, 0], expected)
    assert engine.problems() == []
    engine.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_command_that_is_always_killed_is_a_problem(folder, monkeypatch):
    run_instead("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", folder, monkeypatch)
    engine = engine_of(folder)
    assert not engine.run_samples(3000).any()
    assert engine.problems() == ["mixture: the mixture failed (exit status -9)."]
    engine.close()
