"""The status line at the bottom of the window, with the master strip at its right end."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, faded
from ..canvas.typeface import ellipsize, supported_text, width
from ..events import Event, MenuPicked, VolumeDragged
from ..view import MasterVisual, Point, Status

Tag = int | str
HIGH = 24.0
FONT = 13.0
BETWEEN = 22.0
ALARM = "!"  # before alarms, which are red, too
LOWEST, TOP = -60.0, 0.0  # dBFS, range of the meter
LIGHT, METER, VOLUME, MUTE, APART = 34.0, 116.0, 72.0, 44.0, 10.0  # widths of the parts of the master strip
STRIP = LIGHT + METER + VOLUME + MUTE + 4 * APART


class StatusLine:
    """The status line; long parts are shortened so that all fit. Its master strip is used with the mouse."""

    def __init__(self, parent: Tag, theme: Theme, send: Callable[[Event], None]) -> None:
        self.theme, self.scale = theme, 1.0
        self.area = dpg.add_drawlist(width=100, height=int(HIGH), parent=parent)
        self._texts = dpg.add_draw_node(parent=self.area)
        self._strip = dpg.add_draw_node(parent=self.area)
        self._send = send
        self._status, self.master = Status(()), MasterVisual()
        self._wide = 100.0
        self._drawn: object = None
        self._strip_drawn: object = None
        self._dragging = False

    def resize(self, width: float) -> None:
        self._wide = width
        dpg.configure_item(self.area, width=int(width), height=int(HIGH * self.scale))

    def show(self, status: Status) -> None:
        self._status = status

    def show_master(self, master: MasterVisual) -> None:
        self.master = master

    # -- the mouse -----------------------------------------------------------------------------------------

    def box(self, part: str) -> tuple[float, float, float, float]:
        """Return the box of "meter", "volume" or "mute" in window pixels."""
        _, y = dpg.get_item_rect_min(self.area)
        left, right = self._parts()[part]
        return left, y, right, y + HIGH * self.scale

    def press(self, mouse: Point) -> bool:
        """Handle a press of the left button; return whether it is on the master strip."""
        if not dpg.is_item_hovered(self.area):
            return False
        inside = next((part for part, (left, right) in self._parts().items() if left <= mouse[0] < right), "")
        if inside == "volume":
            self._dragging = True
            self.drag(mouse)
        elif inside == "mute":
            self._send(MenuPicked("mute_output"))
        return bool(inside)

    def drag(self, mouse: Point) -> None:
        """Move the volume, if its slider is being dragged."""
        if self._dragging:
            left, right = self._parts()["volume"]
            self._send(VolumeDragged(min(max((mouse[0] - left) / (right - left), 0.0), 1.0)))

    def release(self) -> None:
        self._dragging = False

    # -- drawing -------------------------------------------------------------------------------------------

    def _parts(self) -> dict[str, tuple[float, float]]:
        """Return the left and right edge of each part of the master strip."""
        found, x = {}, self._wide - STRIP * self.scale
        for part, wide in (("light", LIGHT), ("meter", METER), ("volume", VOLUME), ("mute", MUTE)):
            found[part] = (x, x + wide * self.scale)
            x += (wide + APART) * self.scale
        return found

    def refresh(self) -> None:
        """Redraw the status line if it changed; called once per frame."""
        look = (self._status, self._wide, id(self.theme), self.scale)
        if look != self._drawn:
            self._drawn = look
            self._draw_texts()
            self._strip_drawn = None
        if self.master != self._strip_drawn:
            self._strip_drawn = self.master
            self._draw_strip()

    def _draw_texts(self) -> None:
        dpg.delete_item(self._texts, children_only=True)
        s, theme = self.scale, self.theme
        ground = theme.panel_deep
        dpg.draw_rectangle((0, 0), (self._wide, HIGH * s), fill=ground, color=ground, parent=self._texts)
        size = FONT * s
        x, y = 10.0 * s, (HIGH * s - size) / 2
        end = self._wide - (STRIP + 10.0) * s
        for key, text in self._status.parts:
            alarm = key in self._status.alarm
            colour = theme.alarm if alarm else theme.text if key in ("device", "message") else theme.faint
            text = f"{ALARM} {text}" if alarm else text
            shown = ellipsize(supported_text(text), size, max(end - x, 0.0))
            if not shown:
                break
            dpg.draw_text((x, y), shown, size=size, color=colour, parent=self._texts)
            x += width(shown, size) + BETWEEN * s
            line = x - BETWEEN * s / 2
            dpg.draw_line((line, 5 * s), (line, HIGH * s - 5 * s), color=theme.grid_strong, parent=self._texts)

    def _draw_strip(self) -> None:
        dpg.delete_item(self._strip, children_only=True)
        s, theme, master, parts = self.scale, self.theme, self.master, self._parts()
        size, top, bottom = FONT * s, 5.0 * s, (HIGH - 5.0) * s
        y = (HIGH * s - size) / 2

        def box(left: float, top: float, right: float, bottom: float, fill: tuple[int, int, int, int]) -> None:
            dpg.draw_rectangle((left, top), (right, bottom), fill=fill, color=fill, parent=self._strip)

        def text(left: float, words: str, colour: tuple[int, int, int, int]) -> None:
            dpg.draw_text((left, y), words, size=size, color=colour, parent=self._strip)

        left, right = parts["light"]
        if master.limited:
            box(left - 3 * s, top - 2 * s, right, bottom + 2 * s, theme.alarm)
        text(left, "limit", theme.panel_deep if master.limited else theme.faint)
        left, right = parts["meter"]
        count = max(len(master.peaks), 1)
        step = (bottom - top) / count
        for i in range(count):
            upper, lower = top + i * step, top + (i + 1) * step - max(s, 1.0)
            box(left, upper, right, lower, theme.track)
            if i < len(master.peaks):
                box(left, upper, left + (right - left) * _part(master.peaks[i]), lower, theme.good)
                at = left + (right - left) * _part(master.held[i])
                box(max(at - 2 * s, left), upper, at, lower, theme.alarm if master.held[i] > -0.1 else theme.text)
        left, right = parts["volume"]
        at = left + (right - left) * master.volume
        box(left, top, right, bottom, theme.track)
        box(left, top, at, bottom, faded(theme.fill, 0.4) if master.muted else theme.fill)
        box(max(at - 3 * s, left), top - 2 * s, max(at, left + 3 * s), bottom + 2 * s, theme.text)
        left, right = parts["mute"]
        if master.muted:
            box(left - 3 * s, top - 2 * s, right - 4 * s, bottom + 2 * s, theme.warn)
        text(left, "mute", theme.panel_deep if master.muted else theme.faint)


def _part(level: float) -> float:
    """Return the place of a level in dBFS on the meter, 0…1."""
    return min(max((level - LOWEST) / (TOP - LOWEST), 0.0), 1.0)
