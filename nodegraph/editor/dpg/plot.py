"""Plots for nodes, probes and panels: waves, spectra, spectrograms, meters, bars, frequency responses."""

from __future__ import annotations

import math

import dearpygui.dearpygui as dpg
import numpy as np

from ..canvas import typeface
from ..canvas.theme import CLEAR, Colour, Theme, faded, family_colour
from ..sound.readout import DIVISIONS
from ..view import Drawing
from .block_plots import PAINTERS, Dots, Painter, Sheet

TEXTURE = (256, 96)  # columns and rows of a spectrogram texture
MIN_DB_RANGE = -60.0  # the lower end of meters
CURVE_MARK = 3.5  # radius of a point of a curve in pixels at zoom 1
PAD = 6.0  # around the picture of a patch


class Textures:
    """A pool of spectrogram textures. Released ones are reused: deleting a displayed texture crashes DearPyGui."""

    def __init__(self) -> None:
        self._registry = dpg.add_texture_registry()
        self._free: list[int | str] = []

    def acquire(self) -> int | str:
        if self._free:
            return self._free.pop()
        width, height = TEXTURE
        blank = np.zeros(width * height * 4, np.float32)
        return dpg.add_raw_texture(width, height, blank, format=dpg.mvFormat_Float_rgba, parent=self._registry)

    def release(self, texture: int | str) -> None:
        self._free.append(texture)


