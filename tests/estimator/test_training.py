"""Training of estimators: what they learn, resuming, stopping, and errors."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from nodegraph.estimator.examples import SilentPatchError
from nodegraph.estimator.parameters import ParameterError
from nodegraph.learn.errors import LearnError
from nodegraph.models.estimator import Estimator
from nodegraph.patch import SetControl, SetParam
from tests.estimator.conftest import SMALL, two_tones
from tests.rendering import patch_of

torch = pytest.importorskip("torch")

from nodegraph.estimator import training  # noqa: E402
from nodegraph.estimator.training import EstimatorObserver, train_estimator  # noqa: E402
from nodegraph.models.estimation import Inference  # noqa: E402

UNITS = ((("low pitch", "low level"), ("high pitch", "high level")),)


def train(output=None, examples=512, **options):
    options = {"recipe": SMALL, "examples": examples, "threads": 1, "compare": False} | options
    patch = options.pop("patch", None) or two_tones()
    return train_estimator(patch.document, output, **options)


@pytest.fixture(autouse=True)
def few_sounds(monkeypatch):
    """Evaluate on few examples."""
    monkeypatch.setattr(training, "CALIBRATION_CHUNKS", 1)
    monkeypatch.setattr("nodegraph.estimator.evaluation.SOUNDS", 4)


def same_weights(one: Estimator, other: Estimator) -> bool:
    return all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def test_training_learns_pitch_and_level_of_a_tone(tmp_path):
    patch = patch_of("osc.out out.audio", osc=("sine", {"amplitude": 0.5}), out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 200.0, 1600.0, "log"))
    patch.do(SetControl("level", "osc.amplitude", 0.05, 0.5, "log", steps=5))
    trained = train(tmp_path / "m.safetensors", 16384, patch=patch)  # other seeds reach 0.94 to 0.96
    found = trained.model.card["evaluation"]
    assert found["clean"]["within_one_class"] > 0.9
    model = Estimator.load(tmp_path / "m.safetensors")
    assert same_weights(model, trained.model) and trained.path == tmp_path / "m.safetensors"
    t = np.arange(2000) / 8000.0
    answer = Inference(model).estimate(0.5 * np.sin(2 * np.pi * 400.0 * t, dtype=np.float32), candidates=8)
    assert answer.values[0, 0] == pytest.approx(400.0, rel=0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors"]


def test_card_says_how_the_model_was_trained():
    card = train().model.card
    assert card["recipe"] == "small" and card["training"]["examples"] == 512 and not card["training"]["stopped"]
    assert card["choices"]["training"]["examples"] == 512
    for kind in ("clean", "noisy"):
        found = card["evaluation"][kind]
        assert set(found["parameters"]) == {"low pitch", "low level", "high pitch", "high level"}
        assert 0.0 <= found["calibration_error"] <= 1.0


def test_equal_oscillators_are_interchangeable():
    model = train().model
    assert [set(group) for group in model.interchangeable] == [set(UNITS[0])]
    assert any(line.startswith("interchangeable") for line in model.card["probe"])


def test_inaudible_parameters_are_left_out():
    patch = two_tones()
    patch.add("sine", "spare")
    patch.do(SetControl("unused", "spare.frequency", 100.0, 200.0))
    trained = train(patch=patch)
    assert trained.model.inaudible == ("unused",)
    assert "unused" not in trained.model.card["evaluation"]["clean"]["parameters"]


def test_card_compares_with_a_search_without_the_model(monkeypatch, tmp_path):
    monkeypatch.setenv("NODEGRAPH_TABLES", str(tmp_path / "tables"))
    monkeypatch.setattr("nodegraph.estimator.table.ROWS", 600)
    monkeypatch.setattr("nodegraph.estimator.comparison.SOUNDS", 2)
    monkeypatch.setattr("nodegraph.estimator.comparison.SECONDS", 0.1)
    found = train(compare=True).model.card["evaluation"]["search"]
    assert found["model_is_nearer"] == (found["with_model"] < found["without_model"])


def test_resumed_training_gives_the_same_weights_as_an_uninterrupted_one(tmp_path):
    whole = train(examples=1024)
    seen = []
    stop = EstimatorObserver(progress=lambda status: seen.append(status.examples), stop=lambda: len(seen) == 2)
    part = train(tmp_path / "m", 1024, observer=stop)
    assert part.stopped and part.examples == 512 and (tmp_path / "m").exists()
    assert part.model.card["training"]["stopped"] and not same_weights(part.model, whole.model)
    resumed = train(tmp_path / "m", 1024, resume=True)
    assert not resumed.stopped and resumed.examples == 1024
    assert same_weights(resumed.model, whole.model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m"]


def test_time_of_a_training_of_some_examples_does_not_change_its_weights(monkeypatch):
    whole = train(examples=1024, minutes=1000.0)
    clock = itertools.count(step=16_000.0)  # the four chunks take 64,000 of 60,000 s
    monkeypatch.setattr("nodegraph.estimator.training.time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert same_weights(train(examples=1024, minutes=1000.0).model, whole.model)


def test_killed_training_leaves_no_model_and_resumes(tmp_path):
    program = (
        "from nodegraph.models.torch_import import require_torch; require_torch()\n"
        "from nodegraph.estimator import training\n"
        "from tests.estimator.conftest import SMALL, two_tones\n"
        "training.CHECKPOINT_PERIOD = 0.0\n"
        "training.train_estimator(two_tones().document, 'm', recipe=SMALL, threads=1)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment)
    end = time.monotonic() + 200
    while not (tmp_path / "m.checkpoint").exists() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert not (tmp_path / "m").exists()
    resumed = train(tmp_path / "m", 1, resume=True)
    assert resumed.examples >= 256 and Estimator.load(tmp_path / "m").names == resumed.model.names


def test_minutes_end_the_training():
    assert train(examples=None, minutes=0.01).examples >= 256


def test_examples_are_seen_again_while_the_next_ones_are_rendered(monkeypatch):
    stream = training.ExampleStream
    monkeypatch.setattr(stream, "is_ready", False)
    card = train(examples=None, minutes=0.03).model.card["training"]
    assert 1.0 < card["seen"] <= 1.0 + training.MAX_REPEATS


def test_each_of_a_number_of_examples_is_seen_once(monkeypatch):
    monkeypatch.setattr(training.ExampleStream, "is_ready", False)
    assert train(examples=512).model.card["training"]["seen"] == 1.0


def test_training_without_an_example_ends_with_an_interrupt():
    with pytest.raises(KeyboardInterrupt):
        train(observer=EstimatorObserver(stop=lambda: True))


def test_failed_evaluation_keeps_the_training_for_resume(tmp_path, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(training, "evaluate", fail)
        with pytest.raises(ZeroDivisionError):
            train(tmp_path / "m")
    assert train(tmp_path / "m", resume=True).examples == 512


def test_unwritable_checkpoint_is_noted_once(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training, "CHECKPOINT_PERIOD", 0.0)
    monkeypatch.setattr("nodegraph.learn.checkpoint.write_atomic", full)
    trained = train(tmp_path / "m")
    (note,) = trained.notes
    assert "no checkpoint can be written (No space left on device)" in note and trained.path == tmp_path / "m"


def test_full_disk_keeps_the_model_in_a_temporary_folder(tmp_path, monkeypatch):
    from nodegraph.files import atomic

    write = atomic.os.replace

    def full(source, target):
        if str(target).startswith(str(tmp_path)):
            raise OSError(28, "No space left on device")
        write(source, target)

    monkeypatch.setattr(atomic.os, "replace", full)
    trained = train(tmp_path / "m")
    assert list(tmp_path.iterdir()) == [] and trained.path is not None
    assert Estimator.load(trained.path).names and "The model is in" in trained.notes[-1]


def no_controls():
    return patch_of("osc.out out.audio", osc="sine", out="audio_out")


def wired_input():
    patch = no_controls()
    patch.add("constant", "pitch", value=300.0)
    patch.connect("pitch.out", "osc.frequency")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 200.0))
    return patch


def silent():
    patch = no_controls()
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 200.0))
    patch.do(SetParam("osc", "amplitude", 0.0))
    return patch


WRONG = {
    "no controls": (dict(patch=no_controls()), ParameterError, "the patch has no controls"),
    "an unknown control": (dict(parameters=["bass"]), ParameterError, "there is no control 'bass'"),
    "a silent patch": (dict(patch=silent()), SilentPatchError, "the patch is silent"),
    "inaudible parameters": (dict(patch=wired_input()), LearnError, "no parameter is audible"),
    "an unknown recipe": (dict(recipe="slow"), LearnError, "recipe 'slow': not found"),
    "a missing folder": (dict(output="no/where/m"), LearnError, "folder no/where not found"),
    "an unknown device": (dict(device="abacus"), LearnError, "device 'abacus': unavailable"),
    "no training to resume": (dict(output="nothing", resume=True), LearnError, "no training to resume"),
}


@pytest.mark.parametrize("name", WRONG)
def test_impossible_training_raises_one_line(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    options, error, words = WRONG[name]
    with pytest.raises(error) as raised:
        train(**options)
    assert words in str(raised.value) and len(str(raised.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_checkpoint_of_another_training_is_refused(tmp_path):
    (seen := []).append(0)
    stop = EstimatorObserver(progress=lambda status: seen.append(1), stop=lambda: len(seen) == 2)
    train(tmp_path / "m", observer=stop)
    other = msgspec.structs.replace(SMALL, network=msgspec.structs.replace(SMALL.network, hidden=24))
    for options in (dict(seed=1), dict(recipe=other), dict(parameters=["low pitch"])):
        with pytest.raises(LearnError, match="with another recipe, seed or input"):
            train(tmp_path / "m", resume=True, **options)
    (tmp_path / "m.checkpoint").write_bytes(b"broken")
    with pytest.raises(LearnError, match="invalid checkpoint"):
        train(tmp_path / "m", resume=True)
