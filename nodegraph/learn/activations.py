"""Activations of :class:`nodegraph.models.autoencoder.Layer` on tensors, and their inverses."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def activate(x: torch.Tensor, activation: str, slope: float) -> torch.Tensor:
    """Apply an activation; ``slope`` is the slope of "leaky" below 0."""
    if activation == "sigmoid":
        return torch.sigmoid(x)
    if activation == "relu":
        return F.relu(x)
    if activation == "leaky":
        return F.leaky_relu(x, slope)
    return x


def deactivate(y: torch.Tensor, activation: str, slope: float, minimum: float) -> torch.Tensor:
    """Invert an activation; for a sigmoid, ``y`` is clamped to ``minimum`` … 1 - ``minimum``."""
    if activation == "sigmoid":
        return torch.logit(y.clamp(minimum, 1.0 - minimum))
    if activation == "leaky":
        return torch.where(y < 0, y / max(slope, minimum), y)
    return y