class Plot:
    """A rectangle of ``size`` pixels in a draw node or draw list that displays a :class:`Drawing`.

    ``font`` is the font size in pixels.
    """

    def __init__(
        self, parent: int | str, at: tuple[float, float], size: tuple[float, float], theme: Theme, textures: Textures,
        font: float = 11.0,
    ) -> None:  # fmt: skip
        self.theme, self.size, self.font = theme, size, font
        self._textures = textures
        self._texture: int | str | None = None
        self._picture: np.ndarray | None = None
        self.kind = ""
        self._shown: Drawing | None = None
        self._lines: list[int | str] = []
        self._texts: list[int | str] = []
        self._marks: list[int | str] = []
        self._caption: int | str | None = None
        self._dots: Dots | None = None
        self._painter: Painter | None = None
        self._top = dpg.add_draw_node(parent=parent)
        dpg.apply_transform(self._top, dpg.create_translation_matrix((at[0], at[1], 0.0)))
        dpg.draw_rectangle((0, 0), size, fill=theme.display, color=CLEAR, rounding=3.0, parent=self._top)
        self._below = dpg.add_draw_node(parent=self._top)
        self._body = dpg.add_draw_node(parent=self._top)
        self._above = dpg.add_draw_node(parent=self._top)
        self._sheet = Sheet(theme, size, font, self._below, self._body, self._above)

    def close(self) -> None:
        """Release the texture; the draw items are deleted with their parent."""
        if self._texture is not None:
            self._textures.release(self._texture)
            self._texture = None

    def remove(self) -> None:
        """Delete the plot and its draw items."""
        self.close()
        dpg.delete_item(self._top)

    def show(self, drawing: Drawing) -> None:
        """Display a drawing, unless it is already displayed."""
        if drawing is self._shown:
            return
        self._shown = drawing
        if drawing.kind != self.kind:
            self._begin(drawing)
        paint = getattr(self, f"_paint_{drawing.kind}", None)
        if paint is not None and drawing.data.size:
            paint(drawing)
        room = self._painter.paint(drawing) if self._painter is not None and drawing.data.size else self.size[0]
        self._show_text(drawing.text, room)

    def _begin(self, drawing: Drawing) -> None:
        for group in (self._below, self._body, self._above):
            dpg.delete_item(group, children_only=True)
        self.close()
        self._lines, self._texts, self._marks, self._caption = [], [], [], None
        self._dots = None
        self.kind = drawing.kind
        self._painter = PAINTERS[drawing.kind](self._sheet) if drawing.kind in PAINTERS else None
        width, height = self.size
        if drawing.kind == "wave":
            self._rule((0, height / 2), (width, height / 2))
            for i in range(1, DIVISIONS):
                self._rule((width * i / DIVISIONS, 0), (width * i / DIVISIONS, height), 0.15)
        elif drawing.kind == "spectrum":
            for level in (-24.0, -48.0, -72.0):
                if drawing.low < level < drawing.high:
                    y = self._y(level, drawing.low, drawing.high)
                    self._rule((0, y), (width, y))
            for f in (100.0, 1000.0, 10000.0):
                x = _log_place(f, drawing.axis) * width
                if 0 < x < width:
                    self._rule((x, 0), (x, height))
        elif drawing.kind == "response":
            self._response_axes(drawing)
        elif drawing.kind == "spectrogram":
            self._texture = self._textures.acquire()
            self._picture = np.zeros((TEXTURE[1], TEXTURE[0], 4), np.float32)
            dpg.draw_image(self._texture, (0, 0), self.size, parent=self._body)

    def _rule(self, a: tuple[float, float], b: tuple[float, float], strength: float = 0.3) -> None:
        dpg.draw_line(a, b, color=faded(self.theme.faint, strength), parent=self._below)

    def _response_axes(self, drawing: Drawing) -> None:
        """Draw a line for every 12 dB and every decade, the line of 0 dB stronger, with labels where there is room."""
        width, height = self.size
        for level in range(12 * math.ceil(drawing.low / 12), math.ceil(drawing.high), 12):
            y = self._y(level, drawing.low, drawing.high)
            self._rule((0, y), (width, y), 0.7 if level == 0 else 0.2)
            if level % 24 == 0 and self.font < y < height - 1.8 * self.font:
                self._label((3.0, y - self.font - 1.0), f"{level} dB".replace("-", "−"))
        for frequency, text in ((100.0, "100"), (1000.0, "1k"), (10000.0, "10k")):
            x = _log_place(frequency, drawing.axis) * width
            if 0 < x < width:
                self._rule((x, 0), (x, height))
                self._label((x + 2.0, height - self.font - 2.0), text)

    def _label(self, at: tuple[float, float], text: str) -> None:
        dpg.draw_text(at, text, size=self.font, color=self.theme.faint, parent=self._below)

    def _y(self, value: float, low: float, high: float) -> float:
        return self.size[1] * (1.0 - (value - low) / max(high - low, 1e-9))

    def _show_text(self, text: str, room: float) -> None:
        """Write the caption, if there is room for all of it."""
        if self._caption is None and text:
            self._caption = dpg.draw_text((0, 0), "", size=self.font, color=self.theme.faint, parent=self._above)
        if self._caption is not None:
            right, top = self._painter.corner if self._painter is not None else (False, False)
            wide = typeface.width(text, self.font)
            at = (room - wide - 4.0 if right else 4.0, 2.0 if top else self.size[1] - self.font - 2.0)
            dpg.configure_item(self._caption, text=text if wide + 4.0 <= room else "", pos=at)

    # -- kinds ---------------------------------------------------------------------------------------------

    def _line(self, index: int, colour: Colour) -> int | str:
        while len(self._lines) <= index:
            self._lines.append(dpg.draw_polyline([[0, 0], [0, 0]], color=colour, thickness=1.4, parent=self._body))
        return self._lines[index]

    def _curve(self, index: int, values: np.ndarray, low: float, high: float, x: np.ndarray | None = None) -> None:
        width, height = self.size
        points = np.empty((len(values), 2))
        points[:, 0] = np.linspace(0.0, width, len(values)) if x is None else x
        points[:, 1] = np.clip(height * (1.0 - (values - low) / max(high - low, 1e-9)), 1.0, height - 1.0)
        colour = self.theme.trace[index % len(self.theme.trace)]
        dpg.configure_item(self._line(index, colour), points=points.tolist(), color=colour)

    def _hide_lines(self, first: int) -> None:
        for line in self._lines[first:]:
            dpg.configure_item(line, points=[[0, 0], [0, 0]], color=CLEAR)

    def _paint_wave(self, drawing: Drawing) -> None:
        lanes = drawing.data[:8]
        most = max(int(self.size[0]), 16)
        for i, lane in enumerate(lanes):
            self._curve(i, _thinned(np.nan_to_num(lane), most), drawing.low, drawing.high)
        self._hide_lines(len(lanes))

    def _paint_spectrum(self, drawing: Drawing) -> None:
        lanes = drawing.data[:4]
        for i, lane in enumerate(lanes):
            x, levels = _on_log_axis(np.nan_to_num(lane, neginf=-200.0), drawing.axis, int(self.size[0] / 2))
            self._curve(i, levels, drawing.low, drawing.high, x * self.size[0])
        self._hide_lines(len(lanes))

    def _paint_response(self, drawing: Drawing) -> None:
        for i, curve in enumerate(drawing.data):
            self._curve(i, curve, drawing.low, drawing.high)
        self._hide_lines(len(drawing.data))

    def _paint_curve(self, drawing: Drawing) -> None:
        self._curve(0, drawing.data[0], drawing.low, drawing.high)
        while len(self._marks) < len(drawing.marks):
            self._marks.append(dpg.draw_circle((0, 0), CURVE_MARK, color=CLEAR, parent=self._above))
        left, right = drawing.axis or (0.0, 1.0)
        for mark, (x, y) in zip(self._marks, drawing.marks, strict=False):
            place = self.size[0] * (x - left) / max(right - left, 1e-9), self._y(y, drawing.low, drawing.high)
            radius, colour = CURVE_MARK * self._sheet.scale, self.theme.trace[0]
            dpg.configure_item(mark, center=place, radius=radius, color=colour, fill=self.theme.display)
        for mark in self._marks[len(drawing.marks) :]:
            dpg.configure_item(mark, color=CLEAR, fill=CLEAR)
        if self._dots is None:
            self._dots = Dots(self._sheet)
        self._dots.paint(drawing, self.size[0])

    def _paint_spectrogram(self, drawing: Drawing) -> None:
        assert self._texture is not None and self._picture is not None
        columns, rows = TEXTURE
        data = np.clip(np.nan_to_num(drawing.data), 0.0, 1.0)
        across = np.linspace(0, len(data) - 1, columns).round().astype(int)
        down = np.linspace(data.shape[1] - 1, 0, rows).round().astype(int)
        self._picture[:] = heat_table(self.theme)[(data[np.ix_(across, down)].T * 255).astype(np.uint8)]
        dpg.set_value(self._texture, self._picture)

    def _paint_meter(self, drawing: Drawing) -> None:
        lanes = drawing.data[:16]
        width, height = self.size
        step = height / len(lanes)
        while len(self._marks) < 2 * len(lanes):
            self._marks.append(dpg.draw_rectangle((0, 0), (0, 0), color=CLEAR, fill=CLEAR, parent=self._body))
        for i, (rms, peak) in enumerate(lanes):
            top, bottom = i * step + 2.0, (i + 1) * step - 1.5
            loud, most = _meter_place(float(rms)), _meter_place(float(peak))
            colour = self.theme.alarm if peak >= 0.0 else self.theme.warn if peak > -6.0 else self.theme.good
            dpg.configure_item(self._marks[2 * i], pmin=(2, top), pmax=(2 + (width - 4) * loud, bottom), fill=colour)
            x = 2 + (width - 4) * most
            dpg.configure_item(
                self._marks[2 * i + 1], pmin=(max(x - 2, 2), top), pmax=(x, bottom), fill=self.theme.text
            )
        for mark in self._marks[2 * len(lanes) :]:
            dpg.configure_item(mark, fill=CLEAR)

    def _paint_bars(self, drawing: Drawing) -> None:
        values = np.nan_to_num(drawing.data.ravel())[:256]
        width, height = self.size
        room = height - (self.font + 4.0 if drawing.names else 0.0)
        while len(self._marks) < len(values):
            colour = self.theme.kinds["latent"]
            self._marks.append(dpg.draw_rectangle((0, 0), (0, 0), color=CLEAR, fill=colour, parent=self._body))
        step = width / len(values)
        span = max(drawing.high - drawing.low, 1e-9)
        zero = room * (1.0 - min(max((0.0 - drawing.low) / span, 0.0), 1.0))
        for i, value in enumerate(values):
            y = room * (1.0 - min(max((value - drawing.low) / span, 0.0), 1.0))
            left, right = i * step + min(1.0, step / 6), (i + 1) * step - min(1.0, step / 6)
            top, bottom = min(y, zero), max(y, zero) + 1.0
            dpg.configure_item(self._marks[i], pmin=(left, top), pmax=(right, bottom), show=True)
        for mark in self._marks[len(values) :]:
            dpg.configure_item(mark, show=False)
        self._name_bars(drawing.names[: len(values)], step, height)

    def _name_bars(self, names: tuple[str, ...], step: float, height: float) -> None:
        if self._texts or not names:
            return
        every = max(1, math.ceil(max(typeface.width(name, self.font) for name in names) / max(step, 1.0) + 0.2))
        for i in range(0, len(names), every):
            at = (i * step + 2.0, height - self.font - 1.0)
            self._texts.append(dpg.draw_text(at, names[i], size=self.font, color=self.theme.faint, parent=self._above))

    _paint_faders = _paint_bars

    def _paint_peaks(self, drawing: Drawing) -> None:
        """Draw a bar from the lowest to the highest sample of each part of a sound."""
        dpg.delete_item(self._body, children_only=True)
        width, height = self.size
        step, colour = width / len(drawing.data), self.theme.trace[0]
        self._rule((0, height / 2), (width, height / 2))
        for i, (low, high) in enumerate(drawing.data):
            low, high = np.clip((low, high), drawing.low, drawing.high)
            top, bottom = (self._y(value, drawing.low, drawing.high) for value in (high, low))
            box = (i * step, top), (i * step + max(step - 0.4, 1.0), max(bottom, top + 1.0))
            dpg.draw_rectangle(*box, fill=colour, color=CLEAR, parent=self._body)

    def _paint_patch(self, drawing: Drawing) -> None:
        """Draw the blocks of a patch as boxes in the colours of their families, and its wires as lines."""
        dpg.delete_item(self._body, children_only=True)
        data, count, width, height = drawing.data, len(drawing.names), *self.size
        low, high = data[:count, :2].min(axis=0), data[:count, 2:].max(axis=0)
        scale = min((width - 2 * PAD) / (high[0] - low[0]), (height - 2 * PAD) / (high[1] - low[1]), 1.0)
        offset = (np.array(self.size) - scale * (low + high)) / 2
        places = data * scale + np.tile(offset, 2)
        for x, y, to_x, to_y in places[count:]:
            dpg.draw_line((x, y), (to_x, to_y), color=self.theme.faint, parent=self._body)
        for box, family in zip(places, drawing.names):
            colour = family_colour(family)
            dpg.draw_rectangle(box[:2].tolist(), box[2:].tolist(), fill=colour, color=colour, parent=self._body)


