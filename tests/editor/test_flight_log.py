"""Flight logs and wire recordings of the editor's live engine."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from nodegraph.api import Patch
from nodegraph.editor.following import Following
from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
from nodegraph.recording.replay import replay
from tests.engine.storm import random_edits, sounding_patch
from tests.recording.flight_helpers import note, with_voices

RATE = 44100


@pytest.fixture
def sound():
    sound = LiveSound(DeviceRequest(NONE))
    yield sound
    sound.close()


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def played(sound, samples):
    """Return whether the engine computes ``samples`` more samples."""
    then = sound.engine.clock + samples
    return wait_until(lambda: sound.engine.clock > then)


def replayed(path):
    blocks = []
    engine = replay(path, lambda block: blocks.append(block.copy()))
    return np.concatenate(blocks), engine.notes


def finished(sound):
    """Finish the log, wait for its file, and return the output up to then."""
    tape = sound.engine.output_tape
    end = tape.written
    output, lost = tape.read(0, end)
    assert lost == 0
    before = len(sound.state().notices)
    sound.set_flight_log(None)
    assert sound.state().flight == ""
    assert wait_until(lambda: len(sound.state().notices) > before)
    return output


@pytest.mark.parametrize("seed", [3, 20, 41, 46])
def test_performance_in_the_editor_replays_to_the_same_samples(sound, tmp_path, seed):
    """The performance contains edits, changing probes, a wire recording and notes."""
    chance = random.Random(seed)
    patch = with_voices(sounding_patch(15, seed))
    Following(patch, sound)
    assert sound.wait_idle()
    sound.set_flight_log(tmp_path / "take.flight")
    assert sound.wait_idle() and sound.state().flight == "take.flight"
    steps = random_edits(patch, 25, seed, 18)
    began = time.monotonic()
    for number in range(25):
        next(steps)
        outputs = [f"{id}.out" for id in patch.document.nodes if id != "out"]
        sound.watch(frozenset(chance.sample(outputs, 3)))
        if number == 10:
            sound.record_wire("root.out", tmp_path / "root.wav")
        for _ in range(3):
            note(sound.engine, chance)
        time.sleep(0.05)
        if time.monotonic() - began > 4.0:  # the tape holds a few seconds only
            break
    output = finished(sound)
    again, notes = replayed(tmp_path / "take.flight")
    assert not notes and np.abs(output).max() > 0.01
    assert len(again) >= len(output) > RATE
    np.testing.assert_array_equal(again[: len(output)], output)


def test_engine_continues_after_a_log_and_writes_a_second_log(sound, tmp_path):
    Following(tone(), sound)
    for name in ("one.flight", "two.flight"):
        sound.set_flight_log(tmp_path / name)
        assert sound.wait_idle() and sound.state().flight == name
        assert played(sound, 8000)
        output = finished(sound)
        again, _ = replayed(tmp_path / name)
        np.testing.assert_array_equal(again[: len(output)], output)
        assert played(sound, 100)
        assert str(tmp_path / name) in sound.state().notices[-1]
    assert not list(tmp_path.glob("*.part"))


def test_device_switch_and_close_finish_the_log(tmp_path):
    sound = LiveSound(DeviceRequest(NONE), flight=tmp_path / "first.flight")
    Following(tone(), sound)
    assert sound.wait_idle() and sound.state().flight == "first.flight"
    sound.select_device(NONE, 48000.0)
    assert wait_until(lambda: sound.state().rate == 48000.0)
    assert (tmp_path / "first.flight").is_file() and sound.state().flight == ""
    sound.set_flight_log(tmp_path / "second.flight")
    assert wait_until(lambda: sound.state().flight == "second.flight")
    sound.close()
    assert (tmp_path / "second.flight").is_file()


def test_unwritable_log_is_reported_and_the_engine_continues(sound, tmp_path):
    (tmp_path / "file").write_text("")
    Following(tone(), sound)
    sound.set_flight_log(tmp_path / "file" / "a.flight")
    assert wait_until(lambda: "flight log not writable" in sound.state().problem)
    assert sound.wait_idle() and sound.state().flight == ""
    assert played(sound, 100)


# -- recordings of wires -----------------------------------------------------------------------------------------


def tone():
    patch = Patch()
    patch.add("sine", id="osc", frequency=441.0)
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "out.audio")
    return patch


@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_wire_recording_has_no_gaps_during_edits(sound, tmp_path, ending):
    import soundfile

    patch = tone()
    patch.add("vca", id="quiet", gain=0.5)
    patch.connect("osc.out", "quiet.audio")
    Following(patch, sound)
    assert sound.wait_idle()
    document = patch.document
    sound.record_wire("quiet.out", tmp_path / f"wire{ending}")
    assert wait_until(lambda: "quiet.out" in sound.state().wires)
    for k in range(6):
        patch.add("lfo", id=f"lfo{k}")
        sound.watch(frozenset({"osc.out"} if k % 2 else ()))
        assert sound.wait_idle()
        time.sleep(0.1)
    sound.record_wire("quiet.out", None)
    data, rate = soundfile.read(tmp_path / f"wire{ending}")
    assert rate == RATE and len(data) > 0.4 * RATE and "quiet.out" not in sound.state().wires
    assert np.abs(data).max() == pytest.approx(0.5, abs=1e-3)
    bend = data[2:] - 2.0 * np.cos(2.0 * np.pi * 441.0 / RATE) * data[1:-1] + data[:-2]
    assert np.abs(bend[4:]).max() < 1e-3  # a continuous sine: no sample is missing
    assert str(tmp_path / f"wire{ending}") in sound.state().notices[-1]
    assert document is not patch.document and "recorder" not in {one.type for one in patch.document.nodes.values()}


def test_wire_recording_ends_when_its_node_is_removed(sound, tmp_path):
    import soundfile

    patch = tone()
    Following(patch, sound)
    sound.record_wire("osc.out", tmp_path / "osc.wav")
    assert wait_until(lambda: float((sound.state().wires.get("osc.out") or "x 0").split()[1]) >= 1)
    patch.remove("osc")
    assert wait_until(lambda: not sound.state().wires)
    assert len(soundfile.read(tmp_path / "osc.wav")[0]) > 0.5 * RATE
    assert "osc.wav" in sound.state().notices[-1]
