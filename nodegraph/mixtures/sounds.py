"""The two sounds of a mixture: read from files, mixed down to mono, resampled, cut."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_samples, resampled
from nodegraph.measures.mono import MIN_PEAK, UnusableSoundError, mono_of


@dataclass(frozen=True)
class MixSource:
    """A sound of a mixture, float32 (samples,) at the rate of the recipe, and notes on how it was obtained."""

    samples: np.ndarray
    notes: tuple[str, ...] = ()


def read_source(path: str | os.PathLike[str], rate: float, seconds: float, shortest: int) -> MixSource:
    """Return at most the first ``seconds`` of a sound file at ``rate`` Hz, as :func:`source_of` does.

    Raises UnusableSoundError, or SoundFileError for a file that cannot be read.
    """
    sound, sound_rate = read_samples(Path(path))
    return source_of(sound, sound_rate, rate, seconds, shortest, Path(path).name)


def source_of(sound: np.ndarray, sound_rate: float, rate: float, seconds: float, shortest: int, name: str) -> MixSource:
    """Return at most the first ``seconds`` of a sound, (samples,) or (samples, channels), in mono at ``rate`` Hz.

    Raises UnusableSoundError for a sound that contains NaN or infinity, that is silent there, or that is shorter than
    ``shortest`` samples at ``rate``.
    """
    mono = mono_of(sound, sound_rate, name)
    notes = []
    channels = 1 if np.ndim(sound) == 1 else np.shape(sound)[1]
    if channels > 1:
        notes.append(f"{name} has {channels} channels; their mean is used")
    samples = resampled(mono.samples, sound_rate, rate)
    if len(samples) > round(seconds * rate):
        notes.append(f"{name} lasts {mono.seconds:.4g} s; its first {seconds:g} s are used")
        samples = samples[: round(seconds * rate)]
    if len(samples) < shortest:
        raise UnusableSoundError(
            f"{name}: must last at least {shortest / rate:.2g} s, got {len(samples) / rate:.2g} s. Use a longer sound."
        )
    if not np.abs(samples).max() >= MIN_PEAK:
        raise UnusableSoundError(
            f"{name}: the first {seconds:g} s are silent, their peak is below -60 dBFS. Use another sound."
        )
    return MixSource(np.ascontiguousarray(samples), tuple(notes))
