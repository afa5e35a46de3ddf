"""The difference of two patches in sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nodegraph.measures.registry import Audition, MeasureError, audition_of, measures

SHOWN = ("level", "peak", "brightness", "pitch")


@dataclass(frozen=True)
class SoundDifference:
    """The difference of two sounds.

    ``first`` is the time in seconds at which they first differ, None if they are equal; ``distance`` the spectral
    distance in dB; ``values`` those of some measures before and after, with their unit; None if there is none.
    """

    first: float | None
    distance: float
    values: dict[str, tuple[float | None, float | None, str]]

    def lines(self) -> list[str]:
        """Return the difference in words."""
        if self.first is None:
            return ["the same sound, sample by sample"]
        lines = [f"sounds differ from {self.first:.4g} s on; spectral distance {self.distance:.2g} dB"]
        for name, (before, after, unit) in self.values.items():
            texts = ["none" if value is None else f"{value:.4g}" for value in (before, after)]
            if texts[0] != texts[1]:
                lines.append(f"{name} {texts[0]} → {texts[1]} {unit}")
        return lines


def difference_in_sound(before: np.ndarray, after: np.ndarray, rate: float) -> SoundDifference:
    """Return the difference of two sounds (samples, channels) of one duration."""
    first, second = (np.asarray(sound, np.float64).mean(axis=1) for sound in (before, after))
    unequal = np.flatnonzero(first != second)
    if before.shape == after.shape and np.array_equal(before, after):
        return SoundDifference(None, 0.0, {})
    heard = [audition_of(sound, rate) for sound in (first, second)]
    distance = measures()["spectral_distance"].of(audition_of(second, rate, target=first[:, None]))
    values = {name: (_value(name, heard[0]), _value(name, heard[1]), measures()[name].unit) for name in SHOWN}
    start = float(unequal[0]) / rate if len(unequal) else 0.0
    return SoundDifference(start, distance, values)


def _value(name: str, heard: Audition) -> float | None:
    """Return the value of a measure, or None if the sound does not have it."""
    try:
        return round(measures()[name].of(heard), 6)
    except MeasureError:
        return None
