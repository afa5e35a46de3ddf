"""The loss of an estimator: cross-entropy of the class heads, and the velocity error of the flow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nodegraph.models.estimator_network import EstimatorNetwork

from .targets import match_units, permute_units, smoothed


class Batch(NamedTuple):
    """Examples: standardised features, the told noise (N,), class places (N, P) and positions (N, P) in 0–1."""

    mel: Tensor
    envelope: Tensor
    level: Tensor
    noise: Tensor
    places: Tensor
    positions: Tensor


class Losses(NamedTuple):
    """The mean losses of a batch over its audible parameters."""

    classes: Tensor
    flow: Tensor


def losses_of(
    network: EstimatorNetwork,
    batch: Batch,
    counts: Tensor,
    audible: Tensor,
    groups: list[np.ndarray],
    generator: torch.Generator | None = None,
) -> Losses:
    """Return the losses of a batch.

    ``counts`` (P,) are the numbers of classes, ``audible`` (P,) weighs the parameters by 0 or 1. Each of ``groups`` has
    the columns of interchangeable units: their targets are matched to what the network says, and to the noise that
    the flow starts from.
    """
    code, logits = network(batch.mel, batch.envelope, batch.level, batch.noise)
    shares = logits.log_softmax(dim=-1)
    targets = smoothed(batch.places, counts)
    for columns in groups:
        targets = permute_units(targets, columns, match_units(class_costs(shares.detach(), targets, columns)))
    classes = -(targets * shares).sum(dim=-1)
    start = torch.randn(batch.positions.shape, generator=generator).to(batch.positions)
    values = 2.0 * batch.positions - 1.0
    for columns in groups:
        values = permute_units(values, columns, match_units(_distances(start, values, columns)))
    time = torch.rand(len(values), generator=generator).to(values)
    between = start + time[:, None] * (values - start)
    velocity = network.flow(between, time, code, logits)
    flow = F.l1_loss(velocity, values - start, reduction="none")
    weights = audible / (audible.sum() * len(values)).clamp(min=1.0)
    return Losses((classes * weights).sum(), (flow * weights).sum())


def class_costs(shares: Tensor, targets: Tensor, columns: np.ndarray) -> Tensor:
    """Return the cross-entropy (N, places, units) of each target unit at each place of a group."""
    at = torch.from_numpy(columns).to(shares.device)
    return -torch.einsum("npkc,nukc->npu", shares[:, at], targets[:, at])


def _distances(start: Tensor, values: Tensor, columns: np.ndarray) -> Tensor:
    at = torch.from_numpy(columns).to(start.device)
    return ((start[:, at][:, :, None] - values[:, at][:, None]) ** 2).sum(dim=-1)
