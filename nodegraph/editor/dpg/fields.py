"""Text fields: their keyboard focus, and a small field at the pointer for a single value."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

Tag = int | str
PATIENCE = 6  # frames until a field without focus stops receiving keys


class Fields:
    """All text fields of the window. While one has the focus, keys are not commands."""

    def __init__(self) -> None:
        self._tags: set[Tag] = set()
        self._awaited: tuple[Tag, int] | None = None

    def add(self, tag: Tag) -> Tag:
        self._tags.add(tag)
        return tag

    def focus(self, tag: Tag) -> None:
        """Move the focus to a field; keys typed until then are added to its text."""
        dpg.focus_item(tag)
        self._awaited = (tag, dpg.get_frame_count() + PATIENCE)

    def capture_key(self, typed: str) -> bool:
        """Add the character that a key types to a field that waits for the focus; return whether there is one."""
        if self._awaited is None or not self.is_awaited:
            return False
        tag, _ = self._awaited
        dpg.set_value(tag, dpg.get_value(tag) + typed)
        return True

    @property
    def is_awaited(self) -> bool:
        """Whether a field waits for the focus."""
        if self._awaited is not None:
            tag, until = self._awaited
            if not dpg.does_item_exist(tag) or dpg.is_item_active(tag) or dpg.get_frame_count() > until:
                self._awaited = None
        return self._awaited is not None

    @property
    def typing(self) -> bool:
        """Whether a text field has the focus."""
        for tag in list(self._tags):
            if not dpg.does_item_exist(tag):
                self._tags.discard(tag)
            elif dpg.is_item_active(tag):
                return True
        return False


class ValueField:
    """A text field over the canvas: Enter or a click elsewhere accepts the text, Escape cancels."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._window: Tag | None = None
        self._input: Tag | None = None
        self._answer: Callable[[str | None], None] | None = None
        self._was_active = False

    @property
    def is_open(self) -> bool:
        return self._window is not None

    def ask(
        self, at: tuple[float, float], label: str, text: str, answer: Callable[[str | None], None], width: float = 220.0
    ) -> None:
        """Show the field at a screen position; ``answer`` receives the text, or None if cancelled."""
        self.close(None)
        self._answer, self._was_active = answer, False
        lines = "\n" in text
        with dpg.window(
            no_title_bar=True, no_resize=True, no_move=True, no_scrollbar=True, autosize=True, pos=[int(v) for v in at],
            no_saved_settings=True,
        ) as self._window:  # fmt: skip
            if label:
                dpg.add_text(label)
            self._input = dpg.add_input_text(
                default_value=text, width=int(width), on_enter=True, auto_select_all=True, multiline=lines,
                callback=lambda: self._accept(),
            )  # fmt: skip
        self._fields.add(self._input)
        self._fields.focus(self._input)

    def update(self) -> None:
        """Accept the text of a field that lost the focus; called once per frame."""
        if self._input is None:
            return
        active = dpg.is_item_active(self._input)
        if self._was_active and not active:
            self._accept()
        self._was_active = active

    def _accept(self) -> None:
        if self._input is not None:
            text = dpg.get_value(self._input)
            self.close(text)

    def close(self, text: str | None) -> None:
        """Close the field with this answer."""
        if self._window is None:
            return
        dpg.delete_item(self._window)
        answer, self._answer, self._window, self._input = self._answer, None, None, None
        if answer is not None:
            answer(text)


def screen_size() -> tuple[float, float]:
    """Return the inner size of the window in pixels; a default size without a window."""
    try:
        width, height = dpg.get_viewport_client_width(), dpg.get_viewport_client_height()
    except Exception:  # DearPyGui raises a plain Exception without a window
        return 1280.0, 800.0
    return (float(width), float(height)) if width > 0 and height > 0 else (1280.0, 800.0)


def kept_inside(at: tuple[float, float], size: tuple[float, float]) -> tuple[int, int]:
    """Return the position nearest to ``at`` where an item of this size is entirely on the screen."""
    width, height = screen_size()
    return int(max(min(at[0], width - size[0] - 4), 4)), int(max(min(at[1], height - size[1] - 4), 4))


def scroll_to_row(area: Tag, first: Tag, row: Tag, height: float) -> None:
    """Scroll an area of ``height`` pixels so that a row of the list in it is visible; ``first`` is the first row."""
    size = dpg.get_item_rect_size(row)[1]
    top = dpg.get_item_rect_min(row)[1] - dpg.get_item_rect_min(first)[1]
    lowest = top + 3 * size - height  # with the header above the rows
    if not lowest <= dpg.get_y_scroll(area) <= top:
        dpg.set_y_scroll(area, max(min(top, dpg.get_y_scroll(area)), lowest, 0.0))
