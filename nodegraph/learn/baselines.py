"""Baselines for errors: predicting the mean, and principal components of the same width."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

import torch

_CHUNK_FRAMES = 8192
_KNOWN = 24  # sets of frames whose components are kept: a table trains many nets on the same frames, in five folds
_KNOWN_WIDTH = 2048  # larger components are not kept, to save memory
_known: OrderedDict[str, tuple[torch.Tensor, torch.Tensor]] = OrderedDict()


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
    key = _key_of(values, centred)
    found = _known.get(key)
    if found is None:
        mean = torch.zeros(width, dtype=torch.float64, device=values.device)
        if centred:
            mean = values.mean(0, dtype=torch.float64)
        moments = torch.zeros((width, width), dtype=torch.float64, device=values.device)
        for part in values.split(_CHUNK_FRAMES):
            difference = part - mean.float()
            moments += (difference.T @ difference).double()
        _, vectors = torch.linalg.eigh(moments)
        found = mean.float(), vectors.flip(1).T.float().contiguous()
        if width <= _KNOWN_WIDTH:
            _known[key] = found
        if len(_known) > _KNOWN:
            _known.popitem(last=False)
    return found[0].clone(), found[1][: min(count, width)].clone()


def _key_of(values: torch.Tensor, centred: bool) -> str:
    """Return a hash of frames: of their sums and of some rows, which change with any other frames."""
    digest = hashlib.sha256(repr((tuple(values.shape), str(values.device), centred)).encode())
    rows = values[:: max(1, len(values) // 64)]
    for part in (values.sum(0, dtype=torch.float64), values.sum(1, dtype=torch.float64), rows):
        digest.update(part.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
