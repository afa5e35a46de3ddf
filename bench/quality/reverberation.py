"""The reverb and the plate: their tails against a decay by formula, and the evenness of their spectra."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.signal import butter, sosfilt

from tests.rendering import patch_of

from .measure import RATE, render

TITLE = "reverb and plate, response to an impulse"
WITHOUT_LOSS = {"reverb": {"treble": 1.0}, "plate": {"damping": 20000.0}}
HEADINGS = [
    "block, decay set",
    "decay of the octave at 1 kHz, s",
    "deviation of the tail's spectrum, dB (ideal noise 5.6)",
    "left and right",
]


def rows() -> list[list[str]]:
    found = []
    for block, decay in itertools.product(WITHOUT_LOSS, (1.0, 3.0, 8.0)):
        patch = patch_of(
            "x.out room.audio", "room.out out.audio",
            x="audio_in", room=(block, {"decay": decay, "mix": 1.0, **WITHOUT_LOSS[block]}), out="audio_out",
        )  # fmt: skip
        seconds = max(1.2 * decay, 2.0)
        impulse = np.zeros((round(seconds * RATE), 1), np.float32)
        impulse[0] = 1.0
        tail = render(patch, seconds, impulse)
        octave = sosfilt(butter(4, [707.0, 1414.0], "band", fs=RATE, output="sos"), tail, axis=0)
        energy = np.cumsum((octave[::-1] ** 2).sum(axis=1))[::-1]
        level = 10 * np.log10(energy / energy[0] + 1e-12)
        start, end = (int(np.argmax(level < limit)) for limit in (-5.0, -35.0))
        part = tail[round(0.2 * RATE) : round(0.2 * RATE) + 32768, 0]
        bins = np.abs(np.fft.rfft(part * np.hanning(len(part))))[200:12000]
        db = 20 * np.log10(bins)
        found.append(
            [
                f"{block}, {decay:g} s",
                f"{2 * (end - start) / RATE:.2f}",
                f"{(db - np.convolve(db, np.ones(201) / 201, 'same'))[200:-200].std():.2f}",
                f"{np.corrcoef(tail[4410:].T)[0, 1]:+.2f}",
            ]
        )
    return found
