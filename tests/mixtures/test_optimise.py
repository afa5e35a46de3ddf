"""Minimisation in rounds: convergence, exact counts, continuation, stopping."""

import dataclasses

import pytest
import torch

from nodegraph.mixtures.optimise import Search, minimise

TARGET = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
SCALES = torch.tensor([1.0, 10.0, 100.0, 3.0], dtype=torch.float64)


def bowl(x):
    return {"near": (SCALES * (x - TARGET) ** 2).sum(), "flat": 0.0 * x.sum()}


def start():
    return Search(torch.zeros(4, dtype=torch.float64))


@pytest.mark.parametrize("optimiser, rate, iterations", [("l-bfgs", 0.1, 60), ("adam", 0.1, 400)])
def test_search_finds_the_minimum(optimiser, rate, iterations):
    search = start()
    assert not minimise(bowl, search, iterations, optimiser, rate)
    assert search.loss < 1e-3 * search.start_loss
    torch.testing.assert_close(search.best, TARGET, atol=0.02, rtol=0.0)
    assert search.terms["near"] == search.loss and search.start_terms["near"] == search.start_loss


@pytest.mark.parametrize("optimiser, rate", [("l-bfgs", 1.0), ("adam", 0.1)])
def test_iterations_are_evaluations_and_the_best_loss_never_rises(optimiser, rate):
    steps, rounds = [], []
    minimise(bowl, start(), 17, optimiser, rate, 5, steps.append, lambda search: rounds.append(search.done))
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= 17 and rounds == [5, 10, 15, 17]
    losses = [step.loss for step in steps]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("optimiser, rate", [("l-bfgs", 1.0), ("adam", 0.1)])
def test_search_continues_exactly_from_the_end_of_a_round(optimiser, rate):
    stored = []
    whole = start()
    minimise(
        bowl, whole, 12, optimiser, rate, 4, on_round=lambda search: stored.append(dataclasses.asdict(search).copy())
    )
    resumed = Search(**stored[0])
    minimise(bowl, resumed, 12, optimiser, rate, 4)
    assert torch.equal(resumed.best, whole.best) and resumed.loss == whole.loss


def test_stopped_search_keeps_the_best():
    search = start()
    assert minimise(bowl, search, 50, is_stopped=lambda: search.done >= 3)
    assert search.done == 3 and search.loss <= search.start_loss


def test_infinite_loss_is_never_the_best():
    search = start()
    minimise(lambda x: {"bad": (x / 0.0).sum()}, search, 3)
    assert torch.equal(search.best, torch.zeros(4, dtype=torch.float64))
