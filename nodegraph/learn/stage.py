"""One stage of a training: a network, its frames, and epochs until it is good enough or somebody wants an end."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from .corruption import corrupt
from .losses import Loss, loss_of
from .network import Network
from .optimisers import move_on, optimiser_of, rate_share
from .recipe import TrainingChoices
from .regularisers import decay, penalty

_AT_ONCE = 8192


class Row(NamedTuple):
    """What one epoch came to; epoch 0 is before the first step. ``train`` is the mean over the epoch's batches."""

    stage: str
    epoch: int
    train: float
    valid: float
    rate: float
    seconds: float


@dataclass(frozen=True)
class Step:
    """Where a training stands, for those who watch it. ``done`` is the share of its epochs that is over."""

    stage: str
    epoch: int
    epochs: int
    done: float
    train: float
    valid: float
    best: float


@dataclass
class Stage:
    """A stage while it runs. ``best`` are the parameters that did best on the validation frames."""

    name: str
    network: Network
    choices: TrainingChoices
    generator: torch.Generator
    epoch: int = 0
    best: list[torch.Tensor] = field(default_factory=list)
    best_loss: float = math.inf
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    diverged: bool = False
    optimiser: Any = None
    standing: dict[str, Any] = field(default_factory=dict)  # where it stood when the last epoch was over

    def __post_init__(self) -> None:
        self.optimiser = optimiser_of(self.choices, self.network.parameters)

    def resume(self, standing: dict[str, Any]) -> None:
        """Go to where another stage stood."""
        self.network.restore(standing["parameters"])
        self.optimiser.load_state_dict(standing["optimiser"])
        self.generator.set_state(standing["generator"].cpu())
        self.epoch, self.best, self.best_loss = standing["epoch"], standing["best"], standing["best_loss"]
        self.rows = [Row(*row) for row in standing["rows"]]
        self.seconds, self.diverged = standing["seconds"], standing["diverged"]
        self.standing = standing

    @property
    def done(self) -> float:
        """The share that is over: epochs, or minutes where these run out first."""
        over = self.epoch / max(self.choices.epochs, 1)
        if self.choices.minutes:
            over = max(over, self.seconds / (60.0 * self.choices.minutes))
        return min(over, 1.0)

    @property
    def over(self) -> bool:
        return self.diverged or self.done >= 1.0 or _settled(self.rows, self.choices)


def run_stage(
    stage: Stage,
    train: torch.Tensor,
    valid: torch.Tensor,
    watch: Callable[[Stage, float], None],
    keep: Callable[[Stage], None],
    stop: Callable[[], bool],
) -> bool:
    """Train until the stage is over, then put its best parameters in place. Returns False if it was stopped.

    ``watch(stage, share of the epoch)`` is called now and then, ``keep(stage)`` after every epoch. A stop loses the
    epoch that has begun, nothing else.
    """
    loss = loss_of(stage.choices.loss, stage.choices.reduction)
    finished = True
    try:
        if not stage.rows:
            began = time.perf_counter()
            _take(stage, math.nan, evaluate(stage.network, valid, loss), began)
        while not stage.over and finished:
            began = time.perf_counter()
            mean = _epoch(stage, train, loss, watch, stop)
            finished = mean is not None
            if mean is not None:
                stage.epoch += 1
                _take(stage, mean, evaluate(stage.network, valid, loss), began)
                keep(stage)
                watch(stage, 0.0)
    except KeyboardInterrupt:
        finished = False
    stage.network.restore(stage.best or stage.network.snapshot())
    return finished


@torch.no_grad()
def evaluate(network: Network, frames: torch.Tensor, loss: Loss) -> float:
    """The loss on frames without noise, the mean over all."""
    total = 0.0
    for part in frames.split(_AT_ONCE):
        total += float(loss(network(part), part)) * len(part)
    return total / len(frames)


def _epoch(
    stage: Stage,
    train: torch.Tensor,
    loss: Loss,
    watch: Callable[[Stage, float], None],
    stop: Callable[[], bool],
) -> float | None:
    """One pass over all frames in a new order; the mean loss, or None if it was stopped."""
    network, choices, outer = stage.network, stage.choices, stage.network.pairs[0].choices
    parameters = network.parameters
    order = torch.randperm(len(train), generator=stage.generator, device=train.device)
    total, share = torch.zeros((), dtype=torch.float64, device=train.device), 1.0 / max(choices.epochs, 1)
    for at in range(0, len(train), choices.batch):
        if stop():
            return None
        over = at / len(train)
        move_on(stage.optimiser, choices, stage.done + over * share)
        frames = train[order[at : at + choices.batch]]
        given = corrupt(frames, outer.corruption, outer.noise, stage.generator)
        error = loss(network.train_pass(given, stage.generator), frames)
        gradients = torch.autograd.grad(error + penalty(network), parameters)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        stage.optimiser.step()
        decay(network)
        total += error.detach() * len(frames)
        watch(stage, over)
    return float(total) / len(train)


def _take(stage: Stage, train: float, valid: float, began: float) -> None:
    """Note how an epoch ended, and keep the parameters if they are the best yet."""
    stage.seconds += time.perf_counter() - began
    rate = stage.choices.rate * rate_share(stage.choices, stage.done)
    stage.rows.append(Row(stage.name, stage.epoch, train, valid, rate, stage.seconds))
    if not math.isfinite(valid):
        stage.diverged = True
    if valid < stage.best_loss or not stage.best:
        stage.best, stage.best_loss = stage.network.snapshot(), valid
    stage.standing = {
        "epoch": stage.epoch,
        "parameters": stage.network.snapshot(),
        "best": stage.best,
        "best_loss": stage.best_loss,
        "rows": [tuple(row) for row in stage.rows],
        "seconds": stage.seconds,
        "diverged": stage.diverged,
        "optimiser": copy.deepcopy(stage.optimiser.state_dict()),
        "generator": stage.generator.get_state(),
    }


def _settled(rows: list[Row], choices: TrainingChoices) -> bool:
    """Whether the best validation loss fell by less than ``improvement`` in the last ``patience`` epochs."""
    if not choices.patience or len(rows) <= choices.patience:
        return False
    before = min(row.valid for row in rows[: -choices.patience])
    lately = min(row.valid for row in rows[-choices.patience :])
    return lately > (1.0 - choices.improvement) * before
