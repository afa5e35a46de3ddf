"""Sounds of one second with known properties."""

from __future__ import annotations

import numpy as np

RATE = 22050.0


def noise(seed: int, seconds: float = 1.0) -> np.ndarray:
    """White noise with an RMS of 0.2."""
    return np.random.default_rng(seed).normal(0.0, 0.2, round(seconds * RATE))


def tone(hz: float, seconds: float = 1.0, rate: float = RATE) -> np.ndarray:
    """A sine of amplitude 0.5."""
    return 0.5 * np.sin(2.0 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def clicks(times: list[float], seconds: float = 2.0) -> np.ndarray:
    """Single samples of 1 at times in seconds."""
    sound = np.zeros(round(seconds * RATE))
    sound[[round(time * RATE) for time in times]] = 1.0
    return sound
