"""The palette: a search field and the matching entries, with family colours and marked letters."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, family_colour
from ..canvas.typeface import ellipsize, supported_text, width
from ..events import Event, Key, PaletteChosen, PaletteTyped
from ..view import PaletteEntry, PaletteVisual
from .fields import Fields, kept_inside, screen_size

Tag = int | str
WIDE = 430.0
ROWS = 14
LINE = 22.0
AROUND = 110.0  # height of the rest of the window, and above and below it
FONT = 14.0


class DpgPalette:
    """The palette window; typed text and chosen entries are sent as events."""

    def __init__(self, fields: Fields, theme: Theme, send: Callable[[Event], None]) -> None:
        self._fields, self.theme, self._send = fields, theme, send
        self._visual: PaletteVisual | None = None
        self._first = 0  # index of the first displayed entry
        self._window: Tag | None = None
        self._input: Tag = 0
        self._list: Tag = 0
        self._title: Tag = 0
        self._pressed: int | None = None
        self.scale = 1.0

    @property
    def _rows(self) -> int:
        """The number of displayed entries: as many as fit into the window."""
        return max(min(ROWS, int((screen_size()[1] / self.scale - AROUND) / LINE)), 3)

    @property
    def is_open(self) -> bool:
        return self._window is not None

    def show(self, visual: PaletteVisual, at: tuple[float, float]) -> None:
        """Open the palette at a screen position, or update its list."""
        fresh = self._window is None
        if fresh:
            self._build(visual, at)
        elif dpg.get_value(self._input) != visual.query and not dpg.is_item_active(self._input):
            dpg.set_value(self._input, visual.query)
        if self._visual is None or visual.entries != self._visual.entries:
            self._first = 0
        self._visual = visual
        self._first = min(max(self._first, visual.chosen - self._rows + 1), max(visual.chosen, 0))
        dpg.set_value(self._title, supported_text(visual.title))
        self._draw()

    def _build(self, visual: PaletteVisual, at: tuple[float, float]) -> None:
        s = self.scale
        size = (WIDE * s + 20, (self._rows * LINE + 84) * s)
        with dpg.window(
            no_title_bar=True, no_resize=True, no_move=True, no_scrollbar=True, autosize=True,
            pos=kept_inside(at, size), no_saved_settings=True,
        ) as self._window:  # fmt: skip
            self._title = dpg.add_text("")
            self._input = dpg.add_input_text(
                default_value=visual.query, width=int(WIDE * s), hint="type to search",
                callback=lambda _s, text: self._send(PaletteTyped(text)),
            )  # fmt: skip
            self._list = dpg.add_drawlist(width=int(WIDE * s), height=int(self._rows * LINE * s))
        self._fields.add(self._input)
        self._fields.focus(self._input)

    def hide(self) -> None:
        if self._window is not None:
            dpg.delete_item(self._window)
        self._window, self._visual, self._pressed = None, None, None

    # -- the list ------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        assert self._visual is not None
        dpg.delete_item(self._list, children_only=True)
        visual, s, theme = self._visual, self.scale, self.theme
        shown = visual.entries[self._first : self._first + self._rows]
        for i, entry in enumerate(shown):
            self._draw_entry(entry, i * LINE * s, self._first + i == visual.chosen)
        if not visual.entries:
            dpg.draw_text((8, 6), supported_text(visual.empty or "No match."), size=FONT * s, color=theme.faint,
                          parent=self._list)  # fmt: skip
        more = len(visual.entries)
        if more > self._rows:
            height = self._rows * LINE * s
            top, part = height * self._first / more, height * self._rows / more
            dpg.draw_rectangle((WIDE * s - 4, top), (WIDE * s - 1, top + part), fill=theme.control_hover,
                               color=theme.control_hover, rounding=2, parent=self._list)  # fmt: skip

    def _draw_entry(self, entry: PaletteEntry, y: float, chosen: bool) -> None:
        s, theme, layer = self.scale, self.theme, self._list
        if chosen:
            dpg.draw_rectangle((0, y), (WIDE * s - 8, y + LINE * s), fill=theme.fill,
                               color=(0, 0, 0, 0), rounding=4, parent=layer)  # fmt: skip
        colour = family_colour(entry.family)
        mid = y + LINE * s / 2
        dpg.draw_rectangle((6 * s, mid - 5 * s), (16 * s, mid + 5 * s), fill=colour, color=colour, rounding=2,
                           parent=layer)  # fmt: skip
        x, top, size = 24 * s, y + (LINE - FONT) / 2 * s - 1, FONT * s
        for i, letter in enumerate(entry.label):
            ink = theme.focus if i in entry.hits else theme.selected if theme.node[0] < 128 else theme.text
            dpg.draw_text((x, top), letter, size=size, color=ink, parent=layer)
            x += width(letter, size)
        x = max(x + 12 * s, 150 * s)
        doc = ellipsize(supported_text(entry.doc.replace("``", "")), 12 * s, WIDE * s - x - 12 * s)
        dpg.draw_text((x, top + 1.5 * s), doc, size=12 * s, color=theme.faint, parent=layer)

    def place_of(self, index: int) -> tuple[float, float]:
        """Return the screen position of an entry."""
        left, top = dpg.get_item_rect_min(self._list)
        return left + 40.0, top + (index - self._first + 0.5) * LINE * self.scale

    def _entry_at(self, mouse: tuple[float, float]) -> int | None:
        if not self._visual or not dpg.is_item_hovered(self._list):
            return None
        left, top = dpg.get_item_rect_min(self._list)
        index = self._first + int((mouse[1] - top) / (LINE * self.scale))
        return index if 0 <= mouse[0] - left and index < len(self._visual.entries) else None

    # -- mouse and keys ------------------------------------------------------------------------------------

    def inside(self, mouse: tuple[float, float]) -> bool:
        """Return whether a screen position is in the palette."""
        if self._window is None:
            return False
        left, top = dpg.get_item_pos(self._window)
        width, height = dpg.get_item_rect_size(self._window)
        return left <= mouse[0] < left + width and top <= mouse[1] < top + height

    def press(self, mouse: tuple[float, float]) -> None:
        """Handle a button press while the palette is open; a press outside closes it."""
        if not self.inside(mouse):
            self._send(Key("escape", typing=True))
        else:
            self._pressed = self._entry_at(mouse)

    def release(self, mouse: tuple[float, float], canvas_at: tuple[float, float] | None) -> None:
        """Handle a button release: choose the pressed entry, placed at ``canvas_at`` if dragged to the canvas."""
        index, self._pressed = self._pressed, None
        if index is None or self._window is None:
            return
        if self._entry_at(mouse) == index:
            self._send(PaletteChosen(index))
        elif canvas_at is not None and not self.inside(mouse):
            self._send(PaletteChosen(index, canvas_at))

    def wheel(self, steps: float) -> None:
        if self._visual:
            last = max(len(self._visual.entries) - self._rows, 0)
            self._first = int(min(max(self._first - 3 * steps, 0), last))
            self._draw()
