"""Regularisers: penalties on weights and units, and asymmetric weight decay."""

from __future__ import annotations

import torch

from .network import Network


def penalty(network: Network) -> torch.Tensor | float:
    """Return the terms added to the loss: ``l2 Σ w²``, and ``activity Σ |h|`` averaged over frames."""
    total: torch.Tensor | float = 0.0
    for pair, hidden in zip(network.pairs, network.hidden):
        if pair.config.l2:
            total = total + pair.config.l2 * sum(weight.square().sum() for weight in pair.weights)
        if pair.config.activity:
            total = total + pair.config.activity * hidden.abs().sum() / len(hidden)
    return total


@torch.no_grad()
def decay(network: Network) -> None:
    """Apply asymmetric weight decay: ``w ← w - d w``, with separate ``d`` for w < 0 and w ≥ 0.

    Lemme, Reinhart & Steil, Online learning and generalization of parts-based image representations by non-negative
    sparse autoencoders (Neural Networks, 2012).
    """
    for pair in network.pairs:
        down, up = pair.config.decay_negative, pair.config.decay_positive
        if down == up == 0.0:
            continue
        for weight in (*pair.weights, *(pair.biases if pair.config.decay_biases else ())):
            weight.copy_(torch.where(weight < 0, (1.0 - down) * weight, (1.0 - up) * weight))
