"""What errors are measured against: predicting the mean, and principal components of the same width."""

from __future__ import annotations

from dataclasses import dataclass

import torch

_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Baselines:
    """Mean (width,) and principal components (count, width) of the frames that are trained on.

    The components are the optimum of everything linear: a linear decoder of a linear code of that width cannot do
    better on those frames (Baldi & Hornik, Neural networks and principal component analysis, 1989).
    """

    mean: torch.Tensor
    components: torch.Tensor

    @classmethod
    def fit(cls, train: torch.Tensor, count: int) -> Baselines:
        return cls(*principal_components(train, count))

    def errors(self, frames: torch.Tensor) -> tuple[float, float]:
        """Squared errors of predicting the mean and of the components: sums over bins, means over frames."""
        total = rest = 0.0
        for part in frames.split(_AT_ONCE):
            centred = part - self.mean
            left = centred - (centred @ self.components.T) @ self.components
            total += float(centred.square().sum(dtype=torch.float64))
            rest += float(left.square().sum(dtype=torch.float64))
        return total / len(frames), rest / len(frames)


def principal_components(values: torch.Tensor, count: int, centred: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (width,) and the first ``count`` components (count or fewer, width), the strongest first.

    Not ``centred``: the mean is 0 and the components are those of the second moments.
    """
    width = values.shape[1]
    mean = torch.zeros(width, dtype=torch.float64, device=values.device)
    if centred:
        mean = values.mean(0, dtype=torch.float64)
    moments = torch.zeros((width, width), dtype=torch.float64, device=values.device)
    for part in values.split(_AT_ONCE):
        difference = part - mean.float()
        moments += (difference.T @ difference).double()
    _, vectors = torch.linalg.eigh(moments)
    return mean.float(), vectors.flip(1)[:, : min(count, width)].T.float().contiguous()
