"""The level of the output as shown: peaks that are held, a light for clipping and limiting, the volume."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..desk import Desk, State
from ..view import Drawing, MasterVisual, NodeRow, ValueVisual
from .protocol import OutputLevel

QUIETEST = -60.0  # dB
VOLUME, MUTE = "~volume", "~mute"  # rows of a block that are no parameters of it
HOLD_SECONDS = 1.5  # of a peak
LIGHT_SECONDS = 2.0  # of the light of the limiter
FALL = 24.0  # dB per second, of the meter


@dataclass
class Master(State):
    """Volume and mute of what is heard, and the displayed level. ``position`` 0…1 is that of the slider."""

    is_per_patch = False
    position: float = 1.0
    muted: bool = False
    visual: MasterVisual = field(default_factory=MasterVisual)
    rms: tuple[float, ...] = ()
    _held: tuple[tuple[float, float], ...] = ()  # level and time of each held peak
    _limited_at: float = -math.inf
    _time: float = 0.0

    @property
    def gain(self) -> float:
        """The gain of the volume."""
        return 0.0 if self.muted else self.position**2

    def update(self, level: OutputLevel, now: float) -> MasterVisual:
        """Return the visual after a new level; ``now`` in seconds."""
        peaks = [decibels(value) for value in level.peak]
        fall = FALL * (now - self._time)
        before = self.visual.peaks if len(self.visual.peaks) == len(peaks) else (QUIETEST,) * len(peaks)
        shown = tuple(max(peak, old - fall, QUIETEST) for peak, old in zip(peaks, before))
        held = self._held if len(self._held) == len(peaks) else tuple((QUIETEST, now) for _ in peaks)
        self._held = tuple(
            (peak, now) if peak >= old or now - since > HOLD_SECONDS else (old, since)
            for peak, (old, since) in zip(shown, held)
        )
        if level.limited:
            self._limited_at = now
        self.rms, self._time = tuple(max(decibels(value), QUIETEST) for value in level.rms), now
        is_limited = now - self._limited_at < LIGHT_SECONDS
        self.visual = MasterVisual(shown, tuple(peak for peak, _ in self._held), is_limited, self.position, self.muted)
        return self.visual


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB relative to full scale."""
    return 20.0 * math.log10(max(amplitude, 1e-6))


def volume_text(position: float, muted: bool) -> str:
    """Return the volume as text: ``"-6.0 dB"``."""
    if muted:
        return "muted"
    return f"{40.0 * math.log10(position):.1f} dB" if position > 0.0 else "silent"


def master_values(master: Master) -> dict[str, ValueVisual]:
    """Return the values of the rows that set volume and mute, by port."""
    text = volume_text(master.position, False)
    toggle = ValueVisual("toggle", "on" if master.muted else "off")
    return {VOLUME: ValueVisual("slider", text, round(master.position, 4)), MUTE: toggle}


def master_rows(master: Master) -> tuple[NodeRow, ...]:
    """Return the rows of ``audio_out`` that set volume and mute of all output."""
    values = master_values(master)
    return (
        NodeRow(
            VOLUME, "", "volume", None, values[VOLUME], "volume of all that is heard; recordings keep the full level"
        ),
        NodeRow(MUTE, "", "mute", None, values[MUTE], "silences all that is heard; recordings are not silent"),
    )


def master_drawing(desk: Desk, node: str) -> Drawing:
    """Return the level of the output as the meter in ``audio_out``."""
    master = desk.state(Master)
    peaks = master.visual.peaks or (QUIETEST, QUIETEST)
    rms = master.rms if len(master.rms) == len(peaks) else (QUIETEST,) * len(peaks)
    return Drawing("meter", np.column_stack([rms, peaks]).astype(float), QUIETEST, 6.0)
