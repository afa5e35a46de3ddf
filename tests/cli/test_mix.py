"""``nodegraph mix``: files in and out, recipes, messages, errors in one line."""

import os
import signal

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from nodegraph.mixtures.recipe import STYLE_WEIGHTS
from tests.mixtures.sounds import RATE, TEXTURE, image_recipe, melody, rain, toml_of
from tests.torch_threads import one_thread  # noqa: F401


@pytest.fixture
def files(tmp_path):
    """``melody.wav``, ``rain.wav`` and the recipes ``small.toml`` and ``image.toml``."""
    soundfile.write(tmp_path / "melody.wav", melody(), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "rain.wav", rain(), RATE, subtype="FLOAT")
    (tmp_path / "small.toml").write_text(toml_of(TEXTURE))
    (tmp_path / "image.toml").write_text(toml_of(image_recipe("fold")))
    return tmp_path


BASE = ["mix", "melody.wav", "rain.wav", "-o", "out.wav"]


@pytest.mark.parametrize("name, iterations, style", [("small", 16, "levels"), ("image", 8, "style")])
def test_mix_writes_a_sound_and_prints_losses(cli, files, name, iterations, style):
    outcome = cli(*BASE, "-r", f"{name}.toml", "-n", 8)
    assert outcome.status == 0, outcome.err
    assert f"out.wav: 0.3 s at 8000 Hz, recipe {name}, {iterations} iterations" in outcome.out
    for word in ("loss", "content", style, "weights:", "correlation"):
        assert word in outcome.out
    assert "of memory" in outcome.err
    values, rate = soundfile.read(files / "out.wav")
    assert rate == RATE and len(values) == 2400


def test_depth_of_the_mixture_is_chosen_and_checked_before(cli, files):
    assert cli(*BASE, "-r", "small.toml", "-n", 2, "--depth", "16").status == 0
    assert soundfile.info(files / "out.wav").subtype == "PCM_16"
    outcome = cli("mix", "melody.wav", "rain.wav", "-o", "out.flac", "-r", "small.toml", "--depth", "float")
    assert outcome.status == 1
    assert "out.flac: a FLAC file has no depth 'float'. Use depth auto, 16, 24, or .wav." in outcome.err


def test_json_has_the_recipe_and_the_losses(cli, files):
    found = cli(*BASE, "-r", "small.toml", "-n", 8, "--seed", 3, "--style-weight", 2, "--json").json
    assert found["iterations"] == 16 and found["loss"] < found["start_loss"]
    assert found["recipe"]["texture"]["levels"] == 2.0 and found["weights"] == "none, no network"
    assert not found["stopped"]


def test_quick_says_what_it_is(cli, files):
    outcome = cli(*BASE, "-r", "small.toml", "--quick", "-n", 2)
    assert outcome.status == 0 and "quick: at most 22050 Hz, 2.5 s and 60 iterations" in outcome.err


def test_preview_says_what_it_is(cli, files):
    outcome = cli(*BASE, "-r", "small.toml", "--preview", "-n", 2)
    assert outcome.status == 0 and "preview: at most 5 s, fewer iterations" in outcome.err


@pytest.mark.parametrize("name", ["small", "image"])
def test_start_and_weights_are_options(cli, files, name):
    options = ["-r", f"{name}.toml", "-n", 4, "--json"]
    noise = cli(*BASE, *options, "--start", "noise", "--style-weight", 0).json
    content = cli(*BASE, *options, "--start", "content", "--style-weight", 0).json
    assert content["start_terms"]["content"] < 1e-3 * noise["start_terms"]["content"]
    assert not any(found["terms"].get(name) for found in (noise, content) for name in STYLE_WEIGHTS)
    style = cli(*BASE, *options, "--content-weight", 0).json
    assert style["seconds"] == 0.3 and not style["terms"].get("content")


def test_channels_of_the_content_are_written(cli, files):
    soundfile.write(files / "melody.wav", np.stack([melody(), 0.5 * melody()], axis=1), RATE, subtype="FLOAT")
    assert cli(*BASE, "-r", "small.toml", "-n", 2, "--json").json["channels"] == 2
    assert soundfile.info(files / "out.wav").channels == 2


def test_random_weights_are_not_called_imagenet(cli, files):
    outcome = cli(*BASE, "-r", "image.toml", "-n", 2)
    assert "random (seed 0), not those of ImageNet" in outcome.err and "not ImageNet" in outcome.out


def test_recipes_are_listed(cli):
    outcome = cli("mix", "--list")
    assert outcome.status == 0
    for name in ("texture", "thesis-fold", "thesis-replicate", "thesis-split"):
        assert name in outcome.out


def test_interrupt_writes_the_best_so_far_and_resume_continues(cli, files, monkeypatch):
    from nodegraph.cli.progress import Progress

    original, calls = Progress.to, []

    def interrupting(self, *arguments):
        calls.append(arguments)
        if len(calls) == 20:
            os.kill(os.getpid(), signal.SIGINT)
        original(self, *arguments)

    monkeypatch.setattr(Progress, "to", interrupting)
    outcome = cli(*BASE, "-r", "small.toml")
    assert outcome.status == 130 and "--resume" in outcome.out and "20 iterations" in outcome.out
    stopped = soundfile.read(files / "out.wav")[0]
    outcome = cli(*BASE, "-r", "small.toml", "--resume")
    assert outcome.status == 0 and "60 iterations" in outcome.out
    assert not np.array_equal(soundfile.read(files / "out.wav")[0], stopped)


BAD = {
    "missing.wav": (["mix", "missing.wav", "rain.wav", "-o", "out.wav"], "file not found", 1),
    "no output": (["mix", "melody.wav", "rain.wav"], "--output", 2),
    "no style": (["mix", "melody.wav", "-o", "out.wav"], "two sound files", 2),
    "folder": (["mix", "melody.wav", "rain.wav", "-o", "none/out.wav"], "mkdir -p", 1),
    "same file": (["mix", "melody.wav", "rain.wav", "-o", "rain.wav"], "would overwrite", 1),
    "recipe": ([*BASE, "-r", "textur"], "Did you mean 'texture'", 1),
    "weights": ([*BASE, "-r", "image.toml", "--weights", "rain.wav"], "not a plain state dictionary", 1),
    "no weights": ([*BASE, "-r", "image.toml", "--weights", "none.pth"], "file not found", 1),
    "style weight": ([*BASE, "--style-weight", "-1"], "at least 0", 2),
    "no weights at all": ([*BASE, "--style-weight", "0", "--content-weight", "0"], "both 0", 1),
    "start": ([*BASE, "--start", "middle"], "'middle' is not one of", 2),
    "preview": ([*BASE, "-r", "image.toml", "--preview"], "has no preview", 1),
    "device": ([*BASE, "--device", "abacus"], "unavailable", 1),
    "resume": ([*BASE, "-r", "small.toml", "--resume"], "no mixture to resume", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_mistake_is_reported_in_one_line(cli, files, name):
    arguments, words, status = BAD[name]
    outcome = cli(*arguments)
    errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert outcome.status == status and len(errors) == 1 and words in errors[0]
    assert not (files / "out.wav").exists()
