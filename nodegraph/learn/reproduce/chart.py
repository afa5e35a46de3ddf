"""ChartLine charts side by side as a PNG, with one legend."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 420, 320  # pixels of one chart
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 34, 40
LEGEND_ROW = 20
COLUMNS = 3
PAPER, INK, FAINT = (255, 255, 255), (40, 40, 40), (225, 225, 225)
COLOURS = (
    (70, 130, 200), (215, 95, 45), (60, 150, 80), (150, 90, 180), (190, 150, 30), (0, 150, 160), (200, 60, 110),
    (110, 110, 110), (120, 85, 60), (30, 60, 150), (150, 170, 40), (240, 140, 120), (90, 190, 150), (180, 130, 220),
    (20, 100, 60), (130, 20, 40), (80, 80, 160), (220, 180, 120),
)  # fmt: skip


@dataclass(frozen=True)
class ChartLine:
    """Points (x, y) of one label; ``is_published`` draws circles instead of a line, ``bars`` are ranges of y."""

    label: str
    points: Sequence[tuple[float, float]]
    is_published: bool = False
    bars: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Chart:
    """A chart with a title and the name of its x axis; ``has_numbers`` writes numbers below it.

    They are whole numbers, or the multiples of ``x_step`` on an axis from 0 to 1, or to the first one that holds all x.
    """

    title: str
    lines: Sequence[ChartLine]
    x_name: str = ""
    has_numbers: bool = True
    x_step: float | None = None


def charts_png(charts: Sequence[Chart], caption: str) -> bytes:
    """Return a PNG of charts in rows of three, with a caption and a legend below. Needs Pillow."""
    from PIL import Image, ImageDraw

    labels = list(dict.fromkeys(line.label for chart in charts for line in chart.lines))
    colours = {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
    columns = min(COLUMNS, len(charts))
    rows = math.ceil(len(charts) / columns)
    per_row = max(columns * WIDTH // 150, 1)
    legend = LEGEND_ROW * (math.ceil(len(labels) / per_row) + 2)
    image = Image.new("RGB", (columns * WIDTH, rows * HEIGHT + legend), PAPER)
    draw = ImageDraw.Draw(image)
    for number, chart in enumerate(charts):
        _draw_chart(draw, chart, (number % columns * WIDTH, number // columns * HEIGHT), colours)
    top = rows * HEIGHT + LEGEND_ROW // 2
    for number, label in enumerate(labels):
        x, y = number % per_row * 150 + 16, top + number // per_row * LEGEND_ROW
        draw.line([(x, y), (x + 18, y)], fill=colours[label], width=3)
        draw.text((x + 24, y), label, fill=INK, anchor="lm")
    draw.text((16, rows * HEIGHT + legend - LEGEND_ROW), caption, fill=INK, anchor="lm")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _draw_chart(draw: Any, chart: Chart, corner: tuple[int, int], colours: dict[str, tuple[int, int, int]]) -> None:
    points = [point for line in chart.lines for point in line.points]
    xs, ys = [x for x, _ in points] or [0.0, 1.0], [y for _, y in points] or [0.0, 1.0]
    ys += [y for line in chart.lines for bar in line.bars for y in bar]
    x_low, x_high, x_numbers = _x_axis(xs, chart)
    y_low, y_high, step = _ticks(min(ys), max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        up = (y - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return corner[0] + LEFT + across, corner[1] + HEIGHT - BOTTOM - up

    draw.text((corner[0] + LEFT, corner[1] + 16), chart.title, fill=INK, anchor="lm")
    draw.text((corner[0] + WIDTH - RIGHT, corner[1] + HEIGHT - 10), chart.x_name, fill=INK, anchor="rm")
    for number in range(round((y_high - y_low) / step) + 1):
        y = y_low + number * step
        draw.line([place(x_low, y), place(x_high, y)], fill=FAINT)
        draw.text((corner[0] + LEFT - 6, place(x_low, y)[1]), f"{y:.4g}", fill=INK, anchor="rm")
    for x in x_numbers if chart.has_numbers else ():
        draw.text((place(x, y_low)[0], corner[1] + HEIGHT - BOTTOM + 10), f"{x:.6g}", fill=INK, anchor="mm")
    for line in chart.lines:
        _draw_line(draw, line, place, colours[line.label])


def _draw_line(draw: Any, line: ChartLine, place: Any, colour: tuple[int, int, int]) -> None:
    placed = [place(x, y) for x, y in line.points]
    for (x, _), (low, high) in zip(line.points, line.bars):
        draw.line([place(x, low), place(x, high)], fill=colour, width=2)
    if line.is_published:
        for x, y in placed:
            draw.ellipse([x - 4, y - 4, x + 4, y + 4], outline=colour, width=2)
    elif len(placed) == 1:
        (x, y) = placed[0]
        draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=colour)
    elif placed:
        draw.line(placed, fill=colour, width=2)


def _ticks(low: float, high: float) -> tuple[float, float, float]:
    """Return ends and step of an axis of 3 to 10 round steps that encloses all values."""
    span = max(high - low, 1e-6, 1e-6 * abs(high))
    power = 10.0 ** math.floor(math.log10(span))
    step = next(power * factor for factor in (0.2, 0.5, 1.0, 2.0) if span / (power * factor) <= 8)
    first = math.floor(low / step + 1e-9) * step
    return first, max(math.ceil(high / step - 1e-9) * step, first + step), step


def _x_axis(xs: Sequence[float], chart: Chart) -> tuple[float, float, Sequence[float]]:
    """Return the ends of the x axis, and the numbers below it."""
    if chart.x_step is not None:
        count = max(math.ceil(max(xs) / chart.x_step - 1e-9), round(1.0 / chart.x_step))
        return 0.0, count * chart.x_step, [number * chart.x_step for number in range(count + 1)]
    low, high = min(xs), max(max(xs), min(xs) + 1.0)
    return low, high, _whole_numbers(low, high)


def _whole_numbers(low: float, high: float) -> list[int]:
    step = max(round((high - low) / 12), 1) if high - low > 16 else 1
    return list(range(math.ceil(low), math.floor(high) + 1, step))
