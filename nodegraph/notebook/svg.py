"""Drawings of boxes and wires as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

NODE_WIDTH, ROW, TOP = 132, 15, 34
GAP_X, GAP_Y, MARGIN, DIP = 60, 18, 14, 90
INK, PAPER, FRAME, SIGNAL, FEEDBACK = "#1d2733", "#ffffff", "#8a97a6", "#2b6cb0", "#c05621"
FONT = "font-family='system-ui,sans-serif' font-size='12'"
STYLE = "font-family:system-ui,sans-serif"

Place = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A node: its id, its type, and the lines of its tooltip."""

    id: str
    type: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A wire between ports of two boxes. ``label`` is written on it, ``tip`` is its tooltip."""

    source: str
    source_port: str
    target: str
    target_port: str
    feedback: bool = False
    label: str = ""
    tip: str = ""
    colour: str = SIGNAL


def boxes_svg(boxes: Sequence[Box], lines: Sequence[Line], layout: Mapping[str, Place] | None = None) -> str:
    """Return an SVG drawing: a box per node with its wired ports; feedback wires are dashed.

    Boxes are placed by ``layout`` if it has all of them, else in columns from left to right.
    """
    inputs: dict[str, list[str]] = {box.id: [] for box in boxes}
    outputs: dict[str, list[str]] = {box.id: [] for box in boxes}
    lines = [line for line in lines if line.source in inputs and line.target in inputs]
    for line in lines:
        if line.source_port not in outputs[line.source]:
            outputs[line.source].append(line.source_port)
        if line.target_port not in inputs[line.target]:
            inputs[line.target].append(line.target_port)
    heights = {box.id: TOP + ROW * max(len(inputs[box.id]), len(outputs[box.id]), 1) for box in boxes}
    places = _places(heights, lines, layout or {})
    parts = []
    for line in lines:
        start = _port(places[line.source], NODE_WIDTH, outputs[line.source].index(line.source_port))
        end = _port(places[line.target], 0, inputs[line.target].index(line.target_port))
        parts.append(_wire(start, end, line))
    for box in boxes:
        parts.append(_box(places[box.id], heights[box.id], box, inputs[box.id], outputs[box.id]))
    width = max(x for x, _ in places.values()) + NODE_WIDTH + MARGIN
    height = max(y + heights[id] for id, (_, y) in places.items()) + MARGIN
    left = any(places[line.source][0] >= places[line.target][0] for line in lines)
    width, height = width + MARGIN * left, height + DIP / 2 * left
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    paper = f"<rect width='100%' height='100%' fill='{PAPER}'/>"
    style = "style='max-width:100%;height:auto'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {style} {FONT}>{paper}{''.join(parts)}</svg>"


def _box(place: Place, height: float, box: Box, inputs: list[str], outputs: list[str]) -> str:
    x, y = place
    hover = f"<title>{escape(chr(10).join((f'{box.type}: {box.id}', *box.lines)))}</title>"
    frame = f"<rect x='{x:.1f}' y='{y:.1f}' width='{NODE_WIDTH}' height='{height}' rx='5' fill='#f4f6f9'"
    parts = [f"<g>{hover}{frame} stroke='{FRAME}'/>"]
    parts.append(_text(x + NODE_WIDTH / 2, y + 14, box.id, "middle", 18, weight="600"))
    if not box.id.startswith(box.type):
        parts.append(_text(x + NODE_WIDTH / 2, y + 26, box.type, "middle", 22, size=10))
    for side, ports in ((0, inputs), (NODE_WIDTH, outputs)):
        for k, name in enumerate(ports):
            px, py = _port(place, side, k)
            anchor, shift = ("start", 7) if side == 0 else ("end", -7)
            parts.append(f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3' fill='{SIGNAL}'/>")
            parts.append(_text(px + shift, py + 3.5, name, anchor, 11, size=10))
    return "".join([*parts, "</g>"])


def _wire(start: Place, end: Place, line: Line) -> str:
    (x0, y0), (x1, y1) = start, end
    if x1 > x0:
        pull, dip = max(30.0, (x1 - x0) / 2), 0.0
    else:  # a wire to the left runs below the boxes
        pull, dip = 70.0, DIP
    curve = f"M{x0:.1f},{y0:.1f} C{x0 + pull:.1f},{y0 + dip:.1f} {x1 - pull:.1f},{y1 + dip:.1f} {x1:.1f},{y1:.1f}"
    look = f"stroke='{FEEDBACK}' stroke-dasharray='5 4'" if line.feedback else f"stroke='{line.colour}'"
    path = f"<path d='{curve}' fill='none' stroke-width='1.5' {look}><title>{escape(line.tip)}</title></path>"
    middle = (x0 + x1) / 2, (y0 + y1) / 2 + 0.75 * dip - 4
    return path + (_text(*middle, line.label, "middle", 12, size=10) if line.label else "")


def _text(x: float, y: float, text: str, anchor: str, max_length: int, size: int = 12, weight: str = "400") -> str:
    shown = text if len(text) <= max_length else f"{text[: max_length - 1]}…"
    look = f"text-anchor='{anchor}' font-size='{size}' font-weight='{weight}' fill='{INK}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {look}>{escape(shown)}</text>"


def _port(place: Place, side: float, number: int) -> Place:
    return place[0] + side, place[1] + TOP + ROW * number + 3


def _places(heights: Mapping[str, float], lines: Sequence[Line], layout: Mapping[str, Place]) -> dict[str, Place]:
    """Return the positions of the boxes: the layout if it has all of them, else columns from left to right."""
    if heights and all(id in layout for id in heights):
        left = min(layout[id][0] for id in heights)
        top = min(layout[id][1] for id in heights)
        return {id: (layout[id][0] - left + MARGIN, layout[id][1] - top + MARGIN) for id in heights}
    columns: dict[int, list[str]] = {}
    for id, depth in _depths(heights, lines).items():
        columns.setdefault(depth, []).append(id)
    sources: dict[str, list[str]] = {}
    for line in lines:
        sources.setdefault(line.target, []).append(line.source)
    places: dict[str, Place] = {}
    tall = {depth: sum(heights[id] + GAP_Y for id in ids) for depth, ids in columns.items()}
    for column, depth in enumerate(sorted(columns)):

        def middle(id: str) -> float:
            known = [places[source][1] for source in sources.get(id, []) if source in places]
            return sum(known) / len(known) if known else math.inf

        y = MARGIN + (max(tall.values()) - tall[depth]) / 2
        for id in sorted(columns[depth], key=middle):
            places[id] = (MARGIN + column * (NODE_WIDTH + GAP_X), y)
            y += heights[id] + GAP_Y
    return places


def _depths(boxes: Iterable[str], lines: Sequence[Line]) -> dict[str, int]:
    """Return the column of each node: the longest path to it; nodes of unmarked loops are last."""
    after: dict[str, list[str]] = {id: [] for id in boxes}
    waiting = dict.fromkeys(boxes, 0)
    for line in lines:
        if not line.feedback:
            after[line.source].append(line.target)
            waiting[line.target] += 1
    depths = dict.fromkeys(boxes, 0)
    ready = [id for id, count in waiting.items() if count == 0]
    for id in ready:
        for target in after[id]:
            depths[target] = max(depths[target], depths[id] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    deepest = max((depths[id] for id in ready), default=0)
    done = set(ready)
    return {id: depth if id in done else deepest + 1 for id, depth in depths.items()}
