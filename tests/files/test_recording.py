"""Recordings: playable up to the last block however they end, and without a limit of 4 GB."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from nodegraph.files import recording
from nodegraph.files.recording import RecordingFile

RATE = 44100
KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from nodegraph.files.recording import RecordingFile

sound = 0.5 * np.sin(np.arange(200_000)[:, None] * [0.05, 0.03]).astype(np.float32)
file = RecordingFile(Path(sys.argv[1]), 44100, 2)
for start in range(0, int(sys.argv[2]), 2205):
    file.write(sound[start : min(start + 2205, int(sys.argv[2]))])
os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
"""


@pytest.mark.parametrize(
    ("ending", "missing"), [("wav", 0), ("aiff", 0), ("w64", 0), ("caf", 0), ("flac", 8192), ("ogg", RATE)]
)
@pytest.mark.parametrize("samples", [90_000, 123_456])
def test_recording_of_a_killed_program_is_playable(tmp_path, ending, missing, samples):
    path = tmp_path / f"take.{ending}"
    subprocess.run([sys.executable, "-c", KILLED, path, str(samples)], check=False)
    found, rate = soundfile.read(path, dtype="float32")
    expected = 0.5 * np.sin(np.arange(len(found))[:, None] * [0.05, 0.03])
    assert rate == RATE and samples - missing <= len(found) <= samples
    assert np.abs(found - expected).max() < (0.05 if ending == "ogg" else 1e-6)


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", "ogg"])
@pytest.mark.parametrize("samples", [1, 2205, 4096, 4410])
def test_recording_of_a_killed_program_is_absent_until_it_is_playable(tmp_path, ending, samples):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / f"take.{ending}", str(samples)], check=False)
    for path in tmp_path.glob("*take*"):
        found, _ = soundfile.read(path)
        assert 0 < len(found) <= samples
    file = RecordingFile(tmp_path / f"take.{ending}", RATE, 2)
    file.write(np.zeros((samples, 2)))
    file.close()
    assert file.problem == "" and soundfile.info(file.path).frames == samples
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("ending", ["wav", "flac", "aiff", "ogg"])
def test_closed_recording_is_complete(tmp_path, ending):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (30_000, 2)).astype(np.float32)
    file = RecordingFile(tmp_path / f"take.{ending}", RATE, 2)
    for block in np.array_split(sound, 7):
        file.write(block)
    file.close()
    assert file.problem == "" and soundfile.info(file.path).frames == len(sound)


def test_aiff_recording_continues_in_another_file_at_the_limit_of_its_format(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MAX_WAV_BYTES", 4 * 10_000)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 25_000).astype(np.float32)
    file = RecordingFile(tmp_path / "take.aiff", RATE, 1)
    for block in sound.reshape(-1, 1000):
        file.write(block[:, None])
    file.close()
    assert file.problem == "" and file.path == tmp_path / "take-3.aiff"
    parts = [soundfile.read(tmp_path / f"{name}.aiff", dtype="float32")[0] for name in ("take", "take-2", "take-3")]
    assert [len(part) for part in parts] == [10_000, 10_000, 5000]
    assert np.array_equal(np.concatenate(parts), sound)
