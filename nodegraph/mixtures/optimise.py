"""Minimisation of a loss over one tensor, in rounds, by L-BFGS or Adam.

A round of L-BFGS starts without memory of earlier rounds. The best tensor after a round is therefore all that is needed
to continue, and the work of an optimisation is exactly its number of evaluations of the loss and its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

Optimiser = Literal["l-bfgs", "adam"]
Terms = dict[str, Tensor]  # name → weighted loss; the loss is their sum
HISTORY = 10  # changes of the tensor and its gradient that L-BFGS remembers


@dataclass
class Step:
    """The progress of an optimisation: evaluations so far, the best loss, and its terms."""

    done: int
    total: int
    loss: float
    terms: dict[str, float]


@dataclass
class Search:
    """The state of an optimisation: the best tensor, its loss and terms, the evaluations so far, the state of Adam."""

    best: Tensor
    loss: float = math.inf
    terms: dict[str, float] = field(default_factory=dict)
    start_loss: float = math.inf
    start_terms: dict[str, float] = field(default_factory=dict)
    done: int = 0
    optimiser: dict[str, Any] = field(default_factory=dict)
    current: Tensor | None = None


class _RoundOver(Exception):
    """The evaluations of a round are used up, a stop was requested, or the loss is not finite."""


def minimise(
    losses: Callable[[Tensor], Terms],
    search: Search,
    iterations: int,
    optimiser: Optimiser = "l-bfgs",
    rate: float = 1.0,
    rounds_of: int = 40,
    on_step: Callable[[Step], None] = lambda step: None,
    on_round: Callable[[Search], None] = lambda search: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Continue a search up to ``iterations`` evaluations in all; return whether it was stopped before.

    ``rate`` is the mean change of the values: of Adam in each step, of L-BFGS in its first try. ``on_step`` is called
    after each evaluation, ``on_round`` after each ``rounds_of``. A loss of NaN or infinity is never the best.
    """
    while search.done < iterations:
        limit = min(search.done + rounds_of, iterations)
        start = search.best if search.current is None else search.current
        # the first step of L-BFGS changes all values by 1 in sum: too little for many values
        scale = rate * start.numel() if optimiser == "l-bfgs" else 1.0
        scaled = (start / scale).contiguous().requires_grad_(True)  # L-BFGS of torch needs one block of memory

        def evaluate(scaled: Tensor = scaled, limit: int = limit, scale: float = scale) -> Tensor:
            if search.done >= limit or is_stopped():
                raise _RoundOver
            scaled.grad = None
            x = scaled * scale
            terms = losses(x)
            loss = torch.stack(list(terms.values())).sum()
            loss.backward()
            _record(search, x, loss.item(), terms)
            on_step(Step(search.done, iterations, search.loss, search.terms))
            if not math.isfinite(loss.item()):
                raise _RoundOver  # the line search of torch fails on such values
            return loss

        try:
            if optimiser == "adam":
                _run_adam(scaled, evaluate, search, rate)
            else:
                _run_lbfgs(scaled, evaluate, limit - search.done)
        except _RoundOver:
            pass
        search.current = scaled.detach().clone() if optimiser == "adam" else None
        if is_stopped():
            return search.done < iterations
        if search.done < limit:
            search.done = limit  # converged: the rest of the round could change nothing
        on_round(search)
    return False


def _record(search: Search, x: Tensor, loss: float, terms: Terms) -> None:
    search.done += 1
    values = {name: term.item() for name, term in terms.items()}
    if not search.start_terms:
        search.start_loss, search.start_terms = loss, values
    if loss < search.loss:
        search.best, search.loss, search.terms = x.detach().clone(), loss, values


def _run_lbfgs(x: Tensor, evaluate: Callable[[], Tensor], evaluations: int) -> None:
    method = torch.optim.LBFGS(
        [x],
        max_iter=evaluations,
        max_eval=2 * evaluations + 25,  # `evaluate` counts them
        tolerance_grad=0.0,
        tolerance_change=0.0,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
    )
    method.step(evaluate)


def _run_adam(x: Tensor, evaluate: Callable[[], Tensor], search: Search, rate: float) -> None:
    method = torch.optim.Adam([x], lr=rate)
    if search.optimiser:
        method.load_state_dict(search.optimiser)
    try:
        while True:
            method.step(evaluate)
    finally:
        search.optimiser = method.state_dict()
