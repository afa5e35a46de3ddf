"""The menu bar and context menus, built from :class:`~.view.MenuItem`."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..canvas.typeface import supported_text
from ..view import MenuItem
from .fields import kept_inside

Tag = int | str
LINE = 19.0  # height of an entry at scale 1
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

    def __init__(self, pick: Pick, announce: Callable[[str], None]) -> None:
        self._pick, self._announce = pick, announce
        self._window: Tag | None = None
        self._at = (0.0, 0.0)
        self._items: dict[Tag, MenuItem] = {}  # entries that can be picked
        self._chosen: Tag | None = None  # by the keyboard

    @property
    def is_open(self) -> bool:
        return self._window is not None and bool(dpg.is_item_shown(self._window))

    @property
    def focus_box(self) -> tuple[float, float, float, float] | None:
        """The screen box of the entry that was chosen by the keyboard, or None."""
        if self._window is None or self._chosen is None or not self.is_open:
            return None
        (left, top), (_, y) = dpg.get_item_pos(self._window), dpg.get_item_pos(self._chosen)
        width = dpg.get_item_rect_size(self._window)[0]
        return left + 4, top + y, left + width - 4, top + y + LINE * dpg.get_global_font_scale()

    def key(self, name: str) -> bool:
        """Choose an entry by arrows, pick it by Enter; return whether the menu uses the key. Enter opens a submenu."""
        entries = list(self._items)
        if name in ("up", "down", "tab", "shift+tab") and entries:
            step = 1 if name in ("down", "tab") else -1
            at = entries.index(self._chosen) + step if self._chosen in entries else min(step, 0)
            self._chosen = entries[at % len(entries)]
            self._announce(self._items[self._chosen].label)
        elif name in ("enter", "space", "right") and self._chosen is not None:
            item = self._items[self._chosen]
            if item.items:
                self.show(self._at, item.label, item.items)
                self.key("down")
            elif name != "right":
                self._picked(item)
        else:
            return name in ("enter", "space", "left", "right")
        return True

    def show(self, at: tuple[float, float], title: str, items: tuple[MenuItem, ...]) -> None:
        self.close()
        self._at = at
        rows = sum(0.4 if item.label == "-" else 1.0 for item in items) + (1.3 if title else 0.0)
        with dpg.window(popup=True, no_move=True, autosize=True, min_size=(150, 10), no_saved_settings=True,
                        pos=kept_inside(at, (240.0, 22.0 * rows + 20.0))) as self._window:  # fmt: skip
            if title:
                dpg.add_text(supported_text(title))
                dpg.add_separator()
        fill_menu(self._window, items, self._picked)
        tags = dpg.get_item_children(self._window, 1)[2 if title else 0 :]
        self._items = {tag: item for tag, item in zip(tags, items) if item.enabled and item.label != "-"}

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
        self._window = self._chosen = None
