"""A loop of grains: short sections of a sound in random order."""

from __future__ import annotations

import numpy as np


def loop_of_grains(channels: np.ndarray, samples: int, grain: int, seed: int) -> np.ndarray:
    """Return a loop of grains of channels (channels, N), of about ``grain`` samples: float32 (channels, samples).

    Grains fade in and out by half a sine and overlap by half, so that their power is constant.
    """
    count = max(round(2 * samples / max(grain, 2)), 2)
    starts = np.arange(count) * samples // count
    length = min(2 * (samples // count + 1), channels.shape[1])
    fade = np.sin(np.pi * (np.arange(length) + 0.5) / length)
    places = np.random.default_rng(seed).integers(0, channels.shape[1] - length + 1, count)
    loop = np.zeros((samples, len(channels)))
    for start, place in zip(starts, places, strict=True):
        at = (start + np.arange(length)) % samples
        np.add.at(loop, at, (channels[:, place : place + length] * fade).T)
    return np.ascontiguousarray(loop.T, np.float32)
