"""``nodegraph train estimator``: a model of a patch, and errors."""

from __future__ import annotations

import pytest

from nodegraph.estimator import recipe_files
from nodegraph.models.estimator import Estimator
from nodegraph.patch import Encapsulate
from tests.estimator.conftest import two_tones

pytestmark = pytest.mark.needs("torch")

RECIPE = """
[sound]
rate = 8000.0
seconds = 0.25
size = 256
bands = 24

[network]
channels = [8, 16]
strides = [[2, 2], [4, 4]]
hidden = 32
flow_width = 16
flow_layers = 1
"""
FAST = ("--recipe", "fast.toml", "--examples", 300, "--threads", 1, "--no-compare")


@pytest.fixture
def tones_file(tmp_path, monkeypatch):
    monkeypatch.setattr("nodegraph.estimator.training.CALIBRATION_CHUNKS", 1)
    monkeypatch.setattr("nodegraph.estimator.evaluation.SOUNDS", 4)
    two_tones().save(tmp_path / "tones.json")
    (tmp_path / "fast.toml").write_text(RECIPE)
    return "tones.json"


def test_train_writes_a_model_and_prints_its_card(cli, tones_file):
    outcome = cli("train", "estimator", tones_file, "-o", "m.safetensors", *FAST)
    assert outcome.status == 0 and outcome.err == ""
    assert "m.safetensors: " in outcome.out and "4 parameters, 512 examples" in outcome.out
    assert "best of 200 random settings" in outcome.out and "clean" in outcome.out
    assert Estimator.load("m.safetensors").card["recipe"] == "fast"


def test_json_has_the_card_and_the_named_parameters(cli, tones_file):
    found = cli("train", "estimator", tones_file, "-o", "m", "-p", "low pitch, high pitch", *FAST, "--json").json
    assert found["parameters"] == ["low pitch", "high pitch"] and not found["stopped"]
    assert set(found["card"]["evaluation"]) == {"clean", "noisy", "sounds"}


def test_estimator_of_a_subpatch_has_the_parameters_that_set_it(cli, tones_file, tmp_path):
    patch = two_tones()
    patch.do(Encapsulate(("low",), "voice"))
    patch.save(tmp_path / "tones.json")
    found = cli("train", "estimator", "tones.json", "-o", "m", "--subpatch", "voice", *FAST, "--json").json
    assert found["parameters"] == ["low pitch", "low level"]


def test_recipes_of_estimators_are_listed(cli):
    lines = cli("train", "estimator", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(recipe_files())
    assert [recipe["name"] for recipe in cli("train", "estimator", "--list", "--json").json] == list(recipe_files())


BAD = {
    "no patch": (["-o", "m"], "PATCH: missing", 2),
    "no output": (["tones.json"], "--output", 2),
    "a missing patch": (["none.json", "-o", "m"], "none.json", 1),
    "no controls": (["beep.json", "-o", "m"], "the patch has no controls", 1),
    "an unknown parameter": (["tones.json", "-o", "m", "-p", "bass"], "there is no control 'bass'", 1),
    "no parameter": (["tones.json", "-o", "m", "-p", ","], "no parameter is named", 1),
    "an unknown recipe": (["tones.json", "-o", "m", "-r", "slow"], "recipe 'slow': not found", 1),
    "an invalid recipe": (["tones.json", "-o", "m", "-r", "bad.toml"], "training.batch", 1),
    "no time": (["tones.json", "-o", "m", "-m", "0"], "above 0", 2),
    "no such folder": (["tones.json", "-o", "no/where/m"], "folder no/where not found", 1),
    "nothing to resume": (["tones.json", "-o", "m", "--resume", *FAST], "no training to resume", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_training_of_an_estimator_is_one_line(cli, tmp_path, tones_file, beep, name):
    (tmp_path / "bad.toml").write_text("[training]\nbatch = 0")
    arguments, words, status = BAD[name]
    outcome = cli("train", "estimator", *arguments)
    assert outcome.status == status and words in outcome.line and not (tmp_path / "m").exists()
