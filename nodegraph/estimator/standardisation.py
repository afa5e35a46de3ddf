"""Mean and deviation of the features, over the first examples of a training and then frozen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nodegraph.models.estimator import FEATURES
from nodegraph.models.sound_features import SoundFeatures

EXAMPLES = 8192  # after which the moments are frozen
MIN_DEVIATION = 0.1  # dB; of a feature that hardly varies


class Standardisation:
    """Running moments of every mel band, every point of the envelope, and the level.

    ``sums`` are the sums of each feature and of its square, float64, over ``count`` examples.
    """

    def __init__(self, count: int = 0, sums: Mapping[str, np.ndarray] | None = None) -> None:
        self.count = count
        self.sums = dict(sums or {})

    def update(self, features: SoundFeatures) -> None:
        """Include examples, unless the moments are frozen."""
        if self.count >= EXAMPLES:
            return
        self.count += len(features.level)
        for name, values in zip(FEATURES, features):
            exact = values.astype(np.float64)
            for power, moment in ((1, "sum"), (2, "square")):
                total = (exact**power).sum(axis=0)
                if name == "mel":
                    total = total.mean(axis=0)  # one number per band
                key = f"{name}.{moment}"
                self.sums[key] = self.sums.get(key, 0.0) + total

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the mean and the deviation of each feature, as in a model file."""
        found = {}
        for name in FEATURES:
            mean = self.sums[f"{name}.sum"] / self.count
            variance = self.sums[f"{name}.square"] / self.count - np.square(mean)
            deviation = np.sqrt(np.maximum(variance, MIN_DEVIATION**2))
            found[f"features.{name}.mean"] = np.atleast_1d(np.float32(mean))
            found[f"features.{name}.deviation"] = np.atleast_1d(np.float32(deviation))
        return found
