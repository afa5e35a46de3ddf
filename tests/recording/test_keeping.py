"""Recordings, retrospective recording, and automation."""

from __future__ import annotations

import gc
import os
import time

import numpy as np
import pytest
import soundfile

from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from nodegraph.patch import PatchError
from nodegraph.recording.automation import add_automation
from nodegraph.recording.keeping import AutomationRecorder, Recording, RetrospectiveRecorder, sessions
from tests.rendering import patch_of

RATE = 44100.0


def sine():
    return patch_of("osc.out out.audio", osc=("sine", {"frequency": 300.0}), out="audio_out")


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.005)


def offset_of(part, sound):
    """Return the sample at which a part of a sound starts."""
    candidates = np.flatnonzero(sound[: len(sound) - len(part) + 1, 0] == part[0, 0])
    return next(k for k in candidates if np.array_equal(sound[k : k + len(part)], part))


# -- recordings ----------------------------------------------------------------------------------------------


def test_recording_contains_the_output_from_its_start(tmp_path):
    with Live(sine().document, null=True, capture=3.0) as live:
        wait_for(lambda: live.clock > 4000)
        recording = Recording(live, tmp_path / "take.wav")
        wait_for(lambda: recording.seconds > 0.2)
        recording.close()
        output = live.captured()
    sound, rate = soundfile.read(tmp_path / "take.wav", dtype="float32", always_2d=True)
    assert rate == RATE and len(sound) > 0.2 * RATE
    assert offset_of(sound, output) >= 0


def test_recorder_may_be_closed_after_its_engine_is_gone(tmp_path):
    recorders = [RetrospectiveRecorder(Live(sine().document, null=True), 1.0, "", tmp_path) for _ in range(5)]
    gc.collect()
    for recorder in recorders:
        recorder.close()
        assert recorder.problem == ""
    assert {session.seconds for session in sessions(tmp_path)} == {0.0}


def test_second_recording_gets_another_name(tmp_path):
    with Live(sine().document, null=True) as live:
        for _ in range(2):
            recording = Recording(live, tmp_path / "take.flac")
            wait_for(lambda recording=recording: recording.seconds > 0.05)
            recording.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["take-2.flac", "take.flac"]


def test_recording_that_cannot_be_written_is_reported_and_playing_continues(tmp_path):
    with Live(sine().document, null=True) as live:
        recording = Recording(live, tmp_path / "missing" / "take.wav")
        wait_for(lambda: recording.problem)
        before = live.clock
        wait_for(lambda: live.clock > before + 4096)
        assert any("recording has ended" in line for line in live.problems())


def test_retrospective_session_can_be_read_during_and_after_playing(tmp_path):
    live = Live(sine().document, null=True, capture=2.0)
    RetrospectiveRecorder(live, 1.0, "a sine", tmp_path)
    with live:
        wait_for(lambda: sessions(tmp_path)[0].seconds > 0.3)
        output = live.captured()
    (session,) = sessions(tmp_path)
    sound = np.concatenate(list(session.last(0.2)))
    assert session.title == "a sine" and session.rate == RATE and len(sound) == round(0.2 * RATE)
    everything = np.concatenate(list(session.last(1e6)))
    np.testing.assert_array_equal(everything[: len(output)], output[: len(everything)])


def test_retrospective_session_is_limited_to_its_minutes(tmp_path, monkeypatch):
    monkeypatch.setattr("nodegraph.recording.keeping.SEGMENT", 0.05)
    live = Live(sine().document, null=True)
    RetrospectiveRecorder(live, 0.2 / 60.0, "", tmp_path)
    with live:
        wait_for(lambda: live.clock > RATE)
    (session,) = sessions(tmp_path)
    assert 0.2 <= session.seconds <= 0.26


def old_sessions(folder, day, age):
    """Make eight sessions of a day that were written ``age`` seconds ago; return their names, the latest first."""
    names = [f"{day}-00000{number}-1" for number in range(8)]
    for name in names:
        (folder / name).mkdir()
        about = folder / name / "about.json"
        about.write_text('{"rate": 1, "channels": 1, "title": "", "started": ""}')
        os.utime(about, (time.time() - age, time.time() - age))
    return names[::-1]


