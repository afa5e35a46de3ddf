"""The faint line of text on an empty canvas."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme
from ..canvas.typeface import supported_text, width

Tag = int | str
FONT = 16.0
FROM_BOTTOM = 56.0  # px, below the start page


class CanvasText:
    """A line of text in the middle of the lower edge of the canvas."""

    def __init__(self, drawlist: Tag) -> None:
        self._layer = dpg.add_draw_node(parent=drawlist)
        self.text = ""
        self._drawn: object = None

    def refresh(self, size: tuple[float, float], scale: float, theme: Theme) -> None:
        """Redraw the text if it, the size of the canvas (px), the scale or the theme changed; called in each frame."""
        look = (self.text, size, scale, id(theme))
        if look == self._drawn:
            return
        self._drawn = look
        dpg.delete_item(self._layer, children_only=True)
        if not self.text:
            return
        font = FONT * scale
        text = supported_text(self.text)
        at = ((size[0] - width(text, font)) / 2, size[1] - FROM_BOTTOM * scale)
        dpg.draw_text(at, text, size=font, color=theme.faint, parent=self._layer)
