"""What blocks that listen to frames hear in a sound."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.rendering import patch_of

from .measure import Array, render

RATE, HOP = 22050, 256


def heard(block: str, output: str, sound: Array, frames: str, size: int, **params: float) -> Array:
    """Return an output of a block that gets frames of a sound (samples,), "spectrum" or "magnitude"."""
    chain: dict[str, Any] = {"stft": ("stft", {"size": size, "hop": HOP}), "block": (block, params)}
    wires = ["x.out stft.audio", f"block.{output} out.audio"]
    if frames == "magnitude":
        chain["magnitude"] = "magnitude"
        wires += ["stft.spectrum magnitude.spectrum", "magnitude.magnitude block.magnitude"]
    else:
        wires.append("stft.spectrum block.spectrum")
    patch = patch_of(*wires, x="audio_in", **chain, out="audio_out")
    return render(patch, len(sound) / RATE, sound[:, None].astype(np.float32), RATE, aligned=False)[:, 0]
