"""Training targets: smoothed ordinal classes, and the matching of interchangeable units."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np
import torch
from torch import Tensor

from nodegraph.models.estimator import Estimator, Group, class_values
from nodegraph.models.parameters import Parameter, to_unit

SMOOTHING = 0.6  # classes: deviation of the Gaussian around the true value
MAX_ENUMERATED = 5  # units of a group whose permutations are all compared


def class_places(parameters: Sequence[Parameter], values: np.ndarray) -> np.ndarray:
    """Return values (N, P) as places on the axis of classes, float32: class ``k`` is at ``k``."""
    positions = to_unit(parameters, values)
    for column, parameter in enumerate(parameters):
        classes = to_unit([parameter], np.array(class_values(parameter))[:, None])[:, 0]
        positions[:, column] = np.interp(positions[:, column], classes, np.arange(len(classes)))
    return positions.astype(np.float32)


def smoothed(places: Tensor, counts: Tensor) -> Tensor:
    """Return the target distribution (N, P, classes) around places (N, P); 0 for classes that do not exist."""
    number = torch.arange(int(counts.max()), device=places.device)
    shares = torch.exp(-0.5 * ((number - places[..., None]) / SMOOTHING) ** 2) * (number < counts[:, None])
    return shares / shares.sum(dim=-1, keepdim=True)


def columns_of(group: Group, names: Sequence[str]) -> np.ndarray:
    """Return the columns (units, parameters per unit) of a group of interchangeable units."""
    return np.array([[names.index(name) for name in unit] for unit in group])


def groups_of(model: Estimator) -> list[np.ndarray]:
    """Return the columns of all groups of interchangeable units."""
    return [columns_of(group, model.names) for group in model.interchangeable]


def match_units(costs: Tensor) -> Tensor:
    """Return the cheapest assignment (N, units) of target units to places, from costs (N, places, target units).

    Few units are compared in all orders, many by the Hungarian method.
    """
    units = costs.shape[1]
    if units <= MAX_ENUMERATED:
        orders = torch.tensor(list(permutations(range(units))), device=costs.device)
        places = torch.arange(units, device=costs.device).expand(factorial(units), units)
        return orders[costs[:, places, orders].sum(dim=-1).argmin(dim=1)]
    from scipy.optimize import linear_sum_assignment

    found = [linear_sum_assignment(cost)[1] for cost in costs.detach().cpu().numpy()]
    return torch.from_numpy(np.stack(found)).to(costs.device)


def permute_units(values: Tensor, columns: np.ndarray, order: Tensor) -> Tensor:
    """Return values (N, P, …) whose units at ``columns`` (units, parameters) are reordered by ``order`` (N, units)."""
    at = torch.from_numpy(columns).to(order.device)
    source = at[order].flatten(1)  # (N, units × parameters)
    rows = torch.arange(len(values), device=order.device)[:, None]
    result = values.clone()
    result[:, at.flatten()] = values[rows, source]
    return result
