"""The drawing of an oscilloscope block: time, trigger and level are settings of the block."""

from __future__ import annotations

import numpy as np

from ..desk import Desk
from ..view import Drawing
from .protocol import ReadsDisplays
from .readout import scope


def scope_drawing(sound: ReadsDisplays, desk: Desk, node: str) -> Drawing | None:
    """Return the drawing of an oscilloscope of the displayed document, or None before it has samples."""
    if node not in desk.document.nodes:
        return None
    settings = desk.settings(node)
    count = max(round(float(settings["time"]) * sound.rate), 2)
    reading = sound.display(desk.flat_id(node), 4 * count)
    if reading is None or reading.samples is None:
        return None
    samples = np.nan_to_num(reading.samples)
    return scope(samples, min(count, samples.shape[1]), reading.rate, settings["trigger"], float(settings["level"]))
