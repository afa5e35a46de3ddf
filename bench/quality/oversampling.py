"""Aliases of nonlinear blocks by the factor of oversampling."""

from __future__ import annotations

from typing import Any

from nodegraph.node import OVERSAMPLING_CHOICE
from tests.rendering import patch_of

from .measure import RATE, render, worst_alias

TITLE = "Loudest alias below 20 kHz in dB of the loudest partial, by the factor of oversampling"
HEADINGS = ["block", *(f"{factor} ×" for factor in OVERSAMPLING_CHOICE.values)]
CASES: dict[str, tuple[float, float, str, dict[str, Any]]] = {
    "drive soft 24 dB, sine 5 kHz": (5000.0, 0.5, "drive", {"drive": 24.0}),
    "drive hard 24 dB, sine 5 kHz": (5000.0, 0.5, "drive", {"drive": 24.0, "shape": "hard"}),
    "drive fold 12 dB, sine 5 kHz": (5000.0, 0.5, "drive", {"drive": 12.0, "shape": "fold"}),
    "drive sine 12 dB, sine 5 kHz": (5000.0, 0.5, "drive", {"drive": 12.0, "shape": "sine"}),
    "ladder that sings at 14 kHz, resonance 1.2": (14000.0, 0.0, "ladder", {"cutoff": 14000.0, "resonance": 1.2}),
    "ladder, drive 24 dB, sine 7 kHz": (7000.0, 0.9, "ladder", {"cutoff": 14000.0, "resonance": 0.7, "drive": 24.0}),
}


def rows() -> list[list[str]]:
    found = []
    for name, (frequency, amplitude, block, params) in CASES.items():
        cells = [name]
        for factor in OVERSAMPLING_CHOICE.values:
            patch = patch_of(
                "tone.out block.audio", "block.out out.audio",
                tone=("sine", {"frequency": frequency, "amplitude": amplitude}),
                block=(block, {**params, "oversampling": factor}), out="audio_out",
            )  # fmt: skip
            cells.append(f"{worst_alias(render(patch, 2.0)[-round(RATE) :, 0], frequency):.1f}")
        found.append(cells)
    return found
