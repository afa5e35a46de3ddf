"""``nodegraph texture``: loops from a file to a file."""

import os
import signal

import pytest
import soundfile

pytest.importorskip("torch")

from tests.mixtures.sounds import RATE, TEXTURE, image_recipe, rain, toml_of
from tests.torch_threads import one_thread  # noqa: F401


@pytest.fixture
def files(tmp_path):
    """``rain.wav`` and the recipes ``small.toml`` and ``image.toml``."""
    soundfile.write(tmp_path / "rain.wav", rain(1.0), RATE, subtype="FLOAT")
    (tmp_path / "small.toml").write_text(toml_of(TEXTURE))
    (tmp_path / "image.toml").write_text(toml_of(image_recipe("fold")))
    return tmp_path


BASE = ["texture", "rain.wav", "-o", "out.wav", "-r", "small.toml"]


def test_texture_writes_a_loop_of_the_duration(cli, files):
    outcome = cli(*BASE, "-s", 0.7)
    assert outcome.status == 0, outcome.err
    assert "a loop of 0.7 s" in outcome.err and "of memory" in outcome.err
    assert "out.wav: 0.7 s at 8000 Hz, recipe small, 40 iterations" in outcome.out
    assert "waveform of the style" in outcome.out and "waveform of the content" not in outcome.out
    assert soundfile.info(files / "out.wav").frames == 0.7 * RATE


def test_texture_json_and_preview(cli, files):
    found = cli(*BASE, "--preview", "-n", 3, "--seed", 4, "--json").json
    assert found["seconds"] == 8.0 and found["iterations"] == 3 and found["correlation"] is None
    assert found["loss"] < found["start_loss"] and 0.0 < found["copying"] < 0.5


def test_interrupted_texture_is_written_and_resumed(cli, files, monkeypatch):
    from nodegraph.cli.progress import Progress

    original, calls = Progress.to, []

    def interrupting(self, *arguments):
        calls.append(arguments)
        if len(calls) == 15:
            os.kill(os.getpid(), signal.SIGINT)
        original(self, *arguments)

    monkeypatch.setattr(Progress, "to", interrupting)
    outcome = cli(*BASE, "-s", 0.5)
    assert outcome.status == 130 and "--resume" in outcome.out and "15 iterations" in outcome.out
    outcome = cli(*BASE, "-s", 0.5, "--resume")
    assert outcome.status == 0 and "40 iterations" in outcome.out


BAD = {
    "missing": (["texture", "missing.wav", "-o", "out.wav"], "file not found", 1),
    "no output": (["texture", "rain.wav"], "--output", 2),
    "same file": (["texture", "rain.wav", "-o", "rain.wav"], "would overwrite", 1),
    "image": ([*BASE[:-1], "image.toml"], "makes no loops", 1),
    "too long": ([*BASE, "-s", "1e4"], "must last", 1),
    "negative": ([*BASE, "-s", "-1"], "above 0", 2),
}


@pytest.mark.parametrize("name", BAD)
def test_mistake_is_reported_in_one_line(cli, files, name):
    arguments, words, status = BAD[name]
    outcome = cli(*arguments)
    errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert outcome.status == status and len(errors) == 1 and words in errors[0]
    assert not (files / "out.wav").exists()
