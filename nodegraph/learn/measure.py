"""How well a model does: squared errors beside those of the mean and of principal components."""

from __future__ import annotations

import numpy as np
import torch

from nodegraph.models.autoencoder import Autoencoder, Features

from .baselines import Baselines
from .frames import FrameSets
from .network import Network

_AT_ONCE = 4096

Errors = dict[str, float]


def feature_errors(network: Network, baselines: Baselines, frames: torch.Tensor) -> Errors:
    """Errors of the numbers that the network sees."""
    total = 0.0
    with torch.no_grad():
        for part in frames.split(_AT_ONCE):
            total += float((network(part) - part).square().sum(dtype=torch.float64))
    return report(total / len(frames), *baselines.errors(frames), frames.shape[1])


def magnitude_errors(model: Autoencoder, frames: FrameSets, device: torch.device) -> dict[str, Errors]:
    """Errors of the magnitudes themselves, all divided by the largest of the training frames, whatever the features.

    So models with different features can be compared. A model whose features are normalised by frame is given each
    frame's level, one number that the principal components are not given.
    """
    largest = float(frames.train.max())
    baselines = Baselines.fit(torch.from_numpy(frames.train).to(device) / largest, model.code_size)
    found = {}
    for part in ("valid", "test"):
        magnitudes: np.ndarray = getattr(frames, part)
        total = 0.0
        for at in range(0, len(magnitudes), _AT_ONCE):
            some = magnitudes[at : at + _AT_ONCE]
            difference = (model.reconstruct(some).astype(np.float64) - some) / largest
            total += float(np.square(difference).sum())
        baseline_errors = baselines.errors(torch.from_numpy(magnitudes).to(device) / largest)
        found[part] = report(total / len(magnitudes), *baseline_errors, magnitudes.shape[1])
    return found


def are_scaled_magnitudes(features: Features) -> bool:
    """Whether features are magnitudes divided by one number: then errors of both are the same."""
    return features.normalise == "global" and features.power == 1.0 and not features.log


def report(error: float, mean: float, pca: float, width: int) -> Errors:
    """An error in both units, and as a share of what predicting the mean leaves, with the yardsticks beside it."""
    return {
        "sum": error,
        "mean": error / width,
        "relative": error / mean if mean > 0 else 0.0,
        "predict_the_mean": mean,
        "pca": pca,
        "pca_relative": pca / mean if mean > 0 else 0.0,
    }
