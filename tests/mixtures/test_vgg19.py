"""The layers of VGG-19, and the gradients of the losses on it."""

import numpy as np
import torch
from torch.nn import functional

from nodegraph.mixtures import image_losses as losses
from nodegraph.mixtures.vgg19 import activations, normalised, random_weights
from nodegraph.mixtures.vgg_layers import layer_shapes

WIDTH = 1 / 32


def test_layers_are_those_of_vgg19():
    shapes = layer_shapes()
    assert list(shapes)[:5] == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"]
    assert list(shapes)[-1] == "conv5_4" and len(shapes) == 16
    assert [shapes[f"conv{block}_1"] for block in range(1, 6)] == [
        (3, 64),
        (64, 128),
        (128, 256),
        (256, 512),
        (512, 512),
    ]
    # the weights of the convolutions of VGG-19, without the dense layers
    assert sum(9 * before * after + after for before, after in shapes.values()) == 20_024_384


def test_pooling_is_the_average_and_halves_the_image():
    weights = random_weights(0, WIDTH)
    image = torch.rand(3, 32, 48)
    found = activations(image, weights, ["conv1_2", "conv2_1", "conv5_4"])
    assert [tuple(x.shape[1:]) for x in found.values()] == [(32, 48), (16, 24), (2, 3)]
    pooled = found["conv1_2"].reshape(2, 16, 2, 24, 2).mean((2, 4))
    expected = functional.relu(functional.conv2d(pooled[None], *weights["conv2_1"], padding=1))[0]
    torch.testing.assert_close(found["conv2_1"], expected)
    assert (found["conv5_4"] >= 0.0).all()


def test_only_the_named_layers_are_computed():
    weights = random_weights(0, WIDTH)
    del weights["conv1_2"]
    found = activations(torch.rand(3, 4, 4), weights, ["conv1_1"])
    assert list(found) == ["conv1_1"]


def test_random_weights_keep_the_power_of_their_input():
    weights = random_weights(0, 0.5)
    image = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = activations(image, weights, ["conv1_1", "conv1_2"])
    for values in found.values():
        assert 0.5 < (values[:, 2:-2, 2:-2] ** 2).mean() < 2.0
    again = random_weights(0, 0.5)
    assert all(torch.equal(a, b) for name in weights for a, b in zip(weights[name], again[name]))


def test_normalised_layers_have_a_mean_output_of_one_and_the_same_shape():
    generator = torch.Generator().manual_seed(0)
    images = [100.0 * torch.randn(3, 16, 16, generator=generator) for _ in range(2)]
    weights = {
        name: (kernels, 0.1 * torch.randn(len(kernels), generator=generator))
        for name, (kernels, _) in random_weights(0, 0.1).items()
    }
    layers = ["conv1_1", "conv2_1", "conv3_1"]
    scaled = normalised(weights, images, layers)
    assert list(scaled)[-1] == "conv3_1"
    found = [activations(image, scaled, layers) for image in images]
    plain = activations(images[0], weights, layers)
    for name in layers:
        mean = sum(values[name].mean() for values in found) / 2
        torch.testing.assert_close(mean, torch.tensor(1.0), atol=1e-4, rtol=0.0)
        factor = plain[name].norm() / found[0][name].norm()
        torch.testing.assert_close(plain[name], factor * found[0][name], atol=1e-2, rtol=1e-3)


def test_losses_are_those_of_the_closed_forms():
    rng = np.random.default_rng(0)
    f, p = rng.normal(size=(2, 3, 4, 5))
    found = losses.content_loss(torch.tensor(f), torch.tensor(p))
    np.testing.assert_allclose(found, 0.5 * ((f - p) ** 2).sum())
    g, s = (x.reshape(3, 20) @ x.reshape(3, 20).T for x in (f, p))
    found = losses.style_loss(losses.gram(torch.tensor(f)), losses.gram(torch.tensor(p)))
    np.testing.assert_allclose(found, ((g - s) ** 2).sum() / (4 * 3**2 * 20**2))
    steps = sum(
        ((f[c, i, j] - f[c, i + 1, j]) ** 2 + (f[c, i, j] - f[c, i, j + 1]) ** 2) ** 1.25
        for c in range(3)
        for i in range(3)
        for j in range(4)
    )
    np.testing.assert_allclose(losses.total_variation(torch.tensor(f)), steps)


def test_gradients_of_all_losses_agree_with_finite_differences():
    weights = random_weights(1, WIDTH, torch.float64)
    generator = torch.Generator().manual_seed(2)
    content, style, start = (torch.randn(3, 6, 5, generator=generator, dtype=torch.float64) for _ in range(3))
    layers = ["conv1_1", "conv2_1", "conv3_1"]
    targets = activations(content, weights, ["conv2_2"])
    grams = {name: losses.gram(x) for name, x in activations(style, weights, layers).items()}

    def loss(image):
        found = activations(image, weights, [*layers, "conv2_2"])
        styles = sum(losses.style_loss(losses.gram(found[name]), grams[name]) for name in layers)
        content_part = losses.content_loss(found["conv2_2"], targets["conv2_2"])
        return content_part + styles + losses.total_variation(image)

    assert torch.autograd.gradcheck(loss, start.requires_grad_(True), eps=1e-6, atol=1e-5)
