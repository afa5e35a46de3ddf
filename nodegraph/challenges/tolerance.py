"""Tolerances of knobs in musical units: cents, semitones, dB, ratios, or a part of the range."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nodegraph.control.parameters import Parameter
from nodegraph.control.random_values import LEVEL_NAMES, LEVEL_UNITS

AUDIBLE_HZ = 20.0  # a frequency whose range starts here or higher is a pitch or a corner, a lower one a speed
QUIETEST = 1e-3  # gain, -60 dB; smaller ones count as this one
PITCH_PORT = "frequency"


@dataclass(frozen=True)
class Tolerances:
    """How far knobs may be from the target: pitches in cents, corner frequencies in semitones, levels in dB.

    ``ratio`` is for times, speeds and depths, above 1; ``part`` is a part of the range of all other knobs.
    """

    pitch: float
    corner: float
    level: float
    ratio: float
    part: float


@dataclass(frozen=True)
class Tolerance:
    """The tolerance of one knob. ``kind`` is "pitch", "corner", "level", "decibels", "ratio" or "part".

    ``size`` is in cents, semitones, dB, as a ratio, or in ``unit``, the unit of the knob.
    """

    kind: str
    size: float
    unit: str = ""

    def difference(self, value: float, target: float) -> float:
        """Return how far a value is from the target, in the unit of ``size``, of ratios their natural logarithm."""
        if self.kind in ("part", "decibels"):
            return value - target
        if self.kind == "level":
            return 20.0 * math.log10(max(value, QUIETEST) / max(target, QUIETEST))
        octaves = math.log2(value / target)
        return {"pitch": 1200.0, "corner": 12.0, "ratio": math.log(2.0)}[self.kind] * octaves

    def units(self, value: float, target: float) -> float:
        """Return how far a value is from the target, in tolerances: at most 1 is right."""
        size = math.log(self.size) if self.kind == "ratio" else self.size
        return abs(self.difference(value, target)) / size

    def moved(self, target: float, tolerances: float) -> float:
        """Return the value that is some tolerances above the target, or below it if they are negative."""
        if self.kind in ("part", "decibels"):
            return target + tolerances * self.size
        if self.kind == "level":
            return max(target, QUIETEST) * 10.0 ** (tolerances * self.size / 20.0)
        step = {"pitch": 2.0 ** (self.size / 1200.0), "corner": 2.0 ** (self.size / 12.0), "ratio": self.size}
        return target * step[self.kind] ** tolerances

    def describe(self) -> str:
        """Return it as text: ``±50 cents``, ``±3 semitones``, ``±2 dB``, ``±20 %``."""
        if self.kind == "ratio":
            return f"±{100.0 * (self.size - 1.0):.0f} %"
        unit = {"pitch": "cents", "corner": "semitones", "level": "dB", "decibels": "dB"}.get(self.kind, self.unit)
        return f"±{self.size:.3g} {unit}".rstrip()


def tolerance_of(parameter: Parameter, sizes: Tolerances) -> Tolerance:
    """Return the tolerance of an input as a control sets it, by its unit, its name, its range and its taper."""
    port = parameter.declared
    low, high = sorted((parameter.low, parameter.high))
    if port.unit == "dB":
        return Tolerance("decibels", sizes.level)
    if port.unit in ("semitones", "note"):
        return Tolerance("part", sizes.pitch / 100.0, "semitones")
    if port.unit == "Hz" and low >= AUDIBLE_HZ:
        is_pitch = port.name == PITCH_PORT
        return Tolerance("pitch", sizes.pitch) if is_pitch else Tolerance("corner", sizes.corner)
    if port.name.startswith(LEVEL_NAMES) and port.unit in (*LEVEL_UNITS, "ratio") and low >= 0.0:
        return Tolerance("level", sizes.level)
    if parameter.taper == "log" and low > 0.0:
        return Tolerance("ratio", sizes.ratio)
    return Tolerance("part", sizes.part * (high - low), port.unit if port.unit not in ("ratio", "gain") else "")
