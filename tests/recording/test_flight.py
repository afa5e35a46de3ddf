"""Flight logs replay to the same samples, and survive crashes and full disks."""

from __future__ import annotations

import json
import shutil
import time
import zipfile

import numpy as np
import pytest

from nodegraph.api import Patch
from nodegraph.engine.live import Live
from nodegraph.files.sound_output import write_sound
from nodegraph.recording.flight import LOG, FlightRecorder
from nodegraph.recording.replay import FlightError, opened, replay
from tests.recording.flight_helpers import log_random_performance
from tests.rendering import patch_of

RATE = 44100.0


def replayed(path, patch=None):
    """Return the output of a log and the notes of the replay."""
    blocks = []
    engine = replay(path, lambda block: blocks.append(block.copy()), patch)
    return np.concatenate(blocks), engine.notes


def log_sine(path, seconds=0.5):
    """Write a short flight log of a sine; return the output before the final fade."""
    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    live = Live(patch.document, null=True, capture=seconds + 2.0, observer=FlightRecorder(path))
    live.follow(patch)
    with live:
        time.sleep(seconds)
        patch.set("osc.frequency", 880.0)
        time.sleep(0.1)
        output = live.captured()
    return output


@pytest.mark.parametrize("seed", [1, 2])
def test_random_performance_replays_to_the_same_samples(tmp_path, seed):
    output, _ = log_random_performance(tmp_path / "storm.flight", seconds=3.0, edits=40, events=60, seed=seed)
    again, notes = replayed(tmp_path / "storm.flight")
    assert not notes
    assert len(output) > 2.5 * RATE
    assert np.abs(output).max() > 0.01
    np.testing.assert_array_equal(again[: len(output)], output)


def test_log_contains_subpatch_files_and_their_sound_files(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (44100, 1))
    (tmp_path / "kit").mkdir()
    write_sound(tmp_path / "kit" / "hit.wav", noise.astype(np.float32), RATE)
    inner = patch_of("play.out out.audio", play=("file_player", {"file": "hit.wav"}), out="outlet")
    inner.save(tmp_path / "kit" / "drum.json")
    outer = patch_of("drum.out out.audio", drum=("subpatch", {"file": "kit/drum.json"}), out="audio_out")
    live = Live(
        outer.document, tmp_path / "patch.json", null=True, capture=2.0, observer=FlightRecorder(tmp_path / "a.flight")
    )
    with live:
        time.sleep(0.3)
        output = live.captured()
    shutil.rmtree(tmp_path / "kit")
    again, notes = replayed(tmp_path / "a.flight")
    assert not notes and np.abs(output).max() > 0.1
    np.testing.assert_array_equal(again[: len(output)], output)


@pytest.mark.parametrize("follows", [True, False], ids=["steps", "whole documents"])
def test_renamed_nodes_replay_to_the_same_samples(tmp_path, follows):
    patch = patch_of("osc.out low.audio", "low.out late.audio", "late.out out.audio",
                     osc=("sine", {"frequency": 223.0}), low=("one_pole", {"cutoff": 500.0}),
                     late=("sample_delay", {"samples": 5000}), out="audio_out")  # fmt: skip
    live = Live(patch.document, null=True, capture=4.0, observer=FlightRecorder(tmp_path / "a.flight"))
    edits = [lambda: patch.rename("osc", "tone"), lambda: patch.encapsulate(["low", "late"], "body"), patch.undo,
             lambda: patch.rename("late", "echo"), patch.undo, lambda: patch.rename("low", "dark")]  # fmt: skip
    if follows:
        live.follow(patch)
    with live:
        for number, edit in enumerate(edits):
            time.sleep(0.12)
            for node in ("osc", "tone"):
                live.set_parameter(node, "frequency", 200.0 + 37.0 * number, live.clock + 64 * number)
            edit()
            if not follows:
                live.load(patch.document)
        time.sleep(0.2)
        output = live.captured()
    again, notes = replayed(tmp_path / "a.flight")
    assert not notes and np.abs(output).max() > 0.1
    np.testing.assert_array_equal(again[: len(output)], output)


def test_swap_between_two_looks_at_the_engine_is_logged_at_its_sample(tmp_path, monkeypatch):
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 223.0}), out="audio_out")
    live = Live(patch.document, null=True, capture=4.0, observer=FlightRecorder(tmp_path / "a.flight"))
    live.follow(patch)
    swapped_at = Live.swap_sample

    def late_swap(engine):
        """Return the sample as the recorder reads it just before the audio thread swaps."""
        found = swapped_at.fget(engine)
        end = time.monotonic() + 2.0
        while engine.pending and time.monotonic() < end:
            time.sleep(0.001)
        return found

    with live:
        time.sleep(0.2)
        with monkeypatch.context() as reading:
            reading.setattr(Live, "swap_sample", property(late_swap))
            patch.add("one_pole", id="low", cutoff=500.0)
            patch.connect("osc.out", "low.audio")
            patch.connect("low.out", "out.audio")
            time.sleep(0.2)
        output = live.captured()
    again, notes = replayed(tmp_path / "a.flight")
    assert not notes and np.abs(output).max() > 0.1
    np.testing.assert_array_equal(again[: len(output)], output)


