"""The loss of an estimator: cross-entropy of the class heads, and the velocity error of the flow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nodegraph.models.estimator_network import EstimatorNetwork

from .targets import match_units, permute_units, smoothed


class Batch(NamedTuple):
    """Examples: standardised features, the stated noise (N,), class places (N, P) and positions (N, P) in 0–1.

    ``audible`` (N, P) is 1 where a parameter can be heard, else 0.
    """

    mel: Tensor
    envelope: Tensor
    level: Tensor
    noise: Tensor
    places: Tensor
    positions: Tensor
    audible: Tensor


class Losses(NamedTuple):
    """The mean losses of a batch over its audible parameters."""

    classes: Tensor
    flow: Tensor


def losses_of(
    network: EstimatorNetwork,
    batch: Batch,
    counts: Tensor,
    groups: list[np.ndarray],
    generator: torch.Generator | None = None,
) -> Losses:
    """Return the losses of a batch.

    ``counts`` (P,) are the numbers of classes. Each of ``groups`` has the columns of interchangeable units: their
    targets are matched to what the network says, and to the noise that the flow starts from.
    """
    code, logits = network(batch.mel, batch.envelope, batch.level, batch.noise)
    shares = logits.log_softmax(dim=-1)
    targets = smoothed(batch.places, counts) * batch.audible[..., None]  # inaudible parameters cost nothing
    for columns in groups:
        targets = permute_units(targets, columns, match_units(class_costs(shares.detach(), targets, columns)))
    total = batch.audible.sum().clamp(min=1.0)
    classes = -(targets * shares).sum() / total
    start = torch.randn(batch.positions.shape, generator=generator).to(batch.positions)
    values, weights = 2.0 * batch.positions - 1.0, batch.audible
    for columns in groups:
        order = match_units(_distances(start, values, weights, columns))
        values, weights = permute_units(values, columns, order), permute_units(weights, columns, order)
    time = torch.rand(len(values), generator=generator).to(values)
    between = start + time[:, None] * (values - start)
    velocity = network.flow(between, time, code, logits)
    return Losses(classes, ((velocity - (values - start)).abs() * weights).sum() / total)


def class_costs(shares: Tensor, targets: Tensor, columns: np.ndarray) -> Tensor:
    """Return the cross-entropy (N, places, units) of each target unit at each place of a group.

    ``shares`` are logarithms, (N, P, classes) like ``targets``.
    """
    at = torch.from_numpy(columns).to(shares.device)
    return -torch.einsum("npkc,nukc->npu", shares[:, at], targets[:, at])


def _distances(start: Tensor, values: Tensor, weights: Tensor, columns: np.ndarray) -> Tensor:
    at = torch.from_numpy(columns).to(start.device)
    squares = (start[:, at][:, :, None] - values[:, at][:, None]) ** 2
    return (squares * weights[:, at][:, None]).sum(dim=-1)
