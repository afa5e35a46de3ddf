"""The status line at the bottom of the window."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme
from ..canvas.typeface import ellipsize, supported_text, width
from ..view import Status

Tag = int | str
HIGH = 24.0
FONT = 13.0
BETWEEN = 22.0


class StatusLine:
    """The status line; long parts are shortened so that all fit."""

    def __init__(self, parent: Tag, theme: Theme) -> None:
        self.theme, self.scale = theme, 1.0
        self.area = dpg.add_drawlist(width=100, height=int(HIGH), parent=parent)
        self._status = Status(())
        self._wide = 100.0
        self._drawn: object = None

    def resize(self, width: float) -> None:
        self._wide = width
        dpg.configure_item(self.area, width=int(width), height=int(HIGH * self.scale))

    def show(self, status: Status) -> None:
        self._status = status

    def refresh(self) -> None:
        """Redraw the status line if it changed; called once per frame."""
        look = (self._status, self._wide, id(self.theme), self.scale)
        if look == self._drawn:
            return
        self._drawn = look
        dpg.delete_item(self.area, children_only=True)
        s, theme = self.scale, self.theme
        ground = theme.panel_deep
        dpg.draw_rectangle((0, 0), (self._wide, HIGH * s), fill=ground, color=ground, parent=self.area)
        size = FONT * s
        x, y = 10.0 * s, (HIGH * s - size) / 2
        for key, text in self._status.parts:
            alarm = key in self._status.alarm
            colour = theme.alarm if alarm else theme.text if key in ("device", "message") else theme.faint
            shown = ellipsize(supported_text(text), size, max(self._wide - x - 10 * s, 0.0))
            if not shown:
                break
            dpg.draw_text((x, y), shown, size=size, color=colour, parent=self.area)
            x += width(shown, size) + BETWEEN * s
            line = x - BETWEEN * s / 2
            dpg.draw_line((line, 5 * s), (line, HIGH * s - 5 * s), color=theme.grid_strong, parent=self.area)
