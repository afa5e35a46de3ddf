"""The sounds of ``pairs`` by name."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

import nodegraph.api as api
from nodegraph.files.demos import demo_patch
from nodegraph.files.sound_file import resampled

from .instruments import RATE
from .pieces import PIECES, SECONDS

LEVEL = 0.1  # RMS, -20 dBFS
PATCH = "patch:"  # before the name of a patch of the repository


@lru_cache(maxsize=4)
def pair_sound(name: str, rate: float) -> np.ndarray:
    """Return a sound of a pair by name, 6 s in mono at ``rate`` Hz and an RMS of 0.1: float32 (samples,), read-only."""
    if name.startswith(PATCH):
        sound = np.asarray(api.render(demo_patch(name.removeprefix(PATCH)), SECONDS, RATE)).mean(axis=1)
    else:
        sound = PIECES[name]()
    sound = resampled(sound * (LEVEL / np.sqrt(np.mean(np.square(sound, dtype=np.float64)))), RATE, rate)
    samples = np.ascontiguousarray(sound, np.float32)
    samples.flags.writeable = False
    return samples
