"""Sound from magnitudes alone, of recordings that were not heard while the methods were tuned."""

from __future__ import annotations

import numpy as np

from nodegraph.spectral.metrics import ser
from nodegraph.spectral.stft import stft

from ..phase import METHODS, SMALL, WINDOW, reconstruct
from .recordings import recording

NAMES = (
    "ambi_choir", "ambi_glass_rub", "guit_e_slide", "loop_amen", "loop_garzul", "loop_mika", "loop_safari", "perc_bell",
)  # fmt: skip
TITLE = f"Phase reconstruction at {SMALL}: SER in dB"
HEADINGS = ["method", "mean", *NAMES]
SECONDS = 4.0


def rows() -> list[list[str]]:
    sounds = {name: recording(name, SMALL.rate) for name in NAMES}
    if any(sound is None for sound in sounds.values()):
        return []
    found = []
    for method in METHODS[SMALL]:
        scores = []
        for sound in sounds.values():
            assert sound is not None
            sound = sound[: round(SECONDS * SMALL.rate)]
            magnitudes = np.abs(stft(sound, SMALL.size, SMALL.hop, WINDOW))
            scores.append(ser(magnitudes, reconstruct(method, sound, SMALL), SMALL.size, SMALL.hop, WINDOW))
        found.append([method.name, f"{np.mean(scores):.1f}", *(f"{score:.1f}" for score in scores)])
    return found
