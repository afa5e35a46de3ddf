"""Every example runs as it stands in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

FOLDER = Path(__file__).parents[1] / "examples"
SAID = {
    "analyse_graph": ["path: osc → sum → out", "again → sum: signal, lanes: 1, feedback: True"],
    "live_edit": [" s on none, "],
    "own_block": ["the step response is 1 - 0.9^n within"],
    "render": ["resonance must lie in 0–1.2", "96000 samples, 2 channels"],
    "train": ["bins to 16 units", "1.0 s of sound"],
}


def run(name, folder, *arguments):
    done = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(FOLDER.parent), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(SAID.keys() - {"train"}))
def test_an_example_runs_and_reports(name, tmp_path):
    said = run(name, tmp_path, "--silent")
    assert all(words in said for words in SAID[name]), said


def test_the_training_example_makes_a_model_that_plays(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "recordings").mkdir()
    for seed in range(4):
        sound = np.random.default_rng(seed).uniform(-0.5, 0.5, 22050)
        soundfile.write(tmp_path / "recordings" / f"{seed}.wav", sound, 22050)
    said = run("train", tmp_path, "recordings")
    assert all(words in said for words in SAID["train"]), said
    assert (tmp_path / "mine.safetensors").stat().st_size > 10000


def test_all_examples_are_run_and_are_short():
    lines = {path.stem: len(path.read_text().splitlines()) for path in FOLDER.glob("*.py")}
    assert lines.keys() == SAID.keys()
    assert all(15 <= count <= 35 for count in lines.values()), lines
