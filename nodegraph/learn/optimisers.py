"""Optimisers, and how their rate and momentum move from the beginning of a training to its end."""

from __future__ import annotations

import math

import torch

from .recipe import TrainingChoices

_FIRST = 1e-3  # share of the rate in the first step of a warm-up


def optimiser_of(choices: TrainingChoices, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam (Kingma & Ba, 2015; ``momentum`` is its β₁)."""
    if choices.optimiser == "sgd":
        return torch.optim.SGD(parameters, choices.rate, choices.momentum, fused=True)
    return torch.optim.Adam(parameters, choices.rate, (choices.momentum, 0.999), fused=True)


def move_on(optimiser: torch.optim.Optimizer, choices: TrainingChoices, done: float) -> None:
    """Set rate and momentum for a training of which ``done`` (0…1) is over."""
    momentum = choices.momentum
    if choices.last_momentum is not None:
        momentum += (choices.last_momentum - momentum) * done
    for group in optimiser.param_groups:
        group["lr"] = choices.rate * rate_share(choices, done)
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum


def rate_share(choices: TrainingChoices, done: float) -> float:
    """The share of the rate that is left: 1 at first, ``last_rate`` at the end, unless it is constant."""
    if done < choices.warm_up:
        return max(done / choices.warm_up, _FIRST)
    begin = choices.warm_up + choices.hold
    over = min(max((done - begin) / max(1.0 - begin, 1e-9), 0.0), 1.0)
    if choices.schedule == "constant":
        return 1.0
    bend = 0.5 + 0.5 * math.cos(math.pi * over) if choices.schedule == "cosine" else 1.0 - over
    return choices.last_rate + (1.0 - choices.last_rate) * bend