@pytest.mark.parametrize("day", ["20200101", "20990101"])  # the clock was set back after the sessions of 2099
def test_all_but_the_latest_sessions_are_deleted_and_the_own_one_is_kept(tmp_path, day):
    names = old_sessions(tmp_path, day, 3600.0)
    ring = RetrospectiveRecorder(Live(sine().document, null=True), 1.0, "", tmp_path)
    ring.close()
    assert {session.folder.name for session in sessions(tmp_path)} == {ring.folder.name, *names[:3]}


def test_sessions_that_are_being_written_are_not_deleted(tmp_path):
    names = old_sessions(tmp_path, "20200101", 5.0)
    rings = [RetrospectiveRecorder(Live(sine().document, null=True), 1.0, "", tmp_path) for _ in range(6)]
    for ring in rings:
        ring.close()
    assert {session.folder.name for session in sessions(tmp_path)} == {*names, *(ring.folder.name for ring in rings)}
    assert len({ring.folder for ring in rings}) == 6


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_retrospective_sessions_are_private(tmp_path):
    ring = RetrospectiveRecorder(Live(sine().document, null=True), 1.0, "", tmp_path)
    ring.close()
    assert ring.folder.stat().st_mode & 0o077 == 0


# -- automation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["frequency", "reset"])
def test_automation_plays_back_recorded_changes_exactly(port):
    patch = patch_of("osc.out out.audio", osc=("lfo", {"frequency": 30.0}), out="audio_out")
    engine = Offline(patch.document)
    engine.follow(patch)
    recorder = AutomationRecorder(engine)
    low, high = (1.0, 90.0) if port == "frequency" else (0.0, 1.0)
    blocks = []
    for k in range(40):
        engine.set_parameter("osc", port, high if k % 2 else low + 0.1 * (k % 3), at=engine.clock + 37 * k)
        blocks.append(engine.run_samples(640))
    output = np.concatenate(blocks)
    patch.do(add_automation(patch.document, recorder.tracks(), engine.rate, recorder.smooth))
    again = Offline(patch.document).run_samples(len(output))
    np.testing.assert_array_equal(again, output)
    assert np.ptp(output) > 1.0


def test_automating_again_replaces_the_automation_and_undo_removes_it():
    patch = sine()
    for value in (400.0, 500.0):
        engine = Offline(patch.document)
        recorder = AutomationRecorder(engine)
        engine.set_parameter("osc", "frequency", value, at=100)
        engine.run_samples(256)
        if value == 400.0:
            patch.do(add_automation(patch.document, recorder.tracks(), RATE, recorder.smooth))
            first = patch.document
    assert [record.type for record in first.nodes.values()].count("automation") == 1
    patch.undo()
    assert "automation" not in [record.type for record in patch.document.nodes.values()]


def test_transport_controls_automation():
    patch = patch_of(
        "osc.out out.audio", osc=("lfo", {"frequency": 30.0}), out="audio_out", time=("transport", {"play": 0.0})
    )
    engine = Offline(patch.document)
    recorder = AutomationRecorder(engine)
    engine.set_parameter("osc", "amplitude", 0.25, at=1000)
    engine.run_samples(4096)
    patch.do(add_automation(patch.document, recorder.tracks(), RATE, recorder.smooth, "time"))
    engine = Offline(patch.document)
    engine.follow(patch)
    assert np.abs(engine.run_samples(8192)).max() > 0.9  # the transport is stopped, and so is the automation
    patch.set("time.play", 1.0)
    engine.run_samples(2048)
    assert np.abs(engine.run_samples(4096)).max() == pytest.approx(0.25, abs=1e-3)
    engine.set_parameter("time", "rewind", 1.0)
    assert np.abs(engine.run_samples(1000)[64:]).max() > 0.5  # before the change


def test_automation_without_changes_is_refused():
    engine = Offline(sine().document)
    recorder = AutomationRecorder(engine)
    engine.run_samples(64)
    with pytest.raises(PatchError, match="no parameter changes were recorded"):
        add_automation(sine().document, recorder.tracks(), RATE, recorder.smooth)
