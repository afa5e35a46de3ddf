"""Sounds that can be compared: mono, finite, not silent, not too short, and at a common rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_samples, resampled

MIN_SECONDS = 0.05
MIN_PEAK, MAX_PEAK = 1e-3, 1e6  # -60 dBFS; spectra of louder sounds could overflow
MIN_RATE, MAX_RATE = 1000.0, 48000.0  # Hz; of sounds, and of comparisons


class UnusableSoundError(ValueError):
    """A sound that cannot be compared or matched; the message is one line for the user."""


@dataclass(frozen=True)
class MonoSound:
    """Samples, float32 (samples,), at ``rate`` Hz; ``name`` is that of the file, for messages."""

    samples: np.ndarray
    rate: float
    name: str = "the sound"

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return len(self.samples) / self.rate


def mono_of(sound: np.ndarray, rate: float, name: str = "the sound") -> MonoSound:
    """Return the mean of the channels of a sound, (samples,) or (samples, channels) at ``rate`` Hz.

    Raises UnusableSoundError for NaN or infinity, less than 0.05 s, a rate below 1000 Hz, and a peak outside -60 to
    120 dBFS.
    """
    channels = np.atleast_2d(np.asarray(sound, np.float32).T)
    if not np.isfinite(channels).all():
        raise UnusableSoundError(f"{name}: must not contain NaN or infinity. Use another sound.")
    peak = np.abs(channels).max(initial=0.0)
    if peak > MAX_PEAK:
        raise UnusableSoundError(f"{name}: peak must be at most {MAX_PEAK:g} (120 dBFS), got {peak:.3g}. Normalise it.")
    if not rate >= MIN_RATE:
        raise UnusableSoundError(f"{name}: sample rate must be at least {MIN_RATE:g} Hz, got {rate:g}. Resample it.")
    if channels.shape[1] < MIN_SECONDS * rate:
        length = channels.shape[1] / rate
        raise UnusableSoundError(
            f"{name}: must last at least {MIN_SECONDS:g} s, got {length:.3g} s. Use a longer sound."
        )
    mono = channels.mean(axis=0)
    if not np.abs(mono).max() >= MIN_PEAK:
        raise UnusableSoundError(f"{name}: the sound is silent, its peak is below -60 dBFS. Use a louder sound.")
    return MonoSound(mono, rate, name)


def read_mono(path: Path) -> MonoSound:
    """Return a sound file as :func:`mono_of` does. Raises UnusableSoundError or SoundFileError."""
    values, rate = read_samples(path)
    return mono_of(values, rate, path.name)


def at_common_rate(first: MonoSound, second: MonoSound) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the samples of two sounds and their common rate: the lower of both, at most 48 kHz."""
    rate = min(first.rate, second.rate, MAX_RATE)
    return resampled(first.samples, first.rate, rate), resampled(second.samples, second.rate, rate), rate


def of_equal_length(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sounds (samples,) as float64, the shorter continued with silence."""
    samples = max(len(first), len(second))
    padded = [np.pad(np.asarray(x, np.float64), (0, samples - len(x))) for x in (first, second)]
    return padded[0], padded[1]
