"""The frequency response of a node that declares one, as a drawing that follows its values."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from nodegraph.node import Node

from .desk import Desk
from .node_drawings import arrived_values, input_values, last_drawing
from .view import Drawing

POINTS = 160
LOWEST, HIGHEST = 20.0, 20_000.0  # Hz
RANGE = -36.0, 24.0  # dB
MAX_CURVES = 4
QUIETEST = 1e-6  # -120 dB


def response_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the magnitudes of a displayed node, of each output or, if it has one output, of each lane.

    A wired input has its latest value. None for a block without a response.
    """
    cls = desk.block(id)
    if cls is None or cls.response is None:
        return None
    record, rate = desk.document.nodes[id], desk.sound.rate
    knobs = dict(islice(cls.spec.inputs.items(), 1, None))  # without the signal
    arrived = arrived_values(desk, id, knobs)

    def make() -> Drawing:
        settings = desk.settings(id)
        values = {name: input_values(port, record.params, settings, arrived[name]) for name, port in knobs.items()}
        return _drawing(cls, values, settings, rate)

    return last_drawing(desk, id, (record, rate, arrived), make)


def _drawing(cls: type[Node], values: dict[str, np.ndarray], settings: dict[str, Any], rate: float) -> Drawing:
    assert cls.response is not None
    top = min(HIGHEST, 0.499 * rate)
    frequencies = np.geomspace(LOWEST, top, POINTS)
    lanes = max((len(row) for name, row in values.items() if not cls.spec.inputs[name].bank), default=1)
    curves: list[np.ndarray] = []
    for lane in range(min(lanes, MAX_CURVES)):
        chosen = {
            name: row if cls.spec.inputs[name].bank else float(row[min(lane, len(row) - 1)])
            for name, row in values.items()
        }
        with np.errstate(all="ignore"):
            gains = np.asarray(cls.response(frequencies, chosen, settings, rate))
        curves += [gain for gain in gains if not any(np.array_equal(gain, other) for other in curves)]
        if len(gains) > 1:
            break
    levels = 20.0 * np.log10(np.maximum(np.abs(np.nan_to_num(curves[:MAX_CURVES])), QUIETEST))
    return Drawing("response", np.ascontiguousarray(levels), *RANGE, axis=(LOWEST, top), unit="Hz")
