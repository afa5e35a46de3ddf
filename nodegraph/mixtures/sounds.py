"""The two sounds of a mixture: read from files, checked, resampled, cut."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_samples, resampled
from nodegraph.measures.mono import MIN_PEAK, UnusableSoundError, mono_of

from .recipe import MixRecipe


@dataclass(frozen=True)
class MixSource:
    """A sound of a mixture at the rate of the recipe, and notes on how it was obtained.

    float32, (samples,) or, for textures of sounds with several channels, (samples, channels).
    """

    samples: np.ndarray
    notes: tuple[str, ...] = ()


def read_source(path: str | os.PathLike[str], recipe: MixRecipe) -> MixSource:
    """Return the start of a sound file as :func:`source_of` does.

    Raises UnusableSoundError, or SoundFileError for a file that cannot be read.
    """
    sound, rate = read_samples(Path(path))
    return source_of(sound, rate, recipe, Path(path).name)


def source_of(sound: np.ndarray, sound_rate: float, recipe: MixRecipe, name: str) -> MixSource:
    """Return at most the first seconds of a sound, (samples,) or (samples, channels), as a recipe needs it.

    An image is one of the mean of the channels. Raises UnusableSoundError for a sound that contains NaN or infinity,
    that is silent there, or that is shorter than the window.
    """
    rate, seconds, shortest = recipe.sound.rate, recipe.sound.seconds, recipe.sound.window
    channels = np.atleast_2d(np.asarray(sound, np.float32).T).T
    notes = []
    if recipe.texture is not None:
        loudest = np.abs(channels).max(axis=0, initial=0.0).argmax()  # a channel with NaN, if there is one
        mono_of(channels[:, loudest], sound_rate, name)
    else:
        if channels.shape[1] > 1:
            notes.append(f"{name} has {channels.shape[1]} channels; their mean is used")
        channels = mono_of(channels, sound_rate, name).samples[:, None]
    samples = resampled(channels, sound_rate, rate)
    if len(samples) > round(seconds * rate):
        notes.append(f"{name} lasts {len(sound) / sound_rate:.4g} s; its first {seconds:g} s are used")
        samples = samples[: round(seconds * rate)]
    if len(samples) < shortest:
        raise UnusableSoundError(
            f"{name}: must last at least {shortest / rate:.2g} s, got {len(samples) / rate:.2g} s. Use a longer sound."
        )
    if not np.abs(samples).max() >= MIN_PEAK:
        raise UnusableSoundError(
            f"{name}: the first {seconds:g} s are silent, their peak is below -60 dBFS. Use another sound."
        )
    samples = samples[:, 0] if samples.shape[1] == 1 else samples
    return MixSource(np.ascontiguousarray(samples), tuple(notes))
