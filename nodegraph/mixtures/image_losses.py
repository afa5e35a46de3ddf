"""Losses of style transfer on images.

Gatys, Ecker & Bethge, Image style transfer using convolutional neural networks (CVPR, 2016); total variation:
Mahendran & Vedaldi, Understanding deep image representations by inverting them (CVPR, 2015).
"""

from __future__ import annotations

from torch import Tensor

VARIATION_POWER = 1.25


def content_loss(found: Tensor, target: Tensor) -> Tensor:
    """Return ``½ Σ (F - P)²`` of activations of equal shape."""
    return 0.5 * ((found - target) ** 2).sum()


def gram(features: Tensor) -> Tensor:
    """Return ``F Fᵀ / M`` of features (N, …) at M positions: (N, N)."""
    flat = features.reshape(len(features), -1)
    return flat @ flat.T / flat.shape[1]


def style_loss(found: Tensor, target: Tensor) -> Tensor:
    """Return ``Σ (G - S)² / (4 N² M²)`` of two Gram matrices of :func:`gram`, which are already divided by M.

    So the sounds may have different lengths.
    """
    return ((found - target) ** 2).sum() / (4.0 * len(found) ** 2)


def total_variation(image: Tensor) -> Tensor:
    """Return ``Σ ((x[i, j] - x[i + 1, j])² + (x[i, j] - x[i, j + 1])²)^1.25`` of an image (3, rows, columns)."""
    down = image[:, :-1, :-1] - image[:, 1:, :-1]
    across = image[:, :-1, :-1] - image[:, :-1, 1:]
    return ((down**2 + across**2) ** VARIATION_POWER).sum()
