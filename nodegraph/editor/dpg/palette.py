"""The palette: a search field and the blocks that fit, drawn with their family's colour and the letters that fit."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, faded, family_colour
from ..canvas.typeface import clipped, width, written
from ..events import Event, Key, PaletteChosen, PaletteTyped
from ..view import PaletteEntry, PaletteFace
from .fields import Fields, kept_inside

Tag = int | str
WIDE = 430.0
ROWS = 14
LINE = 22.0
FONT = 14.0


class Palette:
    """Shown or not; what is typed and chosen in it goes out as events."""

    def __init__(self, fields: Fields, theme: Theme, send: Callable[[Event], None]) -> None:
        self._fields, self.theme, self._send = fields, theme, send
        self._face: PaletteFace | None = None
        self._first = 0  # the topmost entry that is shown
        self._window: Tag | None = None
        self._input: Tag = 0
        self._list: Tag = 0
        self._title: Tag = 0
        self._pressed: int | None = None
        self.scale = 1.0

    @property
    def shown(self) -> bool:
        return self._window is not None

    def show(self, face: PaletteFace, at: tuple[float, float]) -> None:
        """Show it at a place of the screen, or what it lists from now on."""
        fresh = self._window is None
        if fresh:
            self._build(face, at)
        elif dpg.get_value(self._input) != face.query and not dpg.is_item_active(self._input):
            dpg.set_value(self._input, face.query)
        if self._face is None or face.entries != self._face.entries:
            self._first = 0
        self._face = face
        self._first = min(max(self._first, face.chosen - ROWS + 1), max(face.chosen, 0))
        dpg.set_value(self._title, written(face.title))
        self._draw()

    def _build(self, face: PaletteFace, at: tuple[float, float]) -> None:
        s = self.scale
        size = (WIDE * s + 20, (ROWS * LINE + 84) * s)
        with dpg.window(
            no_title_bar=True, no_resize=True, no_move=True, no_scrollbar=True, autosize=True,
            pos=kept_inside(at, size), no_saved_settings=True,
        ) as self._window:  # fmt: skip
            self._title = dpg.add_text("")
            self._input = dpg.add_input_text(
                default_value=face.query, width=int(WIDE * s), hint="type to search",
                callback=lambda _s, text: self._send(PaletteTyped(text)),
            )  # fmt: skip
            self._list = dpg.add_drawlist(width=int(WIDE * s), height=int(ROWS * LINE * s))
        self._fields.add(self._input)
        self._fields.focus(self._input)

    def hide(self) -> None:
        if self._window is not None:
            dpg.delete_item(self._window)
        self._window, self._face, self._pressed = None, None, None

    # -- the list ------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        assert self._face is not None
        dpg.delete_item(self._list, children_only=True)
        face, s, theme = self._face, self.scale, self.theme
        shown = face.entries[self._first : self._first + ROWS]
        for i, entry in enumerate(shown):
            self._draw_entry(entry, i * LINE * s, self._first + i == face.chosen)
        if not face.entries:
            dpg.draw_text((8, 6), written(face.empty or "nothing fits"), size=FONT * s, color=theme.faint,
                          parent=self._list)  # fmt: skip
        more = len(face.entries)
        if more > ROWS:
            high = ROWS * LINE * s
            top, part = high * self._first / more, high * ROWS / more
            dpg.draw_rectangle((WIDE * s - 4, top), (WIDE * s - 1, top + part), fill=theme.control_hover,
                               color=theme.control_hover, rounding=2, parent=self._list)  # fmt: skip

    def _draw_entry(self, entry: PaletteEntry, y: float, chosen: bool) -> None:
        s, theme, layer = self.scale, self.theme, self._list
        if chosen:
            dpg.draw_rectangle((0, y), (WIDE * s - 8, y + LINE * s), fill=faded(theme.accent, 0.35),
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
        doc = clipped(written(entry.doc.replace("``", "")), 12 * s, WIDE * s - x - 12 * s)
        dpg.draw_text((x, top + 1.5 * s), doc, size=12 * s, color=theme.faint, parent=layer)

    def place_of(self, index: int) -> tuple[float, float]:
        """Where on the screen an entry is."""
        left, top = dpg.get_item_rect_min(self._list)
        return left + 40.0, top + (index - self._first + 0.5) * LINE * self.scale

    def _entry_at(self, mouse: tuple[float, float]) -> int | None:
        if not self._face or not dpg.is_item_hovered(self._list):
            return None
        left, top = dpg.get_item_rect_min(self._list)
        index = self._first + int((mouse[1] - top) / (LINE * self.scale))
        return index if 0 <= mouse[0] - left and index < len(self._face.entries) else None

    # -- mouse and keys ------------------------------------------------------------------------------------

    def inside(self, mouse: tuple[float, float]) -> bool:
        """Whether a place of the screen lies in the palette."""
        if self._window is None:
            return False
        left, top = dpg.get_item_pos(self._window)
        wide, high = dpg.get_item_rect_size(self._window)
        return left <= mouse[0] < left + wide and top <= mouse[1] < top + high

    def press(self, mouse: tuple[float, float]) -> None:
        """A button went down somewhere while the palette is shown: elsewhere means away with it."""
        if not self.inside(mouse):
            self._send(Key("escape", typing=True))
        else:
            self._pressed = self._entry_at(mouse)

    def release(self, mouse: tuple[float, float], canvas_at: tuple[float, float] | None) -> None:
        """A button went up: on the entry it is chosen, on the canvas (``canvas_at``) it is put there."""
        index, self._pressed = self._pressed, None
        if index is None or self._window is None:
            return
        if self._entry_at(mouse) == index:
            self._send(PaletteChosen(index))
        elif canvas_at is not None and not self.inside(mouse):
            self._send(PaletteChosen(index, canvas_at))

    def wheel(self, steps: float) -> None:
        if self._face:
            last = max(len(self._face.entries) - ROWS, 0)
            self._first = int(min(max(self._first - 3 * steps, 0), last))
            self._draw()