def _thinned(lane: np.ndarray, max_points: int) -> np.ndarray:
    """Reduce a lane to at most ``max_points`` points, preserving peaks."""
    if len(lane) <= max_points:
        return lane
    if len(lane) <= 5 * max_points:
        return lane[:: -(-len(lane) // max_points)]
    part = len(lane) // (max_points // 2)
    trimmed = lane[len(lane) % part :].reshape(-1, part)
    return np.column_stack([trimmed.min(1), trimmed.max(1)]).ravel()


def _log_place(frequency: float, axis: tuple[float, float] | None) -> float:
    """Return the position 0…1 of a frequency on a logarithmic axis from 20 Hz (or its lower end) up."""
    top = axis[1] if axis else 22050.0
    low = max(axis[0] if axis else 20.0, 20.0)
    return math.log(max(frequency, 1e-3) / low) / math.log(max(top / low, 1.01))


def _on_log_axis(
    levels: np.ndarray, axis: tuple[float, float] | None, max_points: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions 0…1 and levels on a logarithmic axis, with the highest level of all bins in a pixel."""
    top = axis[1] if axis else 22050.0
    frequencies = np.linspace(0.0, top, len(levels))[1:]
    low = max(axis[0] if axis else 20.0, 20.0)
    places = np.log(np.maximum(frequencies, 1e-3) / low) / math.log(max(top / low, 1.01))
    fits = places >= 0.0
    places, levels = places[fits], levels[1:][fits]
    if not len(places):
        return np.zeros(2), np.full(2, -200.0)
    bins = np.minimum((places * max_points).astype(int), max_points - 1)
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    return places[starts], np.maximum.reduceat(levels, starts)


def _meter_place(level: float) -> float:
    return min(max((level - MIN_DB_RANGE) / (6.0 - MIN_DB_RANGE), 0.0), 1.0)


_heat: dict[int, np.ndarray] = {}


def heat_table(theme: Theme) -> np.ndarray:
    """Return the heat colours of a theme as 256 float32 RGBA values."""
    if id(theme) not in _heat:
        stops = np.array(theme.heat, np.float32) / 255.0
        at = np.linspace(0, len(stops) - 1, 256)
        table = np.column_stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(4)])
        _heat[id(theme)] = table.astype(np.float32)
    return _heat[id(theme)]
