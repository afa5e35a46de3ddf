"""No command uses the network, in no process that it starts; only OSC does, if it is requested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nodegraph import Patch
from nodegraph.native.build import cache_folder
from nodegraph.patch import SetControl
from tests.cli.test_train_estimator import RECIPE
from tests.mixtures.sounds import RATE, TEXTURE, melody, rain, toml_of
from tests.network_guard import guarded
from tests.signing_key import copy_signing_key

PROGRAM = """
import json, sys
from nodegraph.cli import main
if "estimator" in sys.argv[1]:
    import nodegraph.estimator.evaluation, nodegraph.estimator.training
    nodegraph.estimator.training.CALIBRATION_CHUNKS = 1
    nodegraph.estimator.evaluation.SOUNDS = 4
for line in json.loads(sys.argv[1]):
    status = main(line.split())
    if status:
        print(f"status {status}: {line}", file=sys.stderr)
"""
TRAINING = "--set features.size=128 --set features.hop=64 --set features.rate=8000"
COMMANDS = {
    "patches": [
        "--help", "render --help", "--version", "check beep.json", "show beep.json --plan", "show beep.json -f dot",
        "nodes", "nodes sine", "controllers", "devices --json", "new-node wobble", "licences", "doctor",
        "render beep.json -o beep.wav -s 0.1", "run beep.json --null -s 0.2 --flight take.flight", "keep -o kept.wav",
        "replay take.flight -o take.wav", "demo pluck -s 0.1", "invert frames.npy -o sound.wav --rate 8000 --hop 64",
    ],
    "data sets": [
        "dataset beep.json -n 20 -o set --seconds 0.1 --jobs 2 --shard-rows 10", "dataset -o set --verify",
        "corpus corpus --frames 200",
    ],
    "learning": [
        f"train autoencoder --audio takes -o m.safetensors -e 2 -w 4 {TRAINING}",
        "train estimator beep.json -o e.safetensors --recipe fast.toml --examples 300 --threads 1 --no-compare",
        "estimate beep.wav beep.json -o new.json --evaluations 100", "reproduce --tables _",
    ],
    "mixtures": [
        "mix melody.wav rain.wav -o mix.wav -r small.toml --quick -n 2",
        "compare takes/0.wav takes/1.wav --style takes/2.wav",
        "texture rain.wav -o loop.wav -r small.toml -s 0.7 -n 2",
    ],
}  # fmt: skip
SHORT = ("patches", "learning")  # the others by ``make offline``


@pytest.fixture
def work(tmp_path) -> Path:
    """A folder with the files that the commands read."""
    folder = tmp_path / "work"
    (folder / "takes").mkdir(parents=True)
    patch = Patch()
    patch.add("sine", "osc", frequency=441.0, amplitude=0.5)
    patch.add("audio_out", "out")
    patch.connect("osc.out", "out.audio")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log", steps=5))
    patch.do(SetControl("loudness", "osc.amplitude", 0.1, 1.0))
    patch.save(folder / "beep.json")
    soundfile.write(folder / "beep.wav", melody(), RATE)
    soundfile.write(folder / "melody.wav", melody(), RATE, subtype="FLOAT")
    soundfile.write(folder / "rain.wav", rain(1.0), RATE, subtype="FLOAT")
    for number in range(5):
        soundfile.write(folder / "takes" / f"{number}.wav", melody(2.0), RATE)
    np.save(folder / "frames.npy", np.abs(np.random.default_rng(0).normal(size=(129, 20))))
    (folder / "small.toml").write_text(toml_of(TEXTURE))
    (folder / "fast.toml").write_text(RECIPE)
    return folder


def run(work: Path, lines: list[str], environment: dict[str, str]) -> str:
    """Run command lines in one process, with all files of the user in ``work``; return its stderr."""
    home = {name: str(work / "home") for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    copy_signing_key(work / "home")
    home |= {"NODEGRAPH_CACHE": str(cache_folder()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(lines)], cwd=work, env=environment | home | {"CI": "true"},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.mark.needs("torch", "librosa")
@pytest.mark.parametrize("group", COMMANDS if "NODEGRAPH_LONG_TESTS" in os.environ else SHORT)
def test_command_uses_no_network(work, tmp_path, group):
    environment, log = guarded(tmp_path / "guard")
    errors = run(work, COMMANDS[group], environment)
    assert "status" not in errors, errors
    assert log.read_text() == ""


def test_osc_opens_a_socket_only_if_requested(work, tmp_path):
    environment, log = guarded(tmp_path / "guard", allowed=True)
    run(work, ["run beep.json --null -s 0.1"], environment)
    assert log.read_text() == ""
    assert "status" not in run(work, ["run beep.json --null -s 0.1 --osc 0"], environment)
    lines = log.read_text().splitlines()
    assert any(line.startswith("socket.bind") for line in lines)
    assert all("'127.0.0.1', 0" in line for line in lines)


def test_network_of_a_child_process_is_refused_and_listed(tmp_path):
    environment, log = guarded(tmp_path / "guard")
    child = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {child!r}]))"
    done = subprocess.run([sys.executable, "-c", parent], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "PermissionError: network" in done.stderr
    assert log.read_text().startswith("socket.connect")
