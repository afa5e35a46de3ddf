"""The examples run from a checkout and do what their first line describes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[1]


def run(name: str, *arguments: object) -> str:
    """Run an example and return its output. Fails with its error output if its exit status is not 0."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rms(path: Path) -> float:
    samples, _ = soundfile.read(path)
    return float(np.sqrt(np.mean(np.square(samples))))


def test_render_writes_two_different_sounds(tmp_path):
    run("render.py", tmp_path)
    assert 0.0 < rms(tmp_path / "darker.wav") < rms(tmp_path / "saved.wav")


def test_live_edit_plays_on_the_null_device():
    printed = run("live_edit.py")
    assert int(printed.split()[0]) > 100, printed  # callbacks in two seconds
    assert "peak 0.00" not in printed


def test_own_block_holds_samples_at_its_rate():
    printed = run("own_block.py")
    assert "registered: hold" in printed
    assert int(printed.splitlines()[-1].split()[0]) == pytest.approx(2000, abs=2)


def test_analyse_graph_finds_the_loop_of_a_feedback_patch():
    printed = run("analyse_graph.py", ROOT / "patches" / "feedback_fm.json")
    assert "feedback loops: modulator ↔ returned" in printed


def test_analyse_graph_finds_the_path_through_frames():
    assert " → synthesis → " in run("analyse_graph.py")


@pytest.mark.needs("torch")
def test_train_writes_a_playable_model(tmp_path):
    printed = run("train.py", tmp_path)
    assert float(printed.split()[-1]) < 0.5  # relative to the error of predicting the mean
    assert rms(tmp_path / "drone.wav") > 0.001


def test_every_example_is_tested_and_short():
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.name}"' in Path(__file__).read_text()
        assert 15 <= sum(map(bool, path.read_text().splitlines())) <= 30
