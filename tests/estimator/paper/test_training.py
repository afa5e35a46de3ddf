"""Training: losses, learning, and exact continuation after a stop or a kill."""

import math
import os
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from nodegraph.estimator.paper import training as module
from nodegraph.estimator.paper.architectures import CLASSES, PARAMETERS, Architecture, Dense
from nodegraph.estimator.paper.network import build_network
from nodegraph.estimator.paper.published import CHANCE_LOSS
from nodegraph.estimator.paper.training import (
    Schedule,
    TrainingData,
    probabilities,
    reported_loss,
    score,
    train_network,
    training_loss,
)
from nodegraph.learn import LearnError

SMALL = Architecture("small", "words", (Dense(24, 0.2),))
CPU = torch.device("cpu")
ROWS = 320


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ROWS", 32)
    monkeypatch.setattr(module, "CHECKPOINT_PERIOD", 0.0)


@pytest.fixture(scope="module")
def data():
    """Return inputs that contain the classes of three parameters as one-hot numbers."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, CLASSES, (ROWS + 32, PARAMETERS))
    values = np.zeros((len(classes), 1000, 1, 1), np.float32)
    for column in range(3):
        values[np.arange(len(classes)), column * CLASSES + classes[:, column]] = 3.0
    return TrainingData(lambda rows: values[rows], classes, np.arange(ROWS), np.arange(ROWS, ROWS + 32))


def with_new_examples(data, asked):
    """Return the data with new examples of their own, whose numbers are appended to ``asked``."""

    def draw(numbers):
        asked.extend(numbers)
        rows = numbers * 7 % ROWS
        return data.inputs(rows), data.classes[rows]

    return replace(data, new_examples=draw)


def train(data, path, epochs=4, head="sigmoid", rate=1e-3, decays=False, **more):
    network = build_network(SMALL, torch.Generator().manual_seed(0))
    schedule = Schedule(epochs, rate=rate, decays=decays)
    state = train_network(network, head, data, schedule, 5, CPU, path, "key", **more)
    return network, state


def stop_after(count):
    calls = iter(range(10**6))
    return lambda: next(calls) >= count - 1


def weights(network):
    return torch.cat([parameter.detach().ravel() for parameter in network.parameters()])


# -- losses ----------------------------------------------------------------------------------------------------


def test_loss_of_predicting_the_share_of_each_class_is_that_of_chance():
    logits = torch.full((5, PARAMETERS * CLASSES), math.log((1 / 16) / (15 / 16)))
    classes = torch.randint(0, CLASSES, (5, PARAMETERS))
    chance = -(math.log(1 / 16) + 15 * math.log(15 / 16)) / 16
    assert float(training_loss(logits, classes, "sigmoid")) == pytest.approx(chance, rel=1e-5)
    assert chance == pytest.approx(0.2338, abs=1e-4)
    assert float(training_loss(logits, classes, "softmax")) == pytest.approx(PARAMETERS * math.log(CLASSES), rel=1e-5)
    for head in ("sigmoid", "softmax"):
        assert float(reported_loss(logits, classes, head)) == pytest.approx(chance, rel=1e-5)


def test_softmax_heads_are_distributions_and_sigmoids_are_independent():
    logits = torch.randn(4, PARAMETERS * CLASSES)
    assert probabilities(logits, "softmax").sum(-1).numpy() == pytest.approx(np.ones((4, PARAMETERS)), abs=1e-5)
    assert torch.equal(probabilities(logits, "sigmoid").flatten(1), logits.sigmoid())


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
def test_training_learns_what_the_inputs_contain(data, tmp_path, head):
    network, state = train(data, tmp_path / "a.checkpoint", 20, head, 0.01)
    assert state.best_loss < CHANCE_LOSS - 0.005 and state.rows[0].valid > CHANCE_LOSS - 0.001
    found = score(network, head, data.inputs, data.valid, CPU).argmax(-1) == data.classes[data.valid]
    assert found[:, :3].mean() > 0.6 > 0.15 > found[:, 3:].mean()


def test_weights_are_those_of_the_epoch_with_the_lowest_validation_loss(data, tmp_path):
    network, state = train(data, tmp_path / "a.checkpoint", 20, rate=0.01)
    losses = [row.valid for row in state.rows]
    assert state.best_loss == min(losses) < losses[-1], "it overfits"
    logits = network.eval()(torch.from_numpy(data.inputs(data.valid)))
    valid = float(reported_loss(logits.detach(), torch.from_numpy(data.classes[data.valid]), "sigmoid"))
    assert valid == pytest.approx(min(losses), rel=1e-5)


# -- continuation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decays", [False, True])
@pytest.mark.parametrize("chunks", [1, 9, 10, 11, 25])
def test_stopped_training_ends_with_the_same_weights(data, tmp_path, chunks, decays):
    expected, whole = train(data, tmp_path / "whole.checkpoint", decays=decays)
    path = tmp_path / "stopped.checkpoint"
    _, stopped = train(data, path, decays=decays, stop=stop_after(chunks))
    assert stopped is None and path.is_file()
    network, state = train(data, path, decays=decays)
    assert torch.equal(weights(network), weights(expected))
    assert [row[:4] for row in state.rows[1:]] == [row[:4] for row in whole.rows[1:]]
    assert state.examples == whole.examples == 4 * ROWS


def test_decaying_rate_is_half_a_cosine_over_the_epochs(data, tmp_path):
    schedule = Schedule(8, rate=0.01, decays=True)
    assert [schedule.rate_at(epoch) for epoch in (0, 4, 8)] == pytest.approx([0.01, 0.005, 0.0])
    network, _ = train(data, tmp_path / "a.checkpoint", 2, decays=True)
    constant, state = train(data, tmp_path / "b.checkpoint", 2)
    assert [row.rate for row in state.rows] == [1e-3] * 3
    assert not torch.equal(weights(network), weights(constant))


def test_each_later_epoch_has_new_examples(data, tmp_path):
    asked = []
    _, state = train(with_new_examples(data, asked), tmp_path / "a.checkpoint", 3)
    assert asked == list(range(2 * ROWS)) and state.examples == 3 * ROWS


def test_stopped_training_continues_with_the_next_new_examples(data, tmp_path):
    expected, _ = train(with_new_examples(data, []), tmp_path / "whole.checkpoint", 3)
    path, asked = tmp_path / "stopped.checkpoint", []
    train(with_new_examples(data, asked), path, 3, stop=stop_after(14))
    network, _ = train(with_new_examples(data, asked), path, 3)
    assert asked == list(range(2 * ROWS))
    assert torch.equal(weights(network), weights(expected))


def test_killed_training_ends_with_the_same_weights(data, tmp_path):
    expected, _ = train(data, tmp_path / "whole.checkpoint")
    path = tmp_path / "killed.checkpoint"
    child = os.fork()
    if child == 0:
        train(data, path, stop=lambda: os._exit(9) if path.is_file() else False)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    network, _ = train(data, path)
    assert torch.equal(weights(network), weights(expected))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_damaged_checkpoint_starts_the_training_again(data, tmp_path, content):
    expected, _ = train(data, tmp_path / "whole.checkpoint", 2)
    path = tmp_path / "damaged.checkpoint"
    path.write_bytes(content)
    network, _ = train(data, path, 2)
    assert torch.equal(weights(network), weights(expected))


def test_training_ends_after_its_minutes(data, tmp_path):
    network = build_network(SMALL, torch.Generator().manual_seed(0))
    schedule = Schedule(1000, minutes=0.5 / 60)
    state = train_network(network, "sigmoid", data, schedule, 5, CPU, tmp_path / "a.checkpoint", "key")
    assert state.seconds >= 0.5 and 0 < state.examples < 1000 * ROWS
    assert state.rows[-1].epoch == state.epoch < 1000


def test_folder_that_is_not_writable_is_an_error_in_one_line(data, tmp_path):
    with pytest.raises(LearnError, match=r"no: not writable .*Choose another folder"):
        train(data, tmp_path / "no" / "a.checkpoint")


def test_training_leaves_the_random_numbers_of_torch_alone(data, tmp_path):
    before = torch.get_rng_state()
    train(data, tmp_path / "a.checkpoint", 1)
    assert torch.equal(before, torch.get_rng_state())
