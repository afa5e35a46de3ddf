"""The frequency response of a node that declares one, as a drawing that follows its values."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.node import In

from .desk import Desk
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
    params, settings = desk.document.nodes[id].params, desk.settings(id)
    rate = desk.sound.rate
    top = min(HIGHEST, 0.499 * rate)
    frequencies = np.geomspace(LOWEST, top, POINTS)
    values = {name: _values(desk, id, port, params, settings) for name, port in cls.spec.inputs.items()}
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


def _values(desk: Desk, id: str, port: In, params: dict[str, Any], settings: dict[str, Any]) -> np.ndarray:
    """Return the values of an input: one for each lane, or for each member of a bank."""
    given = params.get(port.name, port.default)
    found = np.atleast_1d(np.asarray(given if _is_numeric(given) else port.default, np.float64))
    arrived = [
        desk.sound.value(desk.flat_id(wire.source_ref))
        for wire in desk.document.wires
        if (wire.target, wire.target_port) == (id, port.name)
    ]
    known = [np.asarray(value, np.float64) for value in arrived if value is not None and len(value)]
    if known:
        found = np.nan_to_num(sum(known[1:], known[0]))
    if not port.bank:
        return found
    members = int(settings.get(port.bank, len(found)))
    rest = found[0] if len(found) == 1 else port.default
    return np.concatenate([found[:members], np.full(max(members - len(found), 0), rest)])


def _is_numeric(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, int | float) for item in items)
