"""The convolutional part of VGG-19, with average pooling.

Simonyan & Zisserman, Very deep convolutional networks for large-scale image recognition (ICLR, 2015); average pooling
as in Gatys, Ecker & Bethge, Image style transfer using convolutional neural networks (CVPR, 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from .vgg_layers import layer_shapes

MEAN = (123.68, 116.779, 103.939)  # red, green, blue of the images in 0…255 that the network was made for
Weights = dict[str, tuple[Tensor, Tensor]]  # layer → kernels (out, in, 3, 3), biases (out,)


def random_weights(seed: int, width: float = 1.0, dtype: torch.dtype = torch.float32) -> Weights:
    """Return Gaussian kernels of variance 2 / fan-in, and biases of 0.

    He, Zhang, Ren & Sun, Delving deep into rectifiers (ICCV, 2015).
    """
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, (before, after) in layer_shapes(width).items():
        kernels = torch.randn(after, before, 3, 3, generator=generator, dtype=dtype)
        weights[name] = (kernels * math.sqrt(2.0 / (9 * before)), torch.zeros(after, dtype=dtype))
    return weights


def activations(image: Tensor, weights: Weights, layers: Iterable[str]) -> dict[str, Tensor]:
    """Return the rectified outputs of named layers: (channels, rows, columns) each.

    ``image`` is (3, rows, columns), with the mean colour subtracted. The layers above the last named one are not
    computed. An incomplete square at the border of a pooling is averaged over its pixels.
    """
    missing = set(layers)
    found = {}
    for name, values in outputs(image, weights):
        if name in missing:
            found[name] = values
            missing.discard(name)
        if not missing:
            break
    return found


def outputs(image: Tensor, weights: Weights) -> Iterator[tuple[str, Tensor]]:
    """Compute the layers in turn: pairs of name and rectified output."""
    x = image[None]
    for name, (kernels, biases) in weights.items():
        if name.endswith("_1") and name != "conv1_1":
            x = functional.avg_pool2d(x, 2, ceil_mode=True)
        x = functional.relu(functional.conv2d(x, kernels, biases, padding=1))
        yield name, x[0]


def normalised(weights: Weights, images: Sequence[Tensor], layers: Iterable[str]) -> Weights:
    """Return the weights up to the last named layer, scaled so that each layer's mean output over images is 1.

    The function of the network is the same but for these factors. The weights of the losses were chosen for such a
    network (Gatys, Ecker & Bethge, CVPR, 2016, who scale each filter for itself).
    """
    last = max(list(weights).index(name) for name in layers)
    used = dict(list(weights.items())[: last + 1])
    sums = dict.fromkeys(used, 0.0)
    with torch.no_grad():
        for image in images:
            for name, values in outputs(image, used):
                sums[name] += values.mean().item() / len(images)
    scaled, before = {}, 1.0
    for name, (kernels, biases) in used.items():
        mean = sums[name] or 1.0
        scaled[name] = (kernels * (before / mean), biases / mean)
        before = mean
    return scaled
