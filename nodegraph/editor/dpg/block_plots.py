"""Painters of what blocks declare: curves with running dots and a gauge, bars of a sequencer, a tuner."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import dearpygui.dearpygui as dpg
import numpy as np

from ..block_curves import IN_TUNE
from ..canvas import typeface
from ..canvas.theme import CLEAR, Colour, Theme, faded
from ..view import Drawing, Point

Tag = int | str
DOT = 3.5  # radius of a running dot, in pixels at a font of 11
GAUGE = 8.0  # width, likewise
SCALE_PART = 0.48  # half of the width of a tuner's scale


@dataclass(frozen=True)
class Sheet:
    """The place of a drawing: its size and that of the font in pixels, and three layers of draw items."""

    theme: Theme
    size: Point
    font: float
    below: Tag
    body: Tag
    above: Tag

    @property
    def scale(self) -> float:
        """Return the size of marks, 1 for a font of 11 pixels."""
        return self.font / 11.0


class Painter(Protocol):
    """Draw items of one kind of drawing in a plot. ``corner`` is that of the caption, (right, top)."""

    corner: tuple[bool, bool]

    def paint(self, drawing: Drawing) -> float:
        """Update the items; return the width that is left for the caption."""


class Dots:
    """Running dots of a drawing."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.tags: list[Tag] = []

    def paint(self, drawing: Drawing, width: float) -> None:
        """Show the dots of a drawing, whole ones, within a width."""
        theme, height, radius = self.sheet.theme, self.sheet.size[1], DOT * self.sheet.scale
        while len(self.tags) < len(drawing.dots):
            fill, edge = theme.focus, theme.display
            self.tags.append(dpg.draw_circle((0, 0), radius, fill=fill, color=edge, parent=self.sheet.above))
        for tag, (x, y) in zip(self.tags, drawing.dots, strict=False):
            place = x * width, (1.0 - y) * height
            inside = min(max(place[0], radius), width - radius), min(max(place[1], radius), height - radius)
            dpg.configure_item(tag, center=inside, show=True)
        for tag in self.tags[len(drawing.dots) :]:
            dpg.configure_item(tag, show=False)


