"""The meters that a widget shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nodegraph.engine.live import Live
from nodegraph.engine.tape import TapeReader

OUTPUT = "output"
SECONDS = 0.1  # of a watched output that are measured
SILENCE = -100.0  # dBFS
DIGITS = 1


class Meters:
    """Levels of the output of a player, and of watched outputs of blocks."""

    def __init__(self, player: Live, outputs: tuple[str, ...]) -> None:
        self._player, self._outputs = player, outputs
        self._reader = TapeReader(player.output_tape)
        self._latest = level_of(np.zeros((0, 1)), OUTPUT)
        if outputs:
            player.watch(player.watched | set(outputs))

    def read(self) -> list[dict[str, Any]]:
        """Return name, RMS and peak in dBFS of the output since the last call, and of the watched outputs."""
        samples = self._reader.read()
        if len(samples) or not self._player.playing:
            self._latest = level_of(samples, OUTPUT)
        return [self._latest, *(self._watched(output) for output in self._outputs)]

    def _watched(self, output: str) -> dict[str, Any]:
        ring = self._player.probe(output)
        if ring is None or not hasattr(ring, "frames"):
            return level_of(np.zeros((0, 1)), output)
        return level_of(ring.latest(min(round(SECONDS * self._player.rate), ring.frames)), output)


def level_of(samples: np.ndarray, name: str) -> dict[str, Any]:
    """Return name, RMS of all channels and peak of samples (count, channels) in dBFS, at least -100."""
    finite = np.nan_to_num(np.asarray(samples, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    square = float(np.mean(finite**2)) if finite.size else 0.0
    peak = float(np.abs(finite).max(initial=0.0))
    return {"name": name, "rms": _decibels(math.sqrt(square)), "peak": _decibels(peak)}


def _decibels(amplitude: float) -> float:
    return round(max(20.0 * math.log10(amplitude), SILENCE), DIGITS) if amplitude > 0.0 else SILENCE
