"""Baselines for errors: predicting the mean, and principal components of the same width."""

from __future__ import annotations

from dataclasses import dataclass

import torch

_CHUNK_FRAMES = 8192


@dataclass(frozen=True, eq=False)
class Baselines:
    """Mean (width,) and principal components (count, width) of the training frames.

    The components are the linear optimum: no linear encoder and decoder with a code of that width has a smaller error
    on those frames (Baldi & Hornik, Neural networks and principal component analysis, 1989).
    """

    mean: torch.Tensor
    components: torch.Tensor

    @classmethod
    def fit(cls, train: torch.Tensor, count: int) -> Baselines:
        """Compute the baselines of training frames (frames, width), with ``count`` components."""
        return cls(*principal_components(train, count))

    def errors(self, frames: torch.Tensor) -> tuple[float, float]:
        """Return the squared errors of the mean and of the components: sums over bins, means over frames."""
        total = rest = 0.0
        for part in frames.split(_CHUNK_FRAMES):
            centred = part - self.mean
            left = centred - (centred @ self.components.T) @ self.components
            total += float(centred.square().sum(dtype=torch.float64))
            rest += float(left.square().sum(dtype=torch.float64))
        return total / len(frames), rest / len(frames)


def principal_components(values: torch.Tensor, count: int, centred: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean (width,) and the first components (count or fewer, width), the strongest first.

    If ``centred`` is False, the mean is 0 and the components are those of the second moments.
    """
    width = values.shape[1]
    mean = torch.zeros(width, dtype=torch.float64, device=values.device)
    if centred:
        mean = values.mean(0, dtype=torch.float64)
    moments = torch.zeros((width, width), dtype=torch.float64, device=values.device)
    for part in values.split(_CHUNK_FRAMES):
        difference = part - mean.float()
        moments += (difference.T @ difference).double()
    _, vectors = torch.linalg.eigh(moments)
    return mean.float(), vectors.flip(1)[:, : min(count, width)].T.float().contiguous()
