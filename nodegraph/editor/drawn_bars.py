"""List settings as bars: the values of a sequencer, changed with the mouse and by keys."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from nodegraph.node import Bars
from nodegraph.patch import SetParam

from .desk import Desk, State
from .node_drawings import last_drawing
from .view import Drawing, Pin, Point

MAX_BARS = 64
ROOM = 12.0  # least room above and below values larger than 1: an octave of notes
STEPS = 100  # of values that are not whole, in the shown range


@dataclass
class BarDrag(State):
    """A drag over bars: the values since the press, the range and step of that moment, and the last place."""

    node: str = ""
    start: Point = (0.0, 0.0)
    place: Point = (0.0, 0.0)
    values: list[float] = field(default_factory=list)
    span: tuple[float, float] = (0.0, 1.0)
    step: float = 1.0

    def value_at(self, height: float) -> float:
        """Return the value at a height, 0…1 of the range."""
        low, high = self.span
        value = round((low + height * (high - low)) / self.step) * self.step
        return float(f"{min(max(value, low), high):.6g}")


@dataclass
class BarCursor(State):
    """The bar that keys change; ``merge``: the last key changed it, too."""

    node: str = ""
    at: int = 0
    merge: bool = False


def bars_of(desk: Desk, id: str) -> Bars | None:
    """Return the declared bars of a displayed node, or None."""
    cls = desk.block(id)
    return cls.drawn_bars if cls is not None else None


def bar_values(desk: Desk, id: str) -> list[float]:
    """Return the values of the bars of a displayed node, at least one."""
    declared = bars_of(desk, id)
    given = desk.settings(id)[declared.values] if declared else ()
    return [float(value) for value in given] or [0.0]


def bar_levels(desk: Desk, id: str) -> list[float]:
    """Return how far each bar of a displayed node is switched on, 0…1."""
    declared, count = bars_of(desk, id), len(bar_values(desk, id))
    given = desk.settings(id)[declared.levels] if declared and declared.levels else ()
    return [*map(float, given), *[1.0] * count][:count]


def bar_span(values: list[float]) -> tuple[float, float]:
    """Return the shown range: 0…1 or -1…1 if the values fit, else an octave of notes or a quarter more on each side."""
    low, high = min(values), max(values)
    if -1.0 <= low and high <= 1.0:
        return (0.0 if low >= 0.0 else -1.0), 1.0
    room = max(ROOM, 0.25 * (high - low))
    return (max(low - room, 0.0) if low >= 0.0 else low - room), high + room


def bar_step(values: list[float]) -> float:
    """Return the step in which values are changed: 1 if all are whole, and not just 0 and 1."""
    low, high = bar_span(values)
    if high > 1.0 and all(value == round(value) for value in values):
        return 1.0
    return float(f"{(high - low) / STEPS:.1g}")


def bar_at(values: list[float], place: Point) -> int:
    """Return the number of the bar at a place, 0…1 from the left."""
    count = min(len(values), MAX_BARS)
    return min(max(int(place[0] * count), 0), count - 1)


def bar_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the bars of a displayed node, also while one is dragged, with those that play and the cursor."""
    declared = bars_of(desk, id)
    if declared is None:
        return None
    drag = desk.state(BarDrag)
    is_dragged, is_focused = drag.node == id, desk.selection.focus == Pin(id, declared.values, False)
    values = (drag.values if is_dragged else bar_values(desk, id))[:MAX_BARS]
    span = drag.span if is_dragged else bar_span(values)
    levels = bar_levels(desk, id)[: len(values)]
    playing = desk.sound.value(desk.flat_id(f"{id}.{declared.playing}")) if declared.playing else None
    current = {int(step) for step in np.nan_to_num(playing)} if playing is not None else set()
    chosen = bar_at(values, drag.place) if is_dragged else cursor_in(desk, id).at if is_focused else -1

    def make() -> Drawing:
        is_known = 0 <= chosen < len(values)
        text = f"{chosen + 1}: {values[chosen]:.5g}" if is_known else ""
        marks = ((float(chosen), 0.0),) if is_known else ()
        dots = tuple((float(step), 1.0) for step in sorted(current) if step < len(values))
        return Drawing("steps", np.array([values, levels], np.float64), *span, text, marks=marks, dots=dots)

    return last_drawing(desk, id, (list(values), levels, span, current, chosen), make)


def set_bars(desk: Desk, id: str, values: list[float], merge: bool = False) -> None:
    """Set the values of the bars of a displayed node."""
    declared = bars_of(desk, id)
    if declared is not None:
        desk.do(SetParam(id, declared.values, values, merge))


def switch_bar(desk: Desk, id: str, at: int) -> None:
    """Switch a bar of a displayed node on or off."""
    declared = bars_of(desk, id)
    if declared is not None and declared.levels:
        levels = bar_levels(desk, id)
        levels[at] = 0.0 if levels[at] > 0.0 else 1.0
        desk.do(SetParam(id, declared.levels, levels))


def nudge_bar(desk: Desk, id: str, part: float) -> None:
    """Change the value at the cursor by a part of the range, at least a step; keys in a row are one undo step."""
    cursor, values = cursor_in(desk, id), bar_values(desk, id)
    low, high = bar_span(values)
    step = bar_step(values)
    count = max(math.floor(abs(part) * (high - low) / step), 1)
    values[cursor.at] = float(f"{values[cursor.at] + math.copysign(count * step, part):.6g}")
    set_bars(desk, id, values, cursor.merge)
    cursor.merge = True


def cursor_in(desk: Desk, id: str) -> BarCursor:
    """Return the cursor, on a bar of a displayed node."""
    cursor = desk.state(BarCursor)
    if cursor.node != id:
        cursor.node, cursor.at, cursor.merge = id, 0, False
    cursor.at = min(cursor.at, len(bar_values(desk, id)[:MAX_BARS]) - 1)
    return cursor
