"""Geometry of nodes, wires and comments, in canvas points.

Positions inside a node are relative to its upper left corner; a ``Box`` is ``(left, top, right, bottom)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..view import NodeRow, NodeVisual, NoteVisual, Point
from .typeface import width as text_width

Box = tuple[float, float, float, float]

TITLE = 24.0  # height of a node's title
ROW = 20.0  # height of a row
EDGE = 8.0  # between a node's border and its contents
GAP = 4.0  # below the title and above the lower border
PIN = 5.0  # radius of a pin
REACH = 9.0  # largest distance at which the pointer hits a pin
WIRE_REACH = 6.0
NOTE_SIZE = 13.0  # font size of a comment
NOTE_LINE = 17.0
NOTE_WIDE = 240.0  # largest width of a comment without a size
CORNER = 14.0  # size of the corner that resizes an area
STEPS = 32  # line segments of the curve of a wire
LABEL, COUNT = 13.0, 10.5  # font sizes of the label of a row, and of the number of its lanes
MIN_DISPLAY = 88.0  # width of a display beside outputs


@dataclass(frozen=True)
class RowPlace:
    """A row of a node; ``value`` is the box of its slider, choice or text."""

    row: NodeRow
    box: Box
    value: Box | None


@dataclass(frozen=True)
class Shape:
    """The layout of a node. Keys of ``pins`` are (port, is output)."""

    size: Point
    title: Box
    rows: tuple[RowPlace, ...]
    pins: dict[tuple[str, bool], Point]
    display: Box | None

    def row_at(self, at: Point) -> RowPlace | None:
        """Return the row at a point relative to the node, or None."""
        return next((place for place in self.rows if inside(place.box, at)), None)


def size(visual: NodeVisual) -> Point:
    """Return width and height of a node."""
    if visual.folded:
        return _width(visual), TITLE
    outputs = _outputs_beside(visual)
    below = TITLE + GAP + _head_height(visual, outputs)
    return _width(visual), below + ROW * (len(visual.rows) - outputs) + GAP


def _outputs_beside(visual: NodeVisual) -> int:
    """Return the number of outputs beside the display."""
    return sum(row.side == "out" for row in visual.rows) if visual.beside else 0


def _head_height(visual: NodeVisual, outputs: int) -> float:
    """Return the height of the display and the outputs beside it, with the gap below."""
    if not visual.display:
        return 0.0
    return max(visual.display_size[1], ROW * outputs) if outputs else visual.display_size[1] + GAP


def _outputs_width(visual: NodeVisual) -> float:
    """Return the width of the outputs beside a display, with their pins."""
    widest = 0.0
    for row in visual.rows:
        if row.side == "out":
            count = row.pin.count if row.pin else ""
            wide = text_width(row.label, LABEL) + (text_width(count, COUNT) + 6.0 if count else 0.0)
            widest = max(widest, wide)
    return widest + 2 * EDGE + 12.0


def _width(visual: NodeVisual) -> float:
    if not visual.display or visual.folded:
        return visual.width
    beside = EDGE + MIN_DISPLAY + _outputs_width(visual) if visual.beside else 0.0
    return max(visual.width, visual.display_size[0] + 2 * EDGE, beside)


def shape(visual: NodeVisual) -> Shape:
    """Return the layout of a node."""
    width, height = size(visual)
    title = (0.0, 0.0, width, TITLE)
    pins: dict[tuple[str, bool], Point] = {}
    if visual.folded:
        for row in visual.rows:
            if row.pin:
                pins[row.port, row.side == "out"] = (width if row.side == "out" else 0.0, TITLE / 2)
        return Shape((width, height), title, (), pins, None)
    top, display = TITLE + GAP, None
    outputs, outputs_left = _outputs_beside(visual), 0.0
    if visual.display:
        right = width - EDGE
        if outputs:
            right = outputs_left = width - _outputs_width(visual)
        display = (EDGE, top, right, top + _head_height(visual, outputs) - GAP)
    below = top + _head_height(visual, outputs)
    top = top if outputs else below
    places = []
    for index, row in enumerate(visual.rows):
        top = below if index == outputs else top
        box = (outputs_left if index < outputs else 0.0, top, width, top + ROW)
        value = (EDGE, top + 1.0, width - EDGE, top + ROW - 1.0) if row.value else None
        places.append(RowPlace(row, box, value))
        if row.pin:
            pins[row.port, row.side == "out"] = (width if row.side == "out" else 0.0, top + ROW / 2)
        top += ROW
    return Shape((width, height), title, tuple(places), pins, display)


def note_size(visual: NoteVisual) -> Point:
    """Return width and height of a comment: its ``size`` if it is an area, else that of its text."""
    if visual.size is not None:
        return visual.size
    lines = note_lines(visual.text)
    widest = max(text_width(line, NOTE_SIZE) for line in lines)
    return max(widest, 20.0) + 2 * EDGE, NOTE_LINE * len(lines) + 2 * GAP


def note_lines(text: str, width: float = NOTE_WIDE) -> list[str]:
    """Break a comment into lines no wider than ``width``."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, NOTE_SIZE) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def inside(box: Box, at: Point) -> bool:
    return box[0] <= at[0] < box[2] and box[1] <= at[1] < box[3]


