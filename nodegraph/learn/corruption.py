"""Input noise of a denoising autoencoder (Vincent et al., ICML 2008)."""

from __future__ import annotations

import torch


def corrupt(x: torch.Tensor, kind: str, amount: float, generator: torch.Generator) -> torch.Tensor:
    """Return ``x`` with noise.

    gaussian: noise of standard deviation ``amount``; dropout: a share ``amount`` (0…1) of the values set to 0;
    salt_and_pepper: a share ``amount`` set to 0 or 1.
    """
    if kind == "none" or amount == 0.0:
        return x
    if kind == "gaussian":
        return x + amount * torch.randn(x.shape, generator=generator, device=x.device)
    chance = torch.rand(x.shape, generator=generator, device=x.device)
    if kind == "dropout":
        return torch.where(chance < amount, 0.0, x)
    salt = (chance < amount / 2.0).to(x.dtype)
    return torch.where(chance < amount, salt, x)
