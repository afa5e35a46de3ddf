"""Training of one network on classes, with checkpoints that continue it exactly."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, one_hot

from nodegraph.learn.checkpoint import read_state, write_state
from nodegraph.learn.errors import LearnError
from nodegraph.learn.stage import EpochResult

from .architectures import CLASSES
from .inputs import Inputs, NewExamples

CHUNK_ROWS = 256  # examples rendered at a time, a multiple of the batch; a stop waits for the end of one chunk
CHECKPOINT_PERIOD = 60.0  # seconds

Head = Literal["sigmoid", "softmax"]


@dataclass(frozen=True)
class Schedule:
    """Epochs, and minutes after which a training ends earlier; batch and rate of Adam.

    With ``decays`` the rate falls to 0 at the end of the last epoch, along half a period of a cosine.
    """

    epochs: int = 100
    minutes: float = math.inf
    batch: int = 16
    rate: float = 1e-3
    decays: bool = False

    def rate_at(self, epoch: float) -> float:
        """Return the rate after a number of epochs. The time that they took does not matter."""
        return self.rate * (0.5 + 0.5 * math.cos(math.pi * epoch / self.epochs)) if self.decays else self.rate


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a network is trained on: inputs by row, the classes (N, P) of all rows, and the rows of both parts.

    With ``new_examples`` each epoch after the first has as many new examples instead of the rows of ``train``.
    """

    inputs: Inputs
    classes: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    new_examples: NewExamples | None = None

    def examples(self, epoch: int, order: np.ndarray, part: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return the inputs and classes of a part of an epoch, whose rows of ``train`` are in ``order``."""
        rows = order[part]
        if self.new_examples is None or epoch == 0:
            return self.inputs(rows), self.classes[rows]
        first = (epoch - 1) * len(order) + part.start
        return self.new_examples(np.arange(first, first + len(rows)))


@dataclass
class TrainingState:
    """The state of a training: losses by epoch, place in the current epoch, and the weights of the best epoch."""

    rows: list[EpochResult] = field(default_factory=list)
    epoch: int = 0
    place: int = 0
    total: float = 0.0  # of the losses of the current epoch
    examples: int = 0  # trained on, counted each time
    seconds: float = 0.0
    best_loss: float = math.inf
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """True before the first step."""
        return not self.rows


def probabilities(logits: torch.Tensor, head: Head) -> torch.Tensor:
    """Return the probability of each class (N, P, C) from logits (N, P × C)."""
    shaped = logits.reshape(len(logits), -1, CLASSES)
    return shaped.sigmoid() if head == "sigmoid" else shaped.softmax(-1)


def training_loss(logits: torch.Tensor, classes: torch.Tensor, head: Head) -> torch.Tensor:
    """Return the loss that is minimised, from logits (N, P × C) and classes (N, P).

    "sigmoid" is the mean binary cross-entropy over all outputs, "softmax" the sum of the cross-entropies of the
    parameters.
    """
    shaped = logits.reshape(len(logits), -1, CLASSES)
    if head == "sigmoid":
        return binary_cross_entropy_with_logits(shaped, one_hot(classes, CLASSES).to(shaped.dtype))
    return cross_entropy(shaped.transpose(1, 2), classes, reduction="none").sum(dim=1).mean()


def reported_loss(logits: torch.Tensor, classes: torch.Tensor, head: Head) -> torch.Tensor:
    """Return the mean binary cross-entropy of the probabilities, which compares both heads."""
    found = probabilities(logits, head)
    return binary_cross_entropy(found, one_hot(classes, CLASSES).to(found.dtype))


def train_network(
    network: nn.Module,
    head: Head,
    data: TrainingData,
    schedule: Schedule,
    seed: int,
    device: torch.device,
    checkpoint: Path,
    key: str,
    watch: Callable[[TrainingState], None] = lambda state: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainingState | None:
    """Train a network, and leave the weights of the epoch with the lowest validation loss in it.

    A checkpoint with the same key is continued, so that a killed training ends with the same weights as one that
    was not. Returns None if ``stop()`` returned True; the checkpoint then has the state. Examples are in a new random
    order in each epoch, which depends only on ``seed`` and the epoch. Raises LearnError if a checkpoint is not
    writable.
    """
    network.to(device)
    optimiser = torch.optim.Adam(network.parameters(), schedule.rate, fused=True)
    state = TrainingState()
    devices = [device] if device.type == "cuda" else []
    torch.set_flush_denormal(True)  # denormal numbers are slow
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        if checkpoint.is_file():
            state = _resume(network, optimiser, checkpoint, key, device)
        loop = _TrainingLoop(network, head, data, schedule, seed, device, optimiser, state, checkpoint, key)
        try:
            finished = loop.all_epochs(watch, stop)
        except KeyboardInterrupt:
            finished = False  # in the middle of a chunk: the last checkpoint has the state
        finally:
            torch.set_flush_denormal(False)
    if not finished:
        return None
    network.load_state_dict(state.best)
    return state


@torch.no_grad()
def score(network: nn.Module, head: Head, inputs: Inputs, rows: np.ndarray, device: torch.device) -> np.ndarray:
    """Return the probability of each class, float32 (n, P, C), for some rows."""
    network.eval()
    found = []
    for start in range(0, len(rows), CHUNK_ROWS):
        values = _tensor(inputs(rows[start : start + CHUNK_ROWS]), device)
        found.append(probabilities(network(values), head).cpu().numpy())
    return np.concatenate(found)


@dataclass(eq=False)
class _TrainingLoop:
    """A running training."""

    network: nn.Module
    head: Head
    data: TrainingData
    schedule: Schedule
    seed: int
    device: torch.device
    optimiser: torch.optim.Optimizer
    state: TrainingState
    checkpoint: Path
    key: str
    saved_at: float = field(default_factory=time.monotonic)

    def all_epochs(self, watch: Callable[[TrainingState], None], stop: Callable[[], bool]) -> bool:
        """Train until the schedule ends; return False if stopped."""
        now = self.state
        if now.is_new:
            self._record(math.nan)
        while now.epoch < self.schedule.epochs and not self._is_late:
            order = np.random.default_rng([self.seed, now.epoch]).permutation(self.data.train)
            while now.place < len(order) and not self._is_late:
                started = time.perf_counter()
                part = slice(now.place, min(now.place + CHUNK_ROWS, len(order)))
                self._set_rate(now.epoch + now.place / len(order))
                now.total += self._chunk(*self.data.examples(now.epoch, order, part))
                now.place, now.examples = part.stop, now.examples + part.stop - part.start
                now.seconds += time.perf_counter() - started
                watch(now)
                if stop():
                    self._save()
                    return False
                if now.place < len(order) and time.monotonic() - self.saved_at >= CHECKPOINT_PERIOD:
                    self._save()
            mean, now.total, done = now.total / now.place, 0.0, now.place
            now.epoch, now.place = now.epoch + 1, 0
            self._record(mean)
            if done == len(order) and time.monotonic() - self.saved_at >= CHECKPOINT_PERIOD:
                self._save()
        return True

    @property
    def _is_late(self) -> bool:
        return self.state.seconds >= 60.0 * self.schedule.minutes

    def _set_rate(self, epoch: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate_at(epoch)

    def _chunk(self, inputs: np.ndarray, of_inputs: np.ndarray) -> float:
        """Train once on inputs with the classes ``of_inputs``; return the sum of their losses."""
        self.network.train()
        values, classes = _tensor(inputs, self.device), torch.from_numpy(of_inputs).to(self.device)
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for start in range(0, len(values), self.schedule.batch):
            part = slice(start, start + self.schedule.batch)
            self.optimiser.zero_grad()
            logits = self.network(values[part])
            loss = training_loss(logits, classes[part], self.head)
            loss.backward()
            self.optimiser.step()
            reported = loss if self.head == "sigmoid" else reported_loss(logits.detach(), classes[part], self.head)
            total += reported.detach() * len(logits)
        return float(total)

    @torch.no_grad()
    def _record(self, train: float) -> None:
        """Measure the validation loss after an epoch, and store the weights if it is the lowest."""
        now, started = self.state, time.perf_counter()
        self.network.eval()
        total = 0.0
        for start in range(0, len(self.data.valid), CHUNK_ROWS):
            rows = self.data.valid[start : start + CHUNK_ROWS]
            classes = torch.from_numpy(self.data.classes[rows]).to(self.device)
            logits = self.network(_tensor(self.data.inputs(rows), self.device))
            total += float(reported_loss(logits, classes, self.head)) * len(rows)
        valid = total / len(self.data.valid)
        now.seconds += time.perf_counter() - started
        now.rows.append(EpochResult("training", now.epoch, train, valid, self.schedule.rate_at(now.epoch), now.seconds))
        if valid < now.best_loss or not now.best:
            now.best_loss, now.best = valid, copy.deepcopy(self.network.state_dict())

    def _save(self) -> None:
        now = self.state
        stored: dict[str, Any] = {
            **vars(now),
            "rows": [tuple(row) for row in now.rows],
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            stored["random_cuda"] = torch.cuda.get_rng_state(self.device)
        try:
            write_state(self.checkpoint, stored, self.key)
        except OSError as error:
            folder = self.checkpoint.parent
            raise LearnError(f"{folder}: not writable ({error.strerror}). Choose another folder.") from None
        self.saved_at = time.monotonic()


def _resume(
    network: nn.Module, optimiser: torch.optim.Optimizer, path: Path, key: str, device: torch.device
) -> TrainingState:
    """Restore the state of a checkpoint; one that does not fit is ignored, and the training starts again."""
    try:
        stored = read_state(path, key, device)
    except LearnError:
        return TrainingState()
    network.load_state_dict(stored.pop("network"))
    optimiser.load_state_dict(stored.pop("optimiser"))
    torch.set_rng_state(stored.pop("random").cpu())
    if (cuda := stored.pop("random_cuda", None)) is not None and device.type == "cuda":
        torch.cuda.set_rng_state(cuda.cpu(), device)
    stored["rows"] = [EpochResult(*row) for row in stored["rows"]]
    return TrainingState(**stored)


def _tensor(values: np.ndarray, device: torch.device) -> torch.Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
    return tensor.to(device, memory_format=torch.channels_last)
