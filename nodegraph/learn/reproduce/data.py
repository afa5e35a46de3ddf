"""The frames of a table: scaled as in its paper, and their baseline errors."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import LearnError
from ..features import apply_features, fit_features
from ..frames import FrameSets

PARTS = ("train", "valid", "test")
PCA_WIDTHS = (8, 16, 64, 256, 512, 1024)


def scaled_frames(frames: FrameSets, mean: float | None, per_bin: bool = False) -> FrameSets:
    """Scale frames so that predicting their mean leaves an error of ``mean``, summed over bins; None: unchanged.

    With ``per_bin``, each bin is first divided by its maximum.
    """
    if mean is None:
        return frames
    if per_bin:
        highest = frames.train.max(axis=0)
        scale = np.where(highest > 0, 1.0 / np.maximum(highest, 1e-6 * highest.max(initial=0.0)), 0.0)
        frames = replace(frames, **{part: getattr(frames, part) * scale.astype(np.float32) for part in PARTS})
    variance = sum(float(np.var(frames.train[:, k], dtype=np.float64)) for k in range(frames.train.shape[1]))
    if variance <= 0:
        raise LearnError("all frames are equal: nothing to learn. Use other sounds.")
    factor = np.float32(math.sqrt(mean / variance))
    return replace(frames, **{part: getattr(frames, part) * factor for part in PARTS})


def baseline_errors(frames: FrameSets, normalise: str) -> dict[str, Any]:
    """Return the error of the mean on validation frames, and the errors of principal components relative to it."""
    from nodegraph.models.torch_import import require_torch

    require_torch()
    import torch

    from ..baselines import Baselines

    features = fit_features(replace(frames.features, normalise=normalise), frames.train)
    train, valid = (torch.from_numpy(apply_features(features, values)) for values in (frames.train, frames.valid))
    widest = Baselines.fit(train, max(PCA_WIDTHS))
    curve, mean = {}, 0.0
    for width in PCA_WIDTHS:
        mean, left = Baselines(widest.mean, widest.components[:width]).errors(valid)
        curve[str(width)] = left / mean
    counts = {part: len(getattr(frames, part)) for part in PARTS}
    return {"frames": counts, "predict_the_mean": mean, "per_bin": mean / frames.train.shape[1], "pca": curve}


def fingerprint_of(frames: FrameSets) -> list[str]:
    """Return a hash of the frames, in a list."""
    digest = hashlib.sha256()
    for part in PARTS:
        values = getattr(frames, part)
        digest.update(repr(values.shape).encode())
        digest.update(np.ascontiguousarray(values[:: max(1, len(values) // 64)]).tobytes())
    return [digest.hexdigest()]
