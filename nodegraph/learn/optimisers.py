"""Optimisers, and the schedules of their rate and momentum."""

from __future__ import annotations

import math

import torch

from .recipe import TrainingConfig

_FIRST = 1e-3  # factor of the rate in the first step of a warm-up


def optimiser_of(config: TrainingConfig, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    """Return SGD with momentum, or Adam (Kingma & Ba, 2015; ``momentum`` is its β₁)."""
    if config.optimiser == "sgd":
        return torch.optim.SGD(parameters, config.rate, config.momentum, fused=True)
    return torch.optim.Adam(parameters, config.rate, (config.momentum, 0.999), fused=True)


def update_schedule(optimiser: torch.optim.Optimizer, config: TrainingConfig, fraction: float) -> None:
    """Set rate and momentum for a training of which ``fraction`` (0…1) is done."""
    momentum = config.momentum
    if config.last_momentum is not None:
        momentum += (config.last_momentum - momentum) * fraction
    for group in optimiser.param_groups:
        group["lr"] = config.rate * rate_factor(config, fraction)
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum


def rate_factor(config: TrainingConfig, fraction: float) -> float:
    """Return the factor of the rate: after the warm-up 1, at the end ``last_rate``, unless it is constant."""
    if fraction < config.warm_up:
        return max(fraction / config.warm_up, _FIRST)
    begin = config.warm_up + config.hold
    over = min(max((fraction - begin) / max(1.0 - begin, 1e-9), 0.0), 1.0)
    if config.schedule == "constant":
        return 1.0
    bend = 0.5 + 0.5 * math.cos(math.pi * over) if config.schedule == "cosine" else 1.0 - over
    return config.last_rate + (1.0 - config.last_rate) * bend