def overlap(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def box_between(first: Point, second: Point) -> Box:
    """Return the box with these two corners."""
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[0], second[0]),
        max(first[1], second[1]),
    )


def bounding_box(boxes: Sequence[Box]) -> Box | None:
    """Return the smallest box that contains all boxes, or None without any."""
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes)
    return min(lefts), min(tops), max(rights), max(bottoms)


# -- wires -------------------------------------------------------------------------------------------------


def curve(start: Point, end: Point) -> tuple[Point, Point, Point, Point]:
    """Return the control points of the Bézier curve of a wire, which starts and ends horizontally."""
    forward, down = end[0] - start[0], abs(end[1] - start[1])
    if forward >= 0:
        pull = max(min(0.5 * forward + 0.15 * down, 160.0), min(24.0, 8.0 + 0.5 * (forward + down)))
    else:
        pull = min(60.0 - 0.35 * forward, 220.0)
    sag = 0.0 if forward >= -20.0 or down > 60.0 else 70.0  # a backward wire passes below the nodes
    return start, (start[0] + pull, start[1] + sag), (end[0] - pull, end[1] + sag), end


def points(start: Point, end: Point, steps: int = STEPS) -> list[Point]:
    """Return points along the curve of a wire, including both ends."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve(start, end)
    found = []
    for i in range(steps + 1):
        t = i / steps
        u = 1.0 - t
        a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found


def dashes(line: Sequence[Point], dash: float, gap: float) -> list[list[Point]]:
    """Cut a polyline into dashes."""
    pieces: list[list[Point]] = []
    piece: list[Point] | None = [line[0]]
    left = dash
    for (ax, ay), (bx, by) in zip(line, line[1:]):
        length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
        done = 0.0
        while length - done > left:
            done += left
            part = done / length
            at = (ax + (bx - ax) * part, ay + (by - ay) * part)
            if piece is not None:
                pieces.append([*piece, at])
                piece, left = None, gap
            else:
                piece, left = [at], dash
        left -= length - done
        if piece is not None:
            piece.append((bx, by))
    if piece is not None and len(piece) > 1:
        pieces.append(piece)
    return pieces


def distance(at: Point, line: Sequence[Point]) -> float:
    """Return the distance from a point to a polyline."""
    return min(_to_segment(at, a, b) for a, b in zip(line, line[1:]))


def _to_segment(at: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    part = 0.0 if square == 0 else ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / square
    part = min(max(part, 0.0), 1.0)
    return float(((at[0] - a[0] - part * dx) ** 2 + (at[1] - a[1] - part * dy) ** 2) ** 0.5)
