"""Drawings that blocks declare by the rules ``drawing`` and ``dot``: curves with running dots and a gauge, tuners."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from nodegraph.blocks.drawings import curves_of, dot_of, names_in
from nodegraph.node import Axis, Node

from .desk import Desk
from .node_drawings import arrived_values, input_values, last_drawing
from .quantity import format_quantity, note_name
from .view import Drawing, Point

MAX_DOTS = 8  # lanes that have one
IN_TUNE = 5.0  # cents


def curves_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the curves of a displayed node with its running dots; None for a block that declares none."""
    cls = desk.block(id)
    if cls is None or cls.drawing is None:
        return None
    record, rate = desk.document.nodes[id], desk.sound.rate
    used = [name for name in names_in(cls.drawing) if name in cls.spec.inputs]
    arrived = arrived_values(desk, id, used)

    def make() -> Drawing | None:
        settings = desk.settings(id)
        values = {
            name: float(input_values(cls.spec.inputs[name], record.params, settings, arrived[name])[0]) for name in used
        }
        with np.errstate(all="ignore"):
            return drawing_of_curves(cls, values, settings, rate)

    still = last_drawing(desk, id, (cls, record, rate, arrived), make)
    return with_dots(desk, id, cls, still) if still is not None else None


def drawing_of_curves(
    cls: type[Node], values: dict[str, float], settings: dict[str, Any], rate: float
) -> Drawing | None:
    """Return the curves of a block as a drawing, defaults for what is missing; None if these values have none."""
    curves = curves_of(cls, values, settings, rate)
    if curves is None:
        return None
    places = (np.asarray(curves.places, np.float64) - curves.x.low) / max(curves.x.high - curves.x.low, 1e-12)
    rows = [np.asarray(values, np.float64) for values in curves.curves.values()]
    data = np.nan_to_num(np.vstack([places, *rows]), posinf=curves.y.high, neginf=curves.y.low)
    text = "" if cls.display == "cycle" else _range_text(curves.x)
    axis = curves.x.low, curves.x.high
    return Drawing("curves", data, curves.y.low, curves.y.high, text, axis=axis, unit=curves.x.unit)


def _range_text(axis: Axis) -> str:
    """Return the range of an axis with a unit, only its end if it starts at 0."""
    if not axis.unit:
        return ""
    high = format_quantity(float(f"{axis.high:.3g}"), axis.unit)
    return high if axis.low == 0.0 else f"{format_quantity(axis.low)} … {high}"


def with_dots(desk: Desk, node: str, cls: type[Node], still: Drawing) -> Drawing | None:
    """Return a drawing with its running dots and gauge: the same object while these stay in place."""
    if cls.dot is None and cls.gauge is None:
        return still
    dots = tuple(dict.fromkeys(_dot_place(still, dot) for dot in lane_dots(desk, node, cls))) if cls.dot else ()
    gauge, text = -1.0, still.text
    if cls.gauge is not None:
        reading = desk.sound.value(desk.flat_id(f"{node}.{cls.gauge.output}"))
        value = max(0.0, *reading.tolist()) if reading is not None and len(reading) else 0.0
        gauge = round(min(max(value / cls.gauge.full, 0.0), 1.0), 2)
        text = f"−{value:.1f} {cls.gauge.unit}" if value >= 0.05 else text
    origin = (id(still.data), dots, gauge, text)  # the last drawing keeps its data alive
    return last_drawing(desk, f"{node}.running", origin, lambda: replace(still, dots=dots, gauge=gauge, text=text))


def lane_dots(desk: Desk, id: str, cls: type[Node]) -> list[Point]:
    """Return where the first lanes of a displayed node are in its drawing; [] while nothing is known."""
    assert cls.dot is not None
    names, spec = names_in(cls.dot), cls.spec
    latest: dict[str, list[float]] = {}
    for name in names:
        if name in spec.outputs or name in spec.states:
            found = (
                desk.sound.value(desk.flat_id(f"{id}.{name}"))
                if name in spec.outputs
                else desk.sound.node_state(desk.flat_id(id), name)
            )
            if found is None or not len(found):
                return []
            latest[name] = found.tolist()
    params, settings = desk.document.nodes[id].params, desk.settings(id)
    inputs = [name for name in names if name in spec.inputs]
    arrived = arrived_values(desk, id, inputs)
    rows = {name: input_values(spec.inputs[name], params, settings, arrived[name]).tolist() for name in inputs}
    lanes = min(max((len(row) for row in latest.values()), default=1), MAX_DOTS)
    found_dots = [dot_of(cls, _of_lane(rows, k), settings, _of_lane(latest, k)) for k in range(lanes)]
    return [dot for dot in found_dots if dot is not None and all(map(math.isfinite, dot))]


def _of_lane(rows: dict[str, list[float]], lane: int) -> dict[str, float]:
    return {name: row[min(lane, len(row) - 1)] for name, row in rows.items()}


def _dot_place(drawing: Drawing, dot: Point) -> Point:
    """Return a point as 0…1 of a drawing, from the lower left, to a pixel or so."""
    low, high = drawing.axis or (0.0, 1.0)
    x, y = (dot[0] - low) / max(high - low, 1e-12), (dot[1] - drawing.low) / max(drawing.high - drawing.low, 1e-12)
    return round(min(max(x, 0.0), 1.0), 3), round(min(max(y, 0.0), 1.0), 3)


def tuner_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the tuner of a displayed node: the note and how far it is from it, in cents."""
    cls = desk.block(id)
    if cls is None or cls.dot is None:
        return None
    dots = lane_dots(desk, id, cls)
    cents, note = (round(dots[0][0], 1), round(dots[0][1])) if dots else (math.nan, 0)

    def make() -> Drawing:
        if not dots:
            return Drawing("tuner", np.array([math.nan]), -50.0, 50.0, "no pitch")
        names = (note_name(note),)
        words = "in tune" if abs(cents) < IN_TUNE else f"{cents:+.0f} cents".replace("-", "−")
        return Drawing("tuner", np.array([cents]), -50.0, 50.0, words, names)

    return last_drawing(desk, id, (str(cents), note), make)