def test_finished_log_is_one_file_with_the_sound_files_of_its_patch(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (44100, 1))
    write_sound(tmp_path / "kick.wav", noise.astype(np.float32), RATE)
    patch = Patch(path=tmp_path / "patch.json")
    patch.add("file_player", id="player", file="kick.wav")
    patch.add("audio_out", id="out")
    patch.connect("player.out", "out.audio")
    live = Live(patch.document, patch.path, null=True, capture=2.0, observer=FlightRecorder(tmp_path / "a.flight"))
    with live:
        time.sleep(0.4)
        output = live.captured()
    (tmp_path / "kick.wav").unlink()
    assert not list(tmp_path.glob("*.part"))
    again, notes = replayed(tmp_path / "a.flight")
    assert not notes
    assert np.abs(output).max() > 0.01
    np.testing.assert_array_equal(again[: len(output)], output)


def test_log_contains_the_sounds_of_an_instrument(tmp_path):
    write_sound(tmp_path / "kick.wav", np.full((44100, 1), 0.5, np.float32), RATE)
    (tmp_path / "kit.sfz").write_text("<region> sample=kick.wav")
    patch = Patch(path=tmp_path / "patch.json")
    patch.add("sampler", id="kit", file="kit.sfz", gate=1.0)
    patch.add("audio_out", id="out")
    patch.connect("kit.left", "out.audio")
    with Live(
        patch.document, patch.path, null=True, capture=2.0, observer=FlightRecorder(tmp_path / "a.flight")
    ) as live:
        time.sleep(0.4)
        output = live.captured()
    (tmp_path / "kick.wav").unlink()
    again, notes = replayed(tmp_path / "a.flight")
    assert not notes and np.abs(output).max() > 0.4
    np.testing.assert_array_equal(again[: len(output)], output)


def test_replay_with_another_patch_applies_the_logged_edits(tmp_path):
    log_sine(tmp_path / "a.flight")
    other = patch_of("osc.out out.audio", osc="saw", out="audio_out")
    sound, notes = replayed(tmp_path / "a.flight", other)
    half = sound[-2048:, 0] * np.hanning(2048)
    peak = np.argmax(np.abs(np.fft.rfft(half))) * RATE / 2048
    assert abs(peak - 880.0) < 30.0 and not notes  # the logged edit of the frequency
    squared = np.abs(np.fft.rfft(half))
    assert squared[round(1760 * 2048 / RATE)] > 0.1 * squared.max()  # the second harmonic of the saw


def test_unfinished_log_can_be_replayed_from_its_folder(tmp_path):
    path = tmp_path / "a.flight"
    log_sine(path)
    folder = tmp_path / "broken.flight.part"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    text = (folder / LOG).read_text()
    (folder / LOG).write_text(text[: len(text) - 9])  # truncates the last line
    sound, _ = replayed(folder)
    assert np.abs(sound).max() > 0.1


def test_new_log_does_not_delete_the_log_of_a_killed_program(tmp_path):
    killed = tmp_path / "a.flight.part"
    killed.mkdir()
    (killed / LOG).write_text("{}")
    log_sine(tmp_path / "a.flight")
    assert (killed / LOG).read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flight", "a.flight.part"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", json.dumps({"flight": 99, "rate": 1, "inputs": 0})])
def test_invalid_log_is_reported_in_one_line(tmp_path, text):
    (tmp_path / LOG).write_text(text)
    with pytest.raises(FlightError) as caught, opened(tmp_path):
        pass
    assert "\n" not in str(caught.value)


def test_log_is_not_unpacked_outside_its_folder(tmp_path):
    path = tmp_path / "evil.flight"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../stolen.txt", "x")
        archive.writestr("files/../../stolen.txt", "x")
        archive.writestr(LOG, "{}")
    with pytest.raises(FlightError), opened(path):
        pass
    assert not (tmp_path / "stolen.txt").exists() and not (tmp_path.parent / "stolen.txt").exists()


@pytest.mark.parametrize("name", ["missing.flight", "text.flight"])
def test_file_that_is_not_an_archive_is_reported_in_one_line(tmp_path, name):
    (tmp_path / "text.flight").write_text("hello")
    with pytest.raises(FlightError) as caught, opened(tmp_path / name):
        pass
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_full_disk_stops_the_log_but_not_the_output(tmp_path):
    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        flush = close = lambda self: None

    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    live = Live(patch.document, null=True, observer=FlightRecorder(tmp_path / "a.flight"))
    live.follow(patch)
    with live:
        live.observer._log = Full()
        for k in range(20):
            patch.set("osc.frequency", 300.0 + k)
            time.sleep(0.02)
        assert "No space left" in live.observer.problem
        before = live.clock
        time.sleep(0.1)
        assert live.clock > before
    assert any("flight log stopped" in line for line in live.problems())
