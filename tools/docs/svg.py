"""Line plots as small SVG images that take their colours from the theme of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 26, 42
MAX_POINTS = 640  # of a curve; denser ones are drawn by the extremes of each part
COLOURS = 4


@dataclass(frozen=True)
class Axis:
    """An axis: its label with the unit, its range, and whether it is logarithmic."""

    label: str
    low: float
    high: float
    log: bool = False

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return 0…1 for values from ``low`` to ``high``."""
        if self.log:
            values, low, high = np.log(np.maximum(values, 1e-12)), math.log(self.low), math.log(self.high)
        else:
            low, high = self.low, self.high
        return (values - low) / (high - low)

    def ticks(self) -> list[float]:
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [m * 10.0**d for d in decades for m in ((1, 2, 5) if len(decades) < 5 else (1,))]
        else:
            rough = (self.high - self.low) / 6.0
            unit = 10.0 ** math.floor(math.log10(rough))
            step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
            found = [
                k * step for k in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
            ]
        return [tick for tick in found if self.low * (1 - 1e-9) - 1e-12 <= tick <= self.high * (1 + 1e-9) + 1e-12]


@dataclass(frozen=True)
class Plot:
    """Curves (x, y, label) in one system of axes. ``y`` is NaN where a curve has a gap."""

    caption: str
    x: Axis
    y: Axis
    curves: Sequence[tuple[np.ndarray, np.ndarray, str]] = field(default_factory=list)


def span(values: Sequence[np.ndarray], least: float = 0.1) -> tuple[float, float]:
    """Return a range that contains all values with some room, at least ``least`` wide."""
    together = np.concatenate([np.ravel(v) for v in values])
    together = together[np.isfinite(together)]
    low, high = (float(together.min()), float(together.max())) if len(together) else (0.0, 1.0)
    room = max(0.06 * (high - low), 0.5 * (least - (high - low)))
    return low - room, high + room


def svg(plot: Plot) -> str:
    """Return a plot as an SVG element for a page."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = [f'<rect class="axis" x="{LEFT}" y="{TOP}" width="{wide}" height="{high}"/>']
    for tick in plot.x.ticks():
        x = LEFT + wide * float(plot.x.place(np.array([tick]))[0])
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{TOP + high}"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP + high + 16}" text-anchor="middle">{_number(tick)}</text>')
    for tick in plot.y.ticks():
        y = TOP + high * (1.0 - float(plot.y.place(np.array([tick]))[0]))
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    place = LEFT
    for k, (xs, ys, label) in enumerate(plot.curves):
        colour = f"c{k % COLOURS}"
        parts.append(f'<path class="curve {colour}" d="{_path(plot, np.asarray(xs), np.asarray(ys), wide, high)}"/>')
        if label:
            parts.append(f'<rect class="key {colour}" x="{place}" y="8" width="14" height="3"/>')
            parts.append(f'<text class="{colour}" x="{place + 18}" y="14">{escape(label)}</text>')
            place += 34 + round(6.6 * len(label))
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(plot.x.label)}</text>')
    turned = f'transform="rotate(-90 13 {TOP + high / 2})" x="13" y="{TOP + high / 2}"'
    parts.append(f'<text {turned} text-anchor="middle">{escape(plot.y.label)}</text>')
    title = f"<title>{escape(plot.caption)}</title>"
    return f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{title}{"".join(parts)}</svg>'


def _path(plot: Plot, xs: np.ndarray, ys: np.ndarray, wide: float, high: float) -> str:
    xs, ys = _thinned(np.asarray(xs, float), np.asarray(ys, float))
    px = LEFT + wide * np.clip(plot.x.place(xs), 0.0, 1.0)
    py = TOP + high * (1.0 - np.clip(plot.y.place(ys), 0.0, 1.0))
    words, pen = [], "M"
    for x, y in zip(px, py):
        if not math.isfinite(y):
            pen = "M"
            continue
        words.append(f"{pen}{x:.1f},{y:.1f}")
        pen = "L"
    return "".join(words)


def _thinned(xs: np.ndarray, ys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a curve of at most ``2 MAX_POINTS`` points that looks the same."""
    if len(xs) <= 2 * MAX_POINTS:
        return xs, ys
    edges = np.linspace(0, len(xs), MAX_POINTS + 1).astype(int)
    kept = []
    for a, b in zip(edges[:-1], edges[1:]):
        part = np.nan_to_num(ys[a:b])
        kept += sorted({a + int(part.argmin()), a + int(part.argmax())})
    return xs[kept], ys[kept]


def _number(value: float) -> str:
    if abs(value) >= 1000.0 and value % 100 == 0:
        return f"{value / 1000.0:g}k"
    return f"{float(f'{value:.6g}') + 0.0:g}".replace("-", "−")
