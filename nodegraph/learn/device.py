"""The device that trains: a GPU if there is one."""

from __future__ import annotations

import torch

from .errors import LearnError


def device_of(name: str | None) -> torch.device:
    """Return a device by name, "cpu" or "cuda"; None and "auto" are CUDA if available. Raises LearnError."""
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise LearnError(f"device '{name}': unavailable. Use cpu, or leave it out.") from None
    return device
