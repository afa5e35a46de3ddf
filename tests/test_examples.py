"""The examples run from a checkout and do what their first line describes."""

from __future__ import annotations

import json
import os
import re
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


def run_cells(name: str) -> tuple[str, list[dict[str, str]]]:
    """Run the code cells of a notebook in a fresh IPython; return its output and the data that cells display."""
    program = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        done = shell.run_cell("".join(cell["source"]))
        done.raise_error()
        if done.result is not None:
            print("DISPLAY" + json.dumps(shell.display_formatter.format(done.result)[0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, ROOT / "examples" / name],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    shown = [json.loads(line.removeprefix("DISPLAY")) for line in lines if line.startswith("DISPLAY")]
    return "\n".join(line for line in lines if not line.startswith("DISPLAY")), shown


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


def test_cells_of_the_notebook_display_what_they_make():
    printed, shown = run_cells("patch_in_a_notebook.ipynb")
    low, high = re.search(r"brightness between (\d+) and (\d+) Hz", printed).groups()
    assert 100 < int(low) < int(high) < 6000
    (patch, graph, plan, sound, spectrogram, panel, knobs, grade) = shown
    assert patch["text/html"].count("<rect") == 6 and "5 nodes, 4 wires" in patch["text/html"]
    assert "latency 0 samples" in graph["text/html"] and "<table" in plan["text/html"]
    assert "<audio" in sound["text/html"] and "data:image/png" in spectrogram["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in panel
    assert "55 Hz" in knobs["text/plain"]
    assert "of 4 checks passed" in grade["text/markdown"]


@pytest.mark.needs("torch")
def test_train_writes_a_playable_model(tmp_path):
    printed = run("train.py", tmp_path)
    assert float(printed.split()[-1]) < 0.5  # relative to the error of predicting the mean
    assert rms(tmp_path / "drone.wav") > 0.001


def test_every_example_is_tested_and_short():
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.name}"' in Path(__file__).read_text()
        assert 15 <= sum(map(bool, path.read_text().splitlines())) <= 30
    for path in (ROOT / "examples").glob("*.ipynb"):
        assert f'"{path.name}"' in Path(__file__).read_text()
