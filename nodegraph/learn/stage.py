"""One stage of a training: epochs of one network until it converges, its time is over, or it is stopped."""

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
from .optimisers import optimiser_of, rate_factor, update_schedule
from .recipe import TrainingConfig
from .regularisers import decay, penalty

_CHUNK_FRAMES = 8192


class EpochResult(NamedTuple):
    """The result of one epoch; epoch 0 is before the first step. ``train`` is the mean loss over all batches."""

    stage: str
    epoch: int
    train: float
    valid: float
    rate: float
    seconds: float


@dataclass(frozen=True)
class TrainingStatus:
    """The progress of a training, for observers. ``done`` is the share of its epochs that are finished (0…1)."""

    stage: str
    epoch: int
    epochs: int
    done: float
    train: float
    valid: float
    best: float


@dataclass
class Stage:
    """The state of a running stage. ``best`` are the parameters with the lowest validation loss."""

    name: str
    network: Network
    config: TrainingConfig
    generator: torch.Generator
    epoch: int = 0
    best: list[torch.Tensor] = field(default_factory=list)
    best_loss: float = math.inf
    rows: list[EpochResult] = field(default_factory=list)
    seconds: float = 0.0
    diverged: bool = False
    optimiser: Any = None
    resume_state: dict[str, Any] = field(default_factory=dict)  # state at the end of the last epoch

    def __post_init__(self) -> None:
        self.optimiser = optimiser_of(self.config, self.network.parameters)

    def resume(self, resume_state: dict[str, Any]) -> None:
        """Restore the state of an interrupted stage."""
        self.network.restore(resume_state["parameters"])
        self.optimiser.load_state_dict(resume_state["optimiser"])
        self.generator.set_state(resume_state["generator"].cpu())
        self.epoch, self.best, self.best_loss = resume_state["epoch"], resume_state["best"], resume_state["best_loss"]
        self.rows = [EpochResult(*row) for row in resume_state["rows"]]
        self.seconds, self.diverged = resume_state["seconds"], resume_state["diverged"]
        self.resume_state = resume_state

    @property
    def done_epochs(self) -> float:
        """The share of the epochs that is finished (0…1)."""
        return min(self.epoch / max(self.config.epochs, 1), 1.0)

    @property
    def done(self) -> float:
        """The share that is finished (0…1): of the epochs, or of the minutes if these are used up first."""
        over = self.done_epochs
        if self.config.minutes:
            over = max(over, self.seconds / (60.0 * self.config.minutes))
        return min(over, 1.0)

    @property
    def is_finished(self) -> bool:
        """True after divergence, at the end of the epochs or minutes, or on a plateau."""
        return self.diverged or self.done >= 1.0 or _has_plateaued(self.rows, self.config)


def run_stage(
    stage: Stage,
    train: torch.Tensor,
    valid: torch.Tensor,
    watch: Callable[[Stage, float], None],
    save_checkpoint: Callable[[Stage], None],
    stop: Callable[[], bool],
) -> bool:
    """Train until the stage is finished, then restore its best parameters. Return False if it was stopped.

    ``watch(stage, share of the epoch)`` is called after each batch, ``save_checkpoint(stage)`` after each epoch. A stop
    discards only the current epoch.
    """
    loss = loss_of(stage.config.loss, stage.config.reduction)
    finished = True
    try:
        if not stage.rows:
            started = time.perf_counter()
            _record_epoch(stage, math.nan, evaluate(stage.network, valid, loss), started)
        while not stage.is_finished and finished:
            started = time.perf_counter()
            mean = _epoch(stage, train, loss, watch, stop)
            finished = mean is not None
            if mean is not None:
                stage.epoch += 1
                _record_epoch(stage, mean, evaluate(stage.network, valid, loss), started)
                save_checkpoint(stage)
                watch(stage, 0.0)
    except KeyboardInterrupt:
        finished = False
    stage.network.restore(stage.best or stage.network.snapshot())
    return finished


@torch.no_grad()
def evaluate(network: Network, frames: torch.Tensor, loss: Loss) -> float:
    """Return the mean loss over all frames, without noise."""
    total = 0.0
    for part in frames.split(_CHUNK_FRAMES):
        total += float(loss(network(part), part)) * len(part)
    return total / len(frames)


def _epoch(
    stage: Stage,
    train: torch.Tensor,
    loss: Loss,
    watch: Callable[[Stage, float], None],
    stop: Callable[[], bool],
) -> float | None:
    """Train on all frames once, in a new random order. Return the mean loss, or None if stopped."""
    network, config, outer = stage.network, stage.config, stage.network.pairs[0].config
    parameters, device = network.parameters, train.device.type
    is_short = config.precision == "bfloat16" and has_bfloat16(device)
    order = torch.randperm(len(train), generator=stage.generator, device=train.device)
    total, share = torch.zeros((), dtype=torch.float64, device=train.device), 1.0 / max(config.epochs, 1)
    for at in range(0, len(train), config.batch):
        if stop():
            return None
        over = at / len(train)
        # by epochs, not by time, so that a seed gives the same weights on any machine
        update_schedule(stage.optimiser, config, stage.done_epochs + over * share)
        frames = train[order[at : at + config.batch]]
        given = corrupt(frames, outer.corruption, outer.noise, stage.generator)
        with torch.autocast(device, torch.bfloat16, enabled=is_short):
            output = network.forward_train(given, stage.generator)
        error = loss(output.float(), frames)
        gradients = torch.autograd.grad(error + penalty(network), parameters)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        stage.optimiser.step()
        decay(network)
        total += error.detach() * len(frames)
        watch(stage, over)
    return float(total) / len(train)


def has_bfloat16(device: str) -> bool:
    """Return whether a device ("cpu", "cuda") computes products of bfloat16 faster than of float32."""
    return torch.cuda.is_bf16_supported() if device == "cuda" else bool(torch.cpu._is_avx512_bf16_supported())


def _record_epoch(stage: Stage, train: float, valid: float, started: float) -> None:
    """Record the result of an epoch, and store the parameters if they are the best so far."""
    stage.seconds += time.perf_counter() - started
    rate = stage.config.rate * rate_factor(stage.config, stage.done_epochs)
    stage.rows.append(EpochResult(stage.name, stage.epoch, train, valid, rate, stage.seconds))
    if not math.isfinite(valid):
        stage.diverged = True
    if valid < stage.best_loss or not stage.best:
        stage.best, stage.best_loss = stage.network.snapshot(), valid
    stage.resume_state = {
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


def _has_plateaued(rows: list[EpochResult], config: TrainingConfig) -> bool:
    """Return True if the best validation loss fell by less than ``improvement`` in the last ``patience`` epochs."""
    if not config.patience or len(rows) <= config.patience:
        return False
    before = min(row.valid for row in rows[: -config.patience])
    recent = min(row.valid for row in rows[-config.patience :])
    return recent > (1.0 - config.improvement) * before
