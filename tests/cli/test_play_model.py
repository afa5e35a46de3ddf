"""``nodegraph play-model``, and the error for a result that is silent because a model is refused."""

import json

import numpy as np
import pytest
import soundfile

from nodegraph.learn.model_patch import model_patch, transform_size
from tests.nodes.frame_helpers import random_model


@pytest.fixture
def model(tmp_path):
    """Return a small model file in a folder of its own."""
    (tmp_path / "models").mkdir()
    random_model(rate=22050.0, size=256).save(tmp_path / "models" / "mine.safetensors")
    return tmp_path / "models" / "mine.safetensors"


@pytest.fixture
def sound(tmp_path):
    (tmp_path / "sounds").mkdir()
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 22050)
    soundfile.write(tmp_path / "sounds" / "noise.wav", noise, 44100)
    return tmp_path / "sounds" / "noise.wav"


def test_sound_is_played_through_a_model_anywhere(cli, model, sound):
    outcome = cli("play-model", model, sound, "-o", "out.wav")
    assert outcome.status == 0 and outcome.err == ""
    written, rate = soundfile.read("out.wav")
    assert rate == 44100 and len(written) == 22050
    assert 0.05 < np.sqrt(np.mean(written[4096:] ** 2)) < 0.3


def test_faders_alone_are_played_without_a_sound(cli, model):
    assert cli("play-model", model, "-o", "out.wav", "--seconds", 0.5, "--rate", 48000).status == 0
    written, rate = soundfile.read("out.wav")
    assert rate == 48000 and np.abs(written[12000:]).max() > 0.01


@pytest.mark.parametrize("output", [["-o", "mine.wav"], []])
def test_sound_is_never_overwritten(cli, model, sound, monkeypatch, tmp_path, output):
    monkeypatch.setenv("CI", "true")  # playback is unavailable
    sound = sound.rename(tmp_path / "mine.wav")
    before = sound.read_bytes()
    outcome = cli("play-model", model, "mine.wav", *output)
    assert sound.read_bytes() == before
    assert outcome.status == len(output[:1]) and (tmp_path / "mine-2.wav").exists() == (not output)


def test_model_plays_live_without_a_device(cli, model):
    outcome = cli("play-model", model, "--live", "--null", "--seconds", 0.1, "--json")
    assert outcome.status == 0 and json.loads(outcome.out)["callbacks"] > 0


def test_faders_are_controls_with_the_names_of_the_units(model, sound):
    for patch in (model_patch(model), model_patch(model, sound), model_patch(model, live=True)):
        assert list(patch.document.controls) == [f"unit {number}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("size", "model_rate", "rate", "expected"),
    [(2048, 22050, 44100, 4096), (2048, 22050, 22050, 2048), (4096, 44100, 48000, 4096), (2048, 8000, 44100, 8192)],
)
def test_windows_last_as_long_as_those_of_the_model(size, model_rate, rate, expected):
    assert transform_size(size, model_rate, rate) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.safetensors"], "file not found"),
        (["{model}", "missing.wav"], "missing.wav: sound file not found"),
        (["{model}", "{model}"], "unreadable sound file"),
        (["{model}", "{sound}", "--live"], "--live is for the sound input"),
    ],
)
def test_wrong_arguments_are_one_line(cli, model, sound, arguments, message):
    outcome = cli("play-model", *(part.format(model=model, sound=sound) for part in arguments), "-o", "out.wav")
    assert outcome.status != 0
    (line,) = outcome.err.splitlines()
    assert message in line


def test_silent_result_because_of_a_refused_model_is_an_error(cli, model, sound, tmp_path):
    (tmp_path / "patch").mkdir()
    patch = model_patch(model, sound)
    patch.set("sound.file", "")
    patch.save(tmp_path / "patch" / "p.json")
    render = ["render", tmp_path / "patch" / "p.json", "-o", "out.wav", "--seconds", 0.1]
    outcome = cli(*render)
    assert outcome.status == 1
    (line,) = (line for line in outcome.err.splitlines() if line.startswith("error"))
    assert line.startswith("error: out.wav is silent, because parts of the patch are: ")
    assert "--allow-outside" in line
    assert cli(*render, "--allow-outside").status == 0
