"""The two sounds of a mixture: read from files, mixed down to mono, resampled, cut."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_sound

from .errors import MixtureError

SILENCE = 1e-3  # peak, -60 dBFS


@dataclass(frozen=True)
class MixSource:
    """A sound of a mixture, float32 (samples,) at the rate of the recipe, and notes on how it was obtained."""

    samples: np.ndarray
    notes: tuple[str, ...] = ()


def read_source(path: str | os.PathLike[str], rate: float, seconds: float, shortest: int) -> MixSource:
    """Return at most the first ``seconds`` of a sound file at ``rate`` Hz.

    Raises MixtureError for a sound that is silent or shorter than ``shortest`` samples, SoundFileError for a file that
    cannot be read.
    """
    path = Path(path)
    return source_of(read_sound(path, rate), rate, seconds, shortest, path.name)


def source_of(sound: np.ndarray, rate: float, seconds: float, shortest: int, name: str) -> MixSource:
    """Return at most the first ``seconds`` of a sound, (samples,) or (samples, channels) at ``rate`` Hz, in mono."""
    channels = np.atleast_2d(np.asarray(sound, np.float32).T)
    if not np.isfinite(channels).all():
        raise MixtureError(f"{name}: must not contain NaN or infinity. Use another sound.")
    notes = []
    if len(channels) > 1:
        notes.append(f"{name} has {len(channels)} channels; their mean is used")
    mono = channels.mean(axis=0)
    samples = round(seconds * rate)
    if len(mono) > samples:
        notes.append(f"{name} lasts {len(mono) / rate:.4g} s; its first {seconds:g} s are used")
        mono = mono[:samples]
    if len(mono) < shortest:
        raise MixtureError(
            f"{name}: must last at least {shortest / rate:.2g} s, got {len(mono) / rate:.2g} s. Use a longer sound."
        )
    if not np.abs(mono).max() >= SILENCE:
        raise MixtureError(f"{name}: the sound is silent, its peak is below -60 dBFS. Use another sound.")
    return MixSource(np.ascontiguousarray(mono), tuple(notes))
