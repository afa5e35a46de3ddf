"""The menu bar and context menus, built from :class:`~.view.MenuItem`."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.typeface import supported_text
from ..view import MenuItem
from .fields import kept_inside

Tag = int | str
Pick = Callable[[MenuItem], None]


def fill_menu(parent: Tag, items: tuple[MenuItem, ...], pick: Pick) -> None:
    """Add the entries of a menu."""
    for item in items:
        if item.label == "-":
            dpg.add_separator(parent=parent)
        elif item.items:
            menu = dpg.add_menu(label=supported_text(item.label), parent=parent, enabled=item.enabled)
            fill_menu(menu, item.items, pick)
        else:
            dpg.add_menu_item(
                label=supported_text(item.label), shortcut=shown_key(item.key), enabled=item.enabled, parent=parent,
                check=item.checked, default_value=item.checked, callback=lambda _s, _a, item: pick(item),
                user_data=item,
            )  # fmt: skip


def shown_key(key: str) -> str:
    """Return a key as displayed in menus: ``"ctrl+shift+z"`` → ``"Ctrl+Shift+Z"``."""
    return "+".join(part if len(part) > 1 and not part.isalpha() else part.capitalize() for part in key.split("+"))


class MenuBar:
    """The menu bar of the window."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self._shown: tuple[MenuItem, ...] | None = None
        self.bar = dpg.add_viewport_menu_bar()

    def show(self, menus: tuple[MenuItem, ...]) -> None:
        """Replace the menus."""
        if menus == self._shown:
            return
        self._shown = menus
        dpg.delete_item(self.bar, children_only=True)
        fill_menu(self.bar, menus, self._pick)


class PopupMenu:
    """The context menu at the pointer; a press elsewhere closes it."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self._window: Tag | None = None

    @property
    def is_open(self) -> bool:
        return self._window is not None and bool(dpg.is_item_shown(self._window))

    def show(self, at: tuple[float, float], title: str, items: tuple[MenuItem, ...]) -> None:
        self.close()
        rows = sum(0.4 if item.label == "-" else 1.0 for item in items) + (1.3 if title else 0.0)
        with dpg.window(popup=True, no_move=True, autosize=True, min_size=(150, 10), no_saved_settings=True,
                        pos=kept_inside(at, (240.0, 22.0 * rows + 20.0))) as self._window:  # fmt: skip
            if title:
                dpg.add_text(supported_text(title))
                dpg.add_separator()
        fill_menu(self._window, items, self._picked)

    def place_of(self, label: str) -> tuple[float, float]:
        """Return the screen position of an entry."""
        assert self._window is not None
        left, top = dpg.get_item_pos(self._window)
        inside = {dpg.get_item_label(tag): dpg.get_item_pos(tag) for tag in dpg.get_item_children(self._window, 1)}
        return left + inside[label][0] + 20.0, top + inside[label][1] + 8.0

    def _picked(self, item: MenuItem) -> None:
        self.close()
        self._pick(item)

    def close(self) -> None:
        if self._window is not None and dpg.does_item_exist(self._window):
            dpg.delete_item(self._window)
        self._window = None
