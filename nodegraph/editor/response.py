"""The frequency response of a node that declares one, as a drawing that follows its values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from nodegraph.node import In, Node

from .desk import Desk
from .node_drawings import last_drawing, wired_sources
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
    record, rate, sources = desk.document.nodes[id], desk.sound.rate, wired_sources(desk)
    knobs = dict(islice(cls.spec.inputs.items(), 1, None))  # without the signal
    arrived = {name: _arrived(desk, sources.get((id, name), ())) for name in knobs}

    def make() -> Drawing:
        settings = desk.settings(id)
        values = {name: _values(port, record.params, settings, arrived[name]) for name, port in knobs.items()}
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


def _arrived(desk: Desk, sources: Sequence[str]) -> list[float]:
    """Return the sum of the latest values of wired outputs, one for each lane; [] if none is known."""
    values = [desk.sound.value(desk.flat_id(source)) for source in sources]
    known = [np.asarray(value, np.float64) for value in values if value is not None and len(value)]
    found: list[float] = np.nan_to_num(sum(known[1:], known[0])).tolist() if known else []
    return found


def _values(port: In, params: dict[str, Any], settings: dict[str, Any], arrived: list[float]) -> np.ndarray:
    """Return the values of an input: one for each lane, or for each member of a bank."""
    given = params.get(port.name, port.default)
    found = np.atleast_1d(np.asarray(given if _is_numeric(given) else port.default, np.float64))
    if arrived:
        found = np.array(arrived)
    if not port.bank:
        return found
    members = int(settings.get(port.bank, len(found)))
    rest = found[0] if len(found) == 1 else port.default
    return np.concatenate([found[:members], np.full(max(members - len(found), 0), rest)])


def _is_numeric(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, int | float) for item in items)
