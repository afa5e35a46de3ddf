"""Filters against their analogue prototypes, mapped by the bilinear transform to the same cutoff.

Bristow-Johnson, Cookbook formulae for audio equalizer biquad filters (1994). The formulas are written here anew: those
in the blocks, which the editor draws, are not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.rendering import patch_of

from .measure import AUDIBLE, RATE, Array, render

Q, GAIN_DB = 2.0, 9.0
CUTOFFS = (50.0, 1000.0, 10000.0)  # Hz
DEEPEST = -60.0  # dB: levels below are not compared
TITLE = (
    f"Filters, Q {Q:g} and {GAIN_DB:g} dB: largest deviation from the formula in dB, where it is above {DEEPEST:g} dB"
)
HEADINGS = ["filter", *(f"{cutoff:g} Hz" for cutoff in CUTOFFS)]

A = 10.0 ** (GAIN_DB / 40.0)
Prototype = Callable[[Array], Array]
BIQUADS: dict[str, Prototype] = {
    "low": lambda s: 1.0 / (s * s + s / Q + 1.0),
    "high": lambda s: s * s / (s * s + s / Q + 1.0),
    "band": lambda s: s / Q / (s * s + s / Q + 1.0),
    "notch": lambda s: (s * s + 1.0) / (s * s + s / Q + 1.0),
    "all_pass": lambda s: (s * s - s / Q + 1.0) / (s * s + s / Q + 1.0),
    "peak": lambda s: (s * s + s * A / Q + 1.0) / (s * s + s / (A * Q) + 1.0),
    "low_shelf": lambda s: A * (s * s + s * A**0.5 / Q + A) / (A * s * s + s * A**0.5 / Q + 1.0),
    "high_shelf": lambda s: A * (A * s * s + s * A**0.5 / Q + 1.0) / (s * s + s * A**0.5 / Q + A),
}
ONE_POLES: dict[str, Prototype] = {"low": lambda s: 1.0 / (s + 1.0), "high": lambda s: s / (s + 1.0)}
SETTINGS = {"resonance": Q, "gain": GAIN_DB}
CASES: list[tuple[str, str, dict[str, Any], str, Prototype]] = [
    *(("biquad", "out", {"mode": mode, **SETTINGS}, mode, of_s) for mode, of_s in BIQUADS.items()),
    *(("state_variable", mode, {"resonance": Q}, mode, BIQUADS[mode]) for mode in ("low", "band", "high", "notch")),
    *(("one_pole", "out", {"mode": mode}, mode, of_s) for mode, of_s in ONE_POLES.items()),
]


def deviation(block: str, output: str, settings: dict[str, Any], cutoff: float, prototype: Prototype) -> float:
    """Return the largest deviation of the response to an impulse, up to 20 kHz and 45 % of the rate."""
    patch = patch_of(
        "x.out block.audio", f"block.{output} out.audio",
        x="audio_in", block=(block, {**settings, "cutoff": cutoff}), out="audio_out",
    )  # fmt: skip
    impulse = np.zeros((round(2 * RATE), 1), np.float32)
    impulse[0] = 1.0
    found = np.abs(np.fft.rfft(render(patch, 2.0, impulse)[:, 0]))
    frequencies = np.fft.rfftfreq(len(impulse), 1.0 / RATE)
    s = 1j * np.tan(np.pi * frequencies / RATE) / np.tan(np.pi * cutoff / RATE)
    expected = np.abs(prototype(s))
    chosen = (frequencies > 10.0) & (frequencies < min(AUDIBLE, 0.45 * RATE)) & (expected > 10.0 ** (DEEPEST / 20.0))
    return float(np.abs(20.0 * np.log10(found[chosen] / expected[chosen])).max())


def rows() -> list[list[str]]:
    return [
        [
            f"{block}, {name}",
            *(f"{deviation(block, output, settings, cutoff, prototype):.4f}" for cutoff in CUTOFFS),
        ]
        for block, output, settings, name, prototype in CASES
    ]
