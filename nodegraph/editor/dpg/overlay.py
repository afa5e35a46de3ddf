"""The overlay above all windows: the hint at the pointer, and temporary messages."""

from __future__ import annotations

import time
from dataclasses import dataclass

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, faded
from ..canvas.typeface import supported_text, width
from .fields import screen_size

FONT = 14.0
SHOWN = 4.5  # seconds that a message is shown
MAX_LENGTH = 78  # letters per line
AWAY = 14.0  # pixels between a block and its tooltip
Box = tuple[float, float, float, float]


@dataclass
class Toast:
    """A message and its end time."""

    text: str
    alarm: bool
    until: float


class Overlay:
    """The overlay; redrawn when its content changes."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.scale = 1.0
        self._list = dpg.add_viewport_drawlist(front=True)
        self._hint = ""
        self._refused = False
        self._tip = ""
        self._beside: Box | None = None  # the box that the tip must not cover
        self._ring: Box | None = None  # the box of the item with the keyboard
        self._toasts: list[Toast] = []
        self._mouse = (0.0, 0.0)
        self._drawn: object = None

    def hint(self, text: str, refused: bool) -> None:
        self._hint, self._refused = supported_text(text), refused

    @property
    def hint_text(self) -> str:
        """The hint at the pointer."""
        return self._hint

    @property
    def refused(self) -> bool:
        """Whether the hint explains a refused wire."""
        return bool(self._hint) and self._refused

    def ring(self, box: Box | None) -> None:
        """Set the box of the item that has the keyboard; it is marked by a frame."""
        self._ring = box

    def tip(self, text: str, beside: Box | None = None) -> None:
        """Set the tooltip of the item under the pointer, to be shown beside a box; a hint takes precedence."""
        self._tip, self._beside = supported_text(text), beside

    @property
    def tip_box(self) -> Box | None:
        """The box of the displayed tooltip in window pixels, or None."""
        return self._tip_place(self._tip) if self._tip and not self._hint else None

    def notify(self, text: str, alarm: bool) -> None:
        stays = SHOWN + 0.03 * len(text)
        self._toasts = [toast for toast in self._toasts if toast.text != text][-3:]
        self._toasts.append(Toast(supported_text(text), alarm, time.monotonic() + stays))

    @property
    def messages(self) -> list[str]:
        """The displayed messages."""
        return [toast.text for toast in self._toasts]

    def refresh(self, mouse: tuple[float, float]) -> None:
        """Redraw the overlay if it changed; called once per frame."""
        now, self._mouse = time.monotonic(), mouse
        self._toasts = [toast for toast in self._toasts if toast.until > now]
        words = self._hint or self._tip
        toasts = tuple(toast.text for toast in self._toasts)
        look = (words, self._refused, mouse if words else None, self._beside, self._ring, toasts,
                screen_size(), id(self.theme))  # fmt: skip
        if look == self._drawn:
            return
        self._drawn = look
        dpg.delete_item(self._list, children_only=True)
        if self._ring is not None:
            self._draw_ring(self._ring)
        if words:
            colour = self.theme.alarm if self.refused else self.theme.accent
            self._box(words, self._tip_place(words)[:2] if not self._hint else (mouse[0] + 16, mouse[1] + 18), colour)
        wide, height = screen_size()
        y = height - 36.0 * self.scale
        for toast in reversed(self._toasts):
            text = f"! {toast.text}" if toast.alarm else toast.text
            lines = _lines(text)
            size = FONT * self.scale
            across = max(width(line, size) for line in lines) + 24
            y -= len(lines) * size * 1.3 + 22
            self._box(text, ((wide - across) / 2, y), self.theme.alarm if toast.alarm else self.theme.accent)

    def _tip_place(self, text: str) -> Box:
        """Return the box of the tooltip: right of the block, else left of it, else below or above it."""
        wide, high = self._size(text)
        screen = screen_size()
        left, top, right, bottom = self._beside or (*self._mouse, *self._mouse)
        y = max(min(self._mouse[1] - high / 2, screen[1] - high - 4), 4.0)
        if right + AWAY + wide < screen[0]:
            x = right + AWAY
        elif left - AWAY - wide > 0:
            x = left - AWAY - wide
        else:
            x = max(min(left, screen[0] - wide - 4), 4.0)
            y = bottom + AWAY if bottom + AWAY + high < screen[1] else max(top - AWAY - high, 4.0)
        return x, y, x + wide, y + high

    def _size(self, text: str) -> tuple[float, float]:
        size, lines = FONT * self.scale, _lines(text)
        return max(width(line, size) for line in lines) + 24, len(lines) * size * 1.3 + 12

    def _draw_ring(self, box: Box) -> None:
        """Draw a bright frame with dark edges, which is seen on any ground."""
        s = self.scale
        for away, thick, colour in ((2.5, 5.0, self.theme.canvas), (2.5, 2.5, self.theme.text)):
            low, high = (box[0] - away * s, box[1] - away * s), (box[2] + away * s, box[3] + away * s)
            dpg.draw_rectangle(low, high, color=colour, thickness=thick * s, rounding=4, parent=self._list)

    def _box(self, text: str, at: tuple[float, float], colour: tuple[int, int, int, int]) -> None:
        size, theme = FONT * self.scale, self.theme
        lines = _lines(text)
        wide, height = self._size(text)
        screen = screen_size()
        x, y = max(min(at[0], screen[0] - wide - 4), 4), max(min(at[1], screen[1] - height - 4), 4)
        dpg.draw_rectangle(
            (x, y), (x + wide, y + height), fill=faded(theme.panel_deep, 0.96), color=faded(colour, 0.8), rounding=5,
            parent=self._list,
        )  # fmt: skip
        dpg.draw_rectangle((x + 1, y + 3), (x + 4, y + height - 3), fill=colour, color=colour, parent=self._list)
        for i, line in enumerate(lines):
            dpg.draw_text((x + 13, y + 6 + i * size * 1.3), line, size=size, color=theme.text, parent=self._list)


def _lines(text: str) -> list[str]:
    """Break a text into lines of at most MAX_LENGTH letters."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split(" "):
            if line and len(line) + len(word) >= MAX_LENGTH:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
