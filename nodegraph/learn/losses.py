"""Losses between a reconstruction ``y`` and the frames ``t``, both (frames, width)."""

from __future__ import annotations

from collections.abc import Callable

import torch

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_SMALLEST = 1e-7


def loss_of(kind: str, reduction: str) -> Loss:
    """Return a loss by name: the mean over frames of the "sum" or "mean" over bins (``reduction``).

    squared ``(y - t)²``; cross_entropy ``-t log y - (1 - t) log(1 - y)`` for 0…1; spectral_convergence
    ``Σ (y - t)² / Σ t²`` over the batch, which ignores ``reduction``.
    """
    return _LOSSES[kind] if kind == "spectral_convergence" else _reduced(_LOSSES[kind], reduction)


def _reduced(each: Loss, reduction: str) -> Loss:
    def loss(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        values = each(y, t)
        return values.sum() / len(values) if reduction == "sum" else values.mean()

    return loss


def _squared(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return (y - t).square()


def _cross_entropy(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    y = y.clamp(_SMALLEST, 1.0 - _SMALLEST)
    return -(t * y.log() + (1.0 - t) * (1.0 - y).log())


def _spectral_convergence(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return (y - t).square().sum() / t.square().sum().clamp_min(_SMALLEST)


_LOSSES: dict[str, Loss] = {
    "squared": _squared,
    "cross_entropy": _cross_entropy,
    "spectral_convergence": _spectral_convergence,
}
