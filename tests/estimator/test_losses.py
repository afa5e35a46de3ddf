"""Targets and losses: smoothed classes, and interchangeable units in any order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nodegraph.estimator.losses import Batch, class_costs, losses_of  # noqa: E402
from nodegraph.estimator.targets import class_places, columns_of, match_units, permute_units, smoothed  # noqa: E402
from nodegraph.models.estimator_layout import Layout  # noqa: E402
from nodegraph.models.estimator_network import EstimatorNetwork  # noqa: E402
from nodegraph.models.parameters import Parameter  # noqa: E402

UNITS, PARTS = 3, 2
NAMES = [f"{part}{unit}" for unit in range(UNITS) for part in "ab"]
GROUP = tuple(tuple(f"{part}{unit}" for part in "ab") for unit in range(UNITS))


def test_class_k_is_at_place_k_and_values_between_are_interpolated():
    parameters = [Parameter("a", "x.a", 1.0, 100.0, "log", (1.0, 10.0, 100.0)), Parameter("b", "x.b", 0.0, 1.0)]
    places = class_places(parameters, np.array([[1.0, 0.0], [10.0, 1.0], [10.0**1.5, 0.5]]))
    assert places == pytest.approx(np.array([[0.0, 0.0], [1.0, 19.0], [1.5, 9.5]]))


def test_smoothed_target_is_a_distribution_around_the_place():
    shares = smoothed(torch.tensor([[2.0, 0.0], [1.5, 3.0]]), torch.tensor([5, 4]))
    assert shares.sum(dim=-1) == pytest.approx(torch.ones(2, 2))
    assert (shares[:, 1, 4] == 0.0).all()  # a class that the second parameter does not have
    assert shares[0, 0].argmax() == 2 and shares[0, 0, 1] == shares[0, 0, 3]
    assert shares[1, 0, 1] == pytest.approx(float(shares[1, 0, 2]))


@pytest.mark.parametrize("units", [2, 3, 5, 7])
def test_matching_finds_the_cheapest_assignment(units):
    costs = torch.rand(4, units, units, generator=torch.Generator().manual_seed(units))
    found = match_units(costs)
    for cost, order in zip(costs, found):
        best = min(sum(float(cost[i, j]) for i, j in enumerate(p)) for p in permutations(range(units)))
        assert sum(float(cost[i, j]) for i, j in enumerate(order)) == pytest.approx(best)


def test_matching_restores_shuffled_units():
    columns = columns_of(GROUP, NAMES)
    places = torch.arange(12.0).view(2, 6) % 7
    order = torch.tensor([[2, 0, 1], [1, 0, 2]])
    shuffled = permute_units(places, columns, order)
    assert sorted(shuffled[0].tolist()) == sorted(places[0].tolist()) and not torch.equal(shuffled, places)
    counts = torch.full((6,), 7)
    shares = smoothed(places, counts).clamp(min=1e-6).log()
    found = match_units(class_costs(shares, smoothed(shuffled, counts), columns))
    assert torch.equal(permute_units(shuffled, columns, found), places)


def batch(places: torch.Tensor, audible: torch.Tensor | None = None) -> Batch:
    random = torch.Generator().manual_seed(0)
    features = (torch.rand(len(places), *shape, generator=random) for shape in ((16, 8), (4,), ()))
    audible = torch.ones_like(places) if audible is None else audible
    return Batch(*features, torch.zeros(len(places)), places, places / 6.0, audible)


@pytest.fixture
def network():
    torch.manual_seed(0)
    sizes = dict(frames=16, bands=8, points=4, channels=(4, 4), strides=((2, 2), (2, 2)), hidden=16, flow_width=16)
    return EstimatorNetwork(Layout(classes=(7,) * 6, **sizes)).eval()


def test_loss_does_not_depend_on_the_order_of_interchangeable_units(network):
    columns = columns_of(GROUP, NAMES)
    places = torch.randint(0, 7, (5, 6), generator=torch.Generator().manual_seed(1)).float()
    counts = torch.full((6,), 7)

    def loss(values: torch.Tensor, groups: list[np.ndarray]) -> tuple[float, ...]:
        found = losses_of(network, batch(values), counts, groups, torch.Generator().manual_seed(2))
        return tuple(float(part.detach()) for part in found)

    shuffled = permute_units(places, columns, torch.tensor([[2, 0, 1]]).expand(5, 3))
    assert loss(shuffled, [columns]) == pytest.approx(loss(places, [columns]), rel=1e-5)
    assert loss(shuffled, []) != pytest.approx(loss(places, []), rel=1e-3)
    assert loss(places, [columns])[0] <= loss(places, [])[0]


def test_inaudible_parameters_do_not_count(network):
    counts, audible = torch.full((6,), 7), torch.tensor([[1.0, 0.0, 1.0, 1.0, 1.0, 1.0]]).expand(5, 6)
    places = torch.zeros(5, 6)
    other = places.clone()
    other[:, 1] = 6.0
    values = []
    for given in (places, other):
        found = losses_of(network, batch(given, audible), counts, [], torch.Generator().manual_seed(2))
        values.append(float(found.classes.detach()))
    assert values[0] == pytest.approx(values[1])
