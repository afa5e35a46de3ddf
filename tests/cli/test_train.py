"""``nodegraph train``: models from recordings, and errors."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from nodegraph.learn import recipe_files
from nodegraph.models.autoencoder import Autoencoder

pytestmark = pytest.mark.needs("torch")

FAST = ["--set", "features.size=128", "--set", "features.hop=64", "--set", "features.rate=8000"]


@pytest.fixture
def takes(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "takes").mkdir()
    for i in range(5):
        t = np.arange(16000) / 8000
        tones = [np.sin(2 * np.pi * f * t) * rng.random() for f in (220, 330, 440)]
        soundfile.write(tmp_path / "takes" / f"{i}.wav", 0.2 * sum(tones), 8000)
    return tmp_path / "takes"


def test_train_writes_a_model_from_a_folder(cli, takes):
    outcome = cli("train", "autoencoder", "--audio", takes, "-o", "m.safetensors", "-e", 3, "-w", 4, *FAST)
    assert outcome.status == 0 and outcome.err == ""
    assert "m.safetensors: 65-256-4-256-65" in outcome.out and "PCA of 4" in outcome.out
    model = Autoencoder.load("m.safetensors")
    original, resynthesis = (soundfile.read(f"m-{word}.wav")[0] for word in ("original", "resynthesis"))
    assert len(original) == len(resynthesis) == 16000 and resynthesis.any()
    assert "to play: nodegraph play-model m.safetensors m-original.wav" in outcome.out
    assert model.code_size == 4 and model.card["trained_on"]["files"][0].endswith(".wav")


def test_model_is_adapted_to_other_sounds(cli, takes):
    assert cli("train", "autoencoder", takes, "-o", "m.safetensors", "-e", 2, "-w", 4, *FAST).status == 0
    outcome = cli("train", "autoencoder", takes / "0.wav", "--from", "m.safetensors", "-o", "n.safetensors", "-e", 1)
    assert outcome.status == 0 and "n.safetensors: 65-256-4-256-65" in outcome.out
    refused = cli("train", "autoencoder", takes, "--from", "m.safetensors", "-r", "best", "-o", "n.safetensors")
    assert refused.status == 2 and "is that of the model with --from" in refused.err


def test_json_describes_the_training(cli, takes):
    (takes / "broken.wav").write_text("broken")
    found = cli("train", "autoencoder", takes, "-o", "m.st", "-e", 2, "-r", "colonel-2", *FAST, "--json").json
    assert found["widths"] == "65-256-8-256-65" and found["code"] == 8 and found["files"] == 5
    assert [row["stage"] for row in found["stages"]] == ["training"]
    assert set(found["errors"]) == {"features", "magnitudes"} and not found["stopped"]
    (problem,) = found["problems"]
    assert "broken.wav" in problem


def test_skipped_files_are_listed_up_to_a_limit(cli, takes):
    for i in range(9):
        (takes / f"broken{i}.wav").write_text("broken")
    outcome = cli("train", "autoencoder", takes, "-o", "m.st", "-e", 1, *FAST)
    assert outcome.status == 0 and len(outcome.err.splitlines()) == 6
    assert "4 more" in outcome.err.splitlines()[-1]


def test_recipes_are_listed(cli):
    lines = cli("train", "autoencoder", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(recipe_files())
    assert [recipe["name"] for recipe in cli("train", "autoencoder", "--list", "--json").json] == list(recipe_files())


def test_ctrl_c_saves_the_best_model_and_resume_continues(cli, takes, tmp_path):
    command = ["train", "autoencoder", str(takes), "-o", "m.st", "-r", "sarroff-shallow", "-w", "4", *FAST]
    command += ["--set", "training.patience=0", "--set", "training.epochs=1000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nodegraph", *command], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 200
    while not (tmp_path / "m.st").exists() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"best model so far" in out and b"--resume" in out and b"Traceback" not in err
    stopped = Autoencoder.load(tmp_path / "m.st")
    assert stopped.card["stopped"] and stopped.card["epochs"] > 1
    command[-1] = f"training.epochs={stopped.card['epochs'] + 2}"
    outcome = cli(*command, "--resume")
    assert outcome.status == 0
    assert Autoencoder.load("m.st").card["epochs"] == stopped.card["epochs"] + 2


BAD = {
    "no kind": (["--audio", "takes", "-o", "m"], "train --help", 2),
    "unknown kind": (["toaster", "takes", "-o", "m"], "toaster", 2),
    "no audio": (["autoencoder", "-o", "m"], "--audio", 2),
    "no output": (["autoencoder", "takes"], "--output", 2),
    "empty folder": (["autoencoder", "void", "-o", "m"], "no sound files", 1),
    "missing folder": (["autoencoder", "nowhere", "-o", "m"], "file or folder not found", 1),
    "silence": (["autoencoder", "silence.wav", "-o", "m"], "no frame above -60 dB", 1),
    "too short": (["autoencoder", "short.wav", "-o", "m"], "too few frames", 1),
    "shorter than a window": (["autoencoder", "click.wav", "-o", "m"], "10 ms are shorter than a window of 93 ms", 1),
    "antiphase": (["autoencoder", "antiphase.wav", "-o", "m"], "its channels cancel each other out (antiphase)", 1),
    "a constant": (["autoencoder", "constant.wav", "-o", "m", *FAST], "all training frames are the same", 1),
    "a constant beside skipped files": (
        ["autoencoder", "constant.wav", "antiphase.wav", "click.wav", "-o", "m", *FAST],
        "Use other sounds. 2 files were skipped; the first: antiphase.wav: its channels cancel",
        1,
    ),
    "too short beside a skipped file": (
        ["autoencoder", "short.wav", "silence.wav", "-o", "m", *FAST],
        "One file was skipped: silence.wav: no frame above -60 dB",
        1,
    ),
    "a corrupt file alone": (["autoencoder", "corrupt.wav", "-o", "m"], "unreadable sound file", 1),
    "unknown recipe": (["autoencoder", "takes", "-o", "m", "-r", "colonel"], "unknown recipe 'colonel'", 1),
    "unreadable recipe": (["autoencoder", "takes", "-o", "m", "-r", "bad.toml"], "bad.toml: line 1: ", 1),
    "wrong width": (["autoencoder", "takes", "-o", "m", "-w", "4-4-4"], "got '4-4-4'", 1),
    "wrong setting": (["autoencoder", "takes", "-o", "m", "--set", "training.rate=fast"], "training.rate", 1),
    "no epochs": (["autoencoder", "takes", "-o", "m", "-e", "0"], "--epochs", 2),
    "no such place": (["autoencoder", "takes", "-o", "no/where/m"], "folder no/where not found", 1),
    "nothing to resume": (["autoencoder", "takes", "-o", "m", "--resume", *FAST], "no training to resume", 1),
    "no such device": (
        ["autoencoder", "takes", "-o", "m", "--device", "abacus", *FAST],
        "device 'abacus': unavailable",
        1,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_training_is_reported_in_one_line(cli, tmp_path, takes, name):
    (tmp_path / "void").mkdir()
    soundfile.write(tmp_path / "silence.wav", np.zeros(80000), 8000)
    soundfile.write(tmp_path / "short.wav", np.ones(800), 8000)
    soundfile.write(tmp_path / "click.wav", 1e-3 * np.random.default_rng(1).uniform(-1, 1, 80), 8000)
    soundfile.write(tmp_path / "antiphase.wav", np.random.default_rng(1).uniform(-0.5, 0.5, (80000, 1)) * [1, -1], 8000)
    soundfile.write(tmp_path / "constant.wav", np.full(80000, 0.5), 44100)
    (tmp_path / "corrupt.wav").write_bytes(b"RIFF and nothing else")
    (tmp_path / "bad.toml").write_text("[[layers")
    arguments, words, status = BAD[name]
    outcome = cli("train", *arguments)
    assert outcome.status == status and words in outcome.line and not (tmp_path / "m").exists()


def test_missing_torch_is_reported_with_the_install_command(cli, takes, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    outcome = cli("train", "autoencoder", takes, "-o", "m", *FAST)
    assert outcome.status == 1 and "pip install 'nodegraph[learn]'" in outcome.line
