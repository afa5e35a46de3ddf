"""Losses of textures: closed forms and invariances."""

import numpy as np
import pytest
import torch

from nodegraph.mixtures.recipe import TextureConfig
from nodegraph.mixtures.texture_losses import (
    correlations,
    distribution_distance,
    level_targets,
    modulations,
    quantiles,
)


def values(shape=(4, 30), seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_quantiles_are_the_sorted_values_or_between_them():
    x = values()
    torch.testing.assert_close(quantiles(x, 30), x.sort(dim=1).values)
    line = torch.tensor([[3.0, 0.0, 2.0, 1.0]])
    torch.testing.assert_close(quantiles(line, 2), torch.tensor([[0.5, 2.5]]))
    torch.testing.assert_close(quantiles(line, 8), torch.tensor([[0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]]))
    torch.testing.assert_close(quantiles(torch.ones(1, 1), 3), torch.ones(1, 3))


@pytest.mark.parametrize("frames", [1, 2, 7, 30])
def test_levels_of_the_style_have_no_loss(frames):
    x = values((4, frames))
    assert all(loss == 0.0 for loss in level_targets(x, frames).losses(x, TextureConfig()).values())


def test_modulations_are_the_power_of_their_octave_and_the_correlation_of_bands():
    t = torch.arange(64, dtype=torch.float64)
    slow, fast = (10.0 * torch.sin(2.0 * torch.pi * t * periods / 64) for periods in (4, 16))
    found = modulations(torch.stack([slow, fast, -fast]), 1 / 32)
    assert found.shape == (4, 3, 3)  # octaves of 16, 8, 4 and 2 periods
    expected = torch.zeros(4, 3, 3, dtype=torch.float64)
    expected[2, 0, 0] = expected[0, 1, 1] = expected[0, 2, 2] = 1.0
    expected[0, 1, 2] = expected[0, 2, 1] = -1.0
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0.0)


def test_other_order_of_frames_differs_in_its_modulations_only():
    pulses = torch.exp(-(torch.arange(60.0) % 12) / 3.0)[None].repeat(4, 1).double()
    order = torch.randperm(60, generator=torch.Generator().manual_seed(1))
    found = level_targets(pulses, 60).losses(pulses[:, order], TextureConfig())
    assert found["levels"] < 1e-12 and found["correlation"] < 1e-12 and found["modulation"] > 0.01


def test_distribution_distance_ignores_the_order_of_frames():
    x = values()
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    assert distribution_distance(x[:, order], quantiles(x, 30)) == 0.0


def test_distribution_distance_of_a_shift_is_its_square_over_the_variance():
    x = values()
    expected = 0.25 / (x.numpy().var(axis=1).mean() + 0.01)
    np.testing.assert_allclose(distribution_distance(x + 0.5, quantiles(x, 30)), expected, rtol=1e-9)


def test_correlations_are_those_of_numpy_at_any_gain_and_offset():
    x = values()
    np.testing.assert_allclose(correlations(100.0 * x + 7.0), np.corrcoef(x), atol=1e-4)
    steady = torch.cat([x, torch.ones(1, 30, dtype=torch.float64)])
    assert (correlations(steady)[4] == 0.0).all()


def test_gradients_agree_with_finite_differences():
    targets = level_targets(values((3, 7), 1), 9)

    def loss(x):
        return sum(targets.losses(x, TextureConfig()).values())

    assert torch.autograd.gradcheck(loss, values((3, 9), 2).requires_grad_(True), eps=1e-6, atol=1e-5)
