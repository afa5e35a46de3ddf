"""Losses of textures: closed forms and invariances."""

import numpy as np
import torch

from nodegraph.mixtures.image_losses import gram
from nodegraph.mixtures.texture_losses import (
    autocorrelation,
    circular_autocorrelation,
    correlations,
    distribution_distance,
    features,
    outputs,
    quantiles,
    random_filters,
    relative,
)


def values(shape=(4, 30), seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_autocorrelation_is_that_of_the_closed_form():
    x = values()
    found = autocorrelation(x, 10)
    y = x.numpy() - x.numpy().mean(axis=1, keepdims=True)
    expected = [[(row[: 30 - lag] * row[lag:]).sum() / 30 for lag in range(10)] for row in y]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_autocorrelation_of_a_rhythm_peaks_at_its_period():
    x = torch.zeros(1, 60, dtype=torch.float64)
    x[0, ::6] = 1.0
    assert int(autocorrelation(x, 10)[0, 1:].argmax()) + 1 == 6


def test_circular_autocorrelation_is_that_of_repeated_rows():
    x = values()
    y = x.numpy() - x.numpy().mean(axis=1, keepdims=True)
    expected = [[(row * np.roll(row, -lag)).sum() / 30 for lag in range(10)] for row in y]
    np.testing.assert_allclose(circular_autocorrelation(x, 10), expected, atol=1e-12)


def test_circular_outputs_are_those_of_repeated_levels():
    filters, levels = random_filters(8, (3, 4, 7), 9, 0), torch.rand(8, 12)
    repeated = outputs(levels.repeat(1, 3), filters)
    for found, inner, length in zip(outputs(levels, filters, circular=True), repeated, (3, 4, 7)):
        first = 12 - length // 2
        torch.testing.assert_close(found, inner[:, first : first + 12])


def test_quantiles_are_the_sorted_values_or_between_them():
    x = values()
    torch.testing.assert_close(quantiles(x, 30), x.sort(dim=1).values)
    line = torch.tensor([[3.0, 0.0, 2.0, 1.0]])
    torch.testing.assert_close(quantiles(line, 2), torch.tensor([[0.5, 2.5]]))
    torch.testing.assert_close(quantiles(line, 8), torch.tensor([[0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]]))
    torch.testing.assert_close(quantiles(torch.ones(1, 1), 3), torch.ones(1, 3))


def test_filters_are_divided_among_the_lengths():
    filters = random_filters(8, (3, 5, 9), 20, 0)
    assert [tuple(w.shape) for w in filters] == [(7, 8, 3), (7, 8, 5), (6, 8, 9)]
    levels = torch.rand(8, 12)
    assert [tuple(x.shape) for x in features(levels, filters)] == [(7, 12), (7, 12), (6, 12)]


def test_gram_of_features_ignores_the_order_of_frames():
    x = values()
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    assert relative(gram(x[:, order]), gram(x)) < 1e-24


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
    filters = [w.double() for w in random_filters(3, (3, 5), 4, 1)]
    styles = features(values((3, 9), 1), filters)

    def loss(x):
        found = features(x, filters)
        total = sum(relative(gram(a), gram(b)) for a, b in zip(found, styles))
        rhythm = relative(autocorrelation(found[0], 4), autocorrelation(styles[0], 4))
        total = total + relative(correlations(x), correlations(values((3, 9), 1)))
        return total + rhythm + distribution_distance(x, quantiles(values((3, 7), 3), 9))

    assert torch.autograd.gradcheck(loss, values((3, 9), 2).requires_grad_(True), eps=1e-6, atol=1e-5)
