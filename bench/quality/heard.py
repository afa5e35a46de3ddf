"""What blocks that listen to frames hear in a sound."""

from __future__ import annotations

import numpy as np

from tests.rendering import listening_patch

from .measure import Array, render

RATE, HOP = 22050, 256


def heard(block: str, output: str, sound: Array, frames: str, size: int, **params: float) -> Array:
    """Return an output of a block that gets frames of a sound (samples,), "spectrum" or "magnitude"."""
    patch = listening_patch(block, output, frames, size, HOP, **params)
    return render(patch, len(sound) / RATE, sound[:, None].astype(np.float32), RATE, aligned=False)[:, 0]
