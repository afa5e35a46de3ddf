"""Spectrogram files: arrays and images, changed, and arrays of unusual types and shapes."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import numpy as np

from nodegraph.spectral.spectrogram_file import SpectrogramError, SpectrogramHints, read_spectrogram

from .. import mutate

WEIGHT = 10
ERRORS = (SpectrogramError,)
LINES = False
TYPES = ("f4", "f8", "i2", "u1", "c8", "?", "U3", "O", "f2", ">f4", "M8[s]")
SHAPES = ((33, 10), (10, 33), (33,), (), (0, 33), (33, 0), (1, 33, 10), (2, 33, 10), (65, 3), (1, 1))


@cache
def image() -> bytes:
    from PIL import Image

    data = io.BytesIO()
    levels = np.random.default_rng(0).integers(0, 255, (33, 20), np.uint8)
    Image.fromarray(levels).save(data, "PNG")
    return data.getvalue()


def attempt(rng: random.Random, folder: Path) -> None:
    pick = rng.randrange(3)
    if pick == 0:
        path, data = folder / "a.png", image()
    else:
        values = np.zeros(rng.choice(SHAPES), rng.choice(TYPES))
        stream = io.BytesIO()
        if pick == 1:
            np.save(stream, values, allow_pickle=True)
        else:
            names = ("magnitude", "S", "rate", "hop", "window", "scale", rng.choice(mutate.TEXTS[:2]) or "x")
            np.savez(
                stream, **{rng.choice(names): values, rng.choice(names): np.array(rng.choice((1, "log", -1.0, np.nan)))}
            )
        path, data = folder / ("a.npy" if pick == 1 else "a.npz"), stream.getvalue()
    path.write_bytes(
        mutate.bytes_of(data, rng, [b"(33, 10)", b"'|O'", b"(99999999999, 9)"]) if rng.random() < 0.7 else data
    )
    hints = SpectrogramHints(size=64) if rng.random() < 0.3 else None
    found = read_spectrogram(path, hints)
    assert np.isfinite(found.magnitudes).all() and (found.magnitudes >= 0.0).all()
