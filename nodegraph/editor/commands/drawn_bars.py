"""Bars in nodes: dragged with the mouse, switched by a right click, changed and switched by keys."""

from __future__ import annotations

from ..command import command
from ..desk import Desk
from ..drawn_bars import (
    MAX_BARS,
    BarDrag,
    bar_at,
    bar_span,
    bar_step,
    bar_values,
    bars_of,
    cursor_in,
    set_bars,
    switch_bar,
)
from ..events import CurveClick, CurveDrag
from ..quantity import QuantityError, parse_quantity
from ..view import Pin, Point


def drag_bars(desk: Desk, event: CurveDrag) -> None:
    """Set the bars below the pointer to its height; the sound follows at the release, as one undo step."""
    drag = desk.state(BarDrag)
    if (drag.node, drag.start) != (event.node, event.start) or event.at == event.start:  # begins, or is cancelled
        values = bar_values(desk, event.node)
        drag.node, drag.start, drag.place = event.node, event.start, event.start
        drag.values, drag.span, drag.step = values, bar_span(values), bar_step(values)
    if event.at != event.start:
        _paint(drag, event.at)
    if event.done:
        values = drag.values
        desk.drop_state(BarDrag)
        if values != bar_values(desk, event.node):
            set_bars(desk, event.node, values)


def _paint(drag: BarDrag, place: Point) -> None:
    """Set the bars on the way from the last place of the pointer, which may have skipped some."""
    (x, y), drag.place = drag.place, place
    first, last = bar_at(drag.values, (x, y)), bar_at(drag.values, place)
    for index in range(min(first, last), max(first, last) + 1):
        part = (index - first) / (last - first) if last != first else 1.0
        drag.values[index] = drag.value_at(y + part * (place[1] - y))


def click_bar(desk: Desk, event: CurveClick) -> None:
    """Type the value of a bar after a double click; a right click switches it on or off."""
    index = bar_at(bar_values(desk, event.node), event.at)
    cursor = cursor_in(desk, event.node)
    cursor.at, cursor.merge = index, False
    if event.click.button == "right":
        switch_bar(desk, event.node, index)
    else:
        type_bar(desk, event.node, index)


def type_bar(desk: Desk, id: str, index: int) -> None:
    """Prompt for the value of a bar."""
    values = bar_values(desk, id)

    def done(text: str) -> None:
        if desk.record(id) is None or index >= len(bar_values(desk, id)):
            return
        try:
            value = parse_quantity(text, "", values[index], desk.sound.rate)
        except QuantityError as error:
            desk.notify(str(error), alarm=True)
            return
        set_bars(desk, id, [*values[:index], value, *values[index + 1 :]])

    desk.ask(f"{id}.bar {index + 1}", f"step {index + 1}", f"{values[index]:g}", done)


def chosen_bars(desk: Desk) -> str:
    """Return the focused or selected node, if it has bars, else ""."""
    focus, nodes = desk.selection.focus, desk.selection.nodes
    id = focus.node if focus is not None else next(iter(nodes)) if len(nodes) == 1 else ""
    return id if id in desk.document.nodes and bars_of(desk, id) is not None else ""


def _walk(desk: Desk, step: int) -> None:
    id = chosen_bars(desk)
    declared = bars_of(desk, id)
    if declared is None:
        return
    count, cursor = min(len(bar_values(desk, id)), MAX_BARS), cursor_in(desk, id)
    focus = Pin(id, declared.values, False)
    if desk.selection.focus == focus:
        cursor.at = (cursor.at + step) % count
    cursor.merge = False
    desk.select([id], focus=focus)


@command("Next step", "shift+j", menu="Edit", possible=lambda desk: bool(chosen_bars(desk)))
def next_step(desk: Desk, payload: object) -> None:
    """Choose the next step of a sequencer; keys that change values change it."""
    _walk(desk, 1)


@command("Previous step", "shift+k", menu="Edit", possible=lambda desk: bool(chosen_bars(desk)))
def previous_step(desk: Desk, payload: object) -> None:
    """Choose the previous step of a sequencer."""
    _walk(desk, -1)


@command("Switch step", "shift+b", menu="Edit", possible=lambda desk: bool(chosen_bars(desk)))
def switch_step(desk: Desk, payload: object) -> None:
    """Switch the chosen step of a sequencer on or off."""
    id = chosen_bars(desk)
    if id:
        switch_bar(desk, id, cursor_in(desk, id).at)
