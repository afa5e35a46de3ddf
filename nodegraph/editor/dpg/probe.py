"""Readouts of wires: one at the pointer, and small windows for pinned probes."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, faded
from ..canvas.typeface import ellipsize, supported_text
from ..events import Event, ProbeClosed
from ..sound.readout import Readout
from .fields import kept_inside, screen_size
from .plot import Plot, Textures

Tag = int | str
WIDE = 250.0
HIGH = 74.0  # height of a drawing
GAP = 5.0
FONT = 12.5


class ReadoutItems:
    """The draw items of a readout, rebuilt if its drawings change in number or kind."""

    def __init__(self, parent: Tag, theme: Theme, textures: Textures, scale: float) -> None:
        self._parent, self.theme, self._textures, self.scale = parent, theme, textures, scale
        self._shape: tuple[str, ...] = ()
        self._plots: list[Plot] = []
        self._texts: list[Tag] = []
        self.lines: tuple[str, ...] = ()  # the texts below the drawings
        self.size = (WIDE * scale, 40.0)

    def show(self, readout: Readout) -> bool:
        """Draw a readout; return whether its size changed."""
        s = self.scale
        shape = (*(drawing.kind for drawing in readout.drawings), str(len(readout.lines)))
        fresh = shape != self._shape
        if fresh:
            self.clear()
            self._shape = shape
            y = 0.0
            for _ in readout.drawings:
                size = (WIDE * s, HIGH * s)
                self._plots.append(Plot(self._parent, (0, y), size, self.theme, self._textures, 10.5 * s))
                y += (HIGH + GAP) * s
            for _ in readout.lines:
                self._texts.append(dpg.draw_text((2, y), "", size=FONT * s, color=self.theme.text, parent=self._parent))
                y += (FONT + 3.5) * s
            self.size = (WIDE * s, y)
        for plot, drawing in zip(self._plots, readout.drawings):
            plot.show(drawing)
        self.lines = readout.lines
        for tag, line in zip(self._texts, readout.lines):
            dpg.configure_item(tag, text=ellipsize(supported_text(line), FONT * s, WIDE * s))
        return fresh

    def clear(self) -> None:
        for plot in self._plots:
            plot.remove()
        for tag in self._texts:
            dpg.delete_item(tag)
        self._plots, self._texts, self._shape = [], [], ()


class HoverReadout:
    """The readout at the pointer."""

    def __init__(self, theme: Theme, textures: Textures, scale: float) -> None:
        self.theme = theme
        self._list = dpg.add_viewport_drawlist(front=True)
        self._group = dpg.add_draw_node(parent=self._list)
        self._ground = dpg.draw_rectangle(
            (0, 0), (0, 0), fill=faded(theme.panel_deep, 0.96), color=theme.grid_strong, rounding=6, parent=self._group
        )
        self._inner = dpg.add_draw_node(parent=self._group)
        dpg.apply_transform(self._inner, dpg.create_translation_matrix((8, 8, 0)))
        self._items = ReadoutItems(self._inner, theme, textures, scale)
        self._shown = False
        dpg.configure_item(self._group, show=False)

    def show(self, readout: Readout, mouse: tuple[float, float]) -> None:
        if self._items.show(readout):
            width, height = self._items.size
            dpg.configure_item(self._ground, pmax=(width + 16, height + 16))
        width, height = self._items.size
        screen = screen_size()
        x = mouse[0] + 22 if mouse[0] + 40 + width < screen[0] else mouse[0] - width - 30
        y = max(min(mouse[1] + 20, screen[1] - height - 24), 4)
        dpg.apply_transform(self._group, dpg.create_translation_matrix((round(x), round(y), 0)))
        if not self._shown:
            dpg.configure_item(self._group, show=True)
            self._shown = True

    def hide(self) -> None:
        if self._shown:
            dpg.configure_item(self._group, show=False)
            self._shown = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The displayed texts, empty while it is hidden."""
        return self._items.lines if self._shown else ()

    def remove(self) -> None:
        self._items.clear()
        dpg.delete_item(self._list)


class ProbeWindow:
    """A pinned readout in a small window."""

    def __init__(
        self, key: str, title: str, at: tuple[float, float], theme: Theme, textures: Textures, scale: float,
        send: Callable[[Event], None],
    ) -> None:  # fmt: skip
        size = (WIDE * scale + 22, (2 * (HIGH + GAP) + 70) * scale)
        with dpg.window(
            label=f"{supported_text(title)}###probe {key}", no_collapse=True, no_resize=True, no_scrollbar=True,
            autosize=True, pos=kept_inside(at, size), no_saved_settings=True,
            on_close=lambda: send(ProbeClosed(key)),
        ) as self.window:  # fmt: skip
            self._area = dpg.add_drawlist(width=int(WIDE * scale), height=int(40 * scale))
        self._items = ReadoutItems(self._area, theme, textures, scale)

    def show(self, readout: Readout) -> None:
        if self._items.show(readout):
            width, height = self._items.size
            dpg.configure_item(self._area, width=int(width), height=int(height))

    @property
    def lines(self) -> tuple[str, ...]:
        return self._items.lines

    def inside(self, mouse: tuple[float, float]) -> bool:
        left, top = dpg.get_item_pos(self.window)
        width, height = dpg.get_item_rect_size(self.window)
        return bool(left <= mouse[0] < left + width and top <= mouse[1] < top + height)

    def close(self) -> None:
        self._items.clear()
        dpg.delete_item(self.window)