class CurvesPainter:
    """Curves, of which only dots and gauge move while the data are the same."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.corner = sheet, (True, True)
        self.data: np.ndarray | None = None
        self.lines: list[Tag] = []
        self.dots = Dots(sheet)
        self.gauge: Tag | None = None

    def paint(self, drawing: Drawing) -> float:
        width = self.sheet.size[0]
        if drawing.gauge >= 0.0:
            thick = GAUGE * self.sheet.scale
            self._paint_gauge(drawing.gauge, thick)
            width -= thick + 2.0
        if self.data is not drawing.data:
            self.data = drawing.data
            self._paint_curves(drawing, width)
        self.dots.paint(drawing, width)
        return width

    def _paint_curves(self, drawing: Drawing, width: float) -> None:
        height, theme = self.sheet.size[1], self.sheet.theme
        span = max(drawing.high - drawing.low, 1e-9)
        x = width * np.clip(drawing.data[0], 0.0, 1.0)
        curves = np.clip(height * (1.0 - (drawing.data[1:] - drawing.low) / span), 1.0, height - 1.0)
        while len(self.lines) < len(curves):
            colour = theme.trace[len(self.lines) % len(theme.trace)]
            layer = self.sheet.below if self.lines else self.sheet.body  # the first curve lies above the others
            line = dpg.draw_polyline([[0, 0], [0, 0]], color=colour, thickness=1.4, parent=layer)
            self.lines.append(line)
        for line, y in zip(self.lines, curves, strict=False):
            dpg.configure_item(line, points=np.column_stack([x, y]).tolist(), show=True)
        for line in self.lines[len(curves) :]:
            dpg.configure_item(line, show=False)
        box = (typeface.width(drawing.text, self.sheet.font) + 8.0, self.sheet.font + 4.0)
        self.corner = free_corner(x, curves[0], (width, height), box)

    def _paint_gauge(self, part: float, thick: float) -> None:
        width, height = self.sheet.size
        theme, left = self.sheet.theme, width - thick
        if self.gauge is None:
            dpg.draw_rectangle((left, 0), (width, height), fill=theme.track, color=theme.faint, parent=self.sheet.below)
            self.gauge = dpg.draw_rectangle((0, 0), (0, 0), fill=theme.warn, color=CLEAR, parent=self.sheet.body)
        end = width - 1.0, 1.0 + part * (height - 2.0)
        dpg.configure_item(self.gauge, pmin=(left + 1.0, 1.0), pmax=end, show=part > 0.0)


def free_corner(x: np.ndarray, y: np.ndarray, size: Point, box: Point) -> tuple[bool, bool]:
    """Return the corner, (right, top), in which a box covers the least of a curve; y grows downwards."""
    across = np.linspace(0.0, size[0], 64)
    height = np.interp(across, x, y)

    def covered(corner: tuple[bool, bool]) -> int:
        beside = across > size[0] - box[0] if corner[0] else across < box[0]
        level = height < box[1] if corner[1] else height > size[1] - box[1]
        return int(np.count_nonzero(beside & level))

    return min(((True, True), (True, False), (False, True), (False, False)), key=covered)


class StepsPainter:
    """Bars: hollow if they are off, a mark above those that play, a frame around the chosen one."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.corner = sheet, (True, True)
        self.painted: tuple[bytes, float, float] | None = None
        self.bars: list[Tag] = []
        self.marks: list[Tag] = []
        self.frame: Tag = dpg.draw_rectangle(
            (0, 0), (0, 0), color=sheet.theme.focus, thickness=1.5, show=False, parent=sheet.above
        )

    def paint(self, drawing: Drawing) -> float:
        width, height = self.sheet.size
        count, head = drawing.data.shape[1], 5.0 * self.sheet.scale
        step = width / count
        state = drawing.data.tobytes(), drawing.low, drawing.high
        if state != self.painted:
            self.painted = state
            self._paint_bars(drawing, step, head)
        while len(self.marks) < len(drawing.dots):
            fill = self.sheet.theme.focus
            mark = dpg.draw_rectangle((0, 0), (0, 0), fill=fill, color=CLEAR, parent=self.sheet.above)
            self.marks.append(mark)
        for mark, (index, _) in zip(self.marks, drawing.dots, strict=False):
            dpg.configure_item(mark, pmin=(index * step, 0.0), pmax=((index + 1) * step, head - 1.5), show=True)
        for mark in self.marks[len(drawing.dots) :]:
            dpg.configure_item(mark, show=False)
        chosen = drawing.marks[0][0] if drawing.marks else -1.0
        self.corner = chosen < 0.5 * count, True
        dpg.configure_item(
            self.frame, pmin=(chosen * step, 0.0), pmax=((chosen + 1.0) * step, height), show=chosen >= 0.0
        )
        return width

    def _paint_bars(self, drawing: Drawing, step: float, head: float) -> None:
        (values, levels), colour = drawing.data, self.sheet.theme.trace[0]
        bottom, span = self.sheet.size[1] - 1.0, max(drawing.high - drawing.low, 1e-9)
        room, gap = bottom - head, min(1.0, step / 6.0)
        zero = head + room * (1.0 - min(max(-drawing.low / span, 0.0), 1.0))
        ends = head + room * (1.0 - np.clip((values - drawing.low) / span, 0.0, 1.0))
        while len(self.bars) < len(values):
            self.bars.append(dpg.draw_rectangle((0, 0), (0, 0), color=colour, parent=self.sheet.body))
        for i, (bar, end, level) in enumerate(zip(self.bars, ends, levels, strict=False)):
            top, low = min(end, zero - 1.0), max(end, zero)
            fill: Colour = faded(colour, 0.4 + 0.6 * min(float(level), 1.0)) if level > 0.0 else CLEAR
            box = (i * step + gap, top), ((i + 1) * step - gap, low)
            dpg.configure_item(bar, pmin=box[0], pmax=box[1], fill=fill, show=True)
        for bar in self.bars[len(values) :]:
            dpg.configure_item(bar, show=False)


class TunerPainter:
    """A scale of ±50 cents with a needle, and the name of the note below."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.corner = sheet, (True, False)
        theme, font, (_, height) = sheet.theme, sheet.font, sheet.size
        self.line = height - font - 6.0
        for cents in (-50, -25, 0, 25, 50):
            x, top = self._x(cents), self.line * (0.5 if cents else 0.15)
            dpg.draw_line((x, top), (x, self.line), color=theme.faint, parent=sheet.below)
        dpg.draw_line((self._x(-50), self.line), (self._x(50), self.line), color=theme.faint, parent=sheet.below)
        self.needle = dpg.draw_line((0, 0), (0, 0), color=CLEAR, thickness=2.5, parent=sheet.body)
        at = (4.0, height - font - 2.0)
        self.note = dpg.draw_text(at, "", size=font, color=theme.text, parent=sheet.above)

    def paint(self, drawing: Drawing) -> float:
        cents, theme = float(drawing.data[0]), self.sheet.theme
        is_known = math.isfinite(cents)
        colour = CLEAR if not is_known else theme.good if abs(cents) < IN_TUNE else theme.warn
        x = self._x(min(max(cents, -50.0), 50.0)) if is_known else 0.0
        dpg.configure_item(self.needle, p1=(x, 2.0), p2=(x, self.line), color=colour)
        dpg.configure_item(self.note, text=drawing.names[0] if drawing.names else "")
        return self.sheet.size[0]

    def _x(self, cents: float) -> float:
        return self.sheet.size[0] * (0.5 + SCALE_PART * cents / 50.0)


PAINTERS: dict[str, Callable[[Sheet], Painter]] = {
    "curves": CurvesPainter,
    "steps": StepsPainter,
    "tuner": TunerPainter,
}
