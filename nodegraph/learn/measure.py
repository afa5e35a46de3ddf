"""Squared errors of a model, with those of the baselines: the mean and principal components."""

from __future__ import annotations

import numpy as np
import torch

from nodegraph.models.autoencoder import Autoencoder, Features

from .baselines import Baselines
from .frames import FrameSets
from .network import Network

_CHUNK_FRAMES = 4096

Errors = dict[str, float]


def feature_errors(network: Network, baselines: Baselines, frames: torch.Tensor) -> Errors:
    """Return the errors of the features."""
    total = 0.0
    with torch.no_grad():
        for part in frames.split(_CHUNK_FRAMES):
            total += float((network(part) - part).square().sum(dtype=torch.float64))
    return report(total / len(frames), *baselines.errors(frames), frames.shape[1])


def magnitude_errors(model: Autoencoder, frames: FrameSets, device: torch.device) -> dict[str, Errors]:
    """Return the errors of the magnitudes, all divided by the largest magnitude of the training frames.

    They compare models with different features. A model with features normalised by frame also receives the level of
    each frame, a number that the principal components do not have.
    """
    largest = float(frames.train.max())
    baselines = Baselines.fit(torch.from_numpy(frames.train).to(device) / largest, model.code_size)
    found = {}
    for part in ("valid", "test"):
        magnitudes: np.ndarray = getattr(frames, part)
        total = 0.0
        for at in range(0, len(magnitudes), _CHUNK_FRAMES):
            some = magnitudes[at : at + _CHUNK_FRAMES]
            difference = (model.reconstruct(some).astype(np.float64) - some) / largest
            total += float(np.square(difference).sum())
        baseline_errors = baselines.errors(torch.from_numpy(magnitudes).to(device) / largest)
        found[part] = report(total / len(magnitudes), *baseline_errors, magnitudes.shape[1])
    return found


def are_scaled_magnitudes(features: Features) -> bool:
    """Return True if features are magnitudes divided by one number, so that both have the same errors."""
    return features.normalise == "global" and features.power == 1.0 and not features.log


def report(error: float, mean: float, pca: float, width: int) -> Errors:
    """Return an error as sum, per bin and relative to predicting the mean, with the errors of the baselines."""
    return {
        "sum": error,
        "mean": error / width,
        "relative": error / mean if mean > 0 else 0.0,
        "predict_the_mean": mean,
        "pca": pca,
        "pca_relative": pca / mean if mean > 0 else 0.0,
    }
