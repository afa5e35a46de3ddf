"""The menu bar and context menus, built from the table of commands."""

from __future__ import annotations

from .command import COMMANDS, MENUS, Command, key_text
from .desk import Desk
from .recent import RecentFiles
from .view import MenuItem


def item(desk: Desk, command: Command, payload: object = None, label: str = "") -> MenuItem:
    """Return a command as a menu entry."""
    return MenuItem(
        label or command.label,
        command.name,
        payload,
        key_text(command.keys[0]) if command.keys else "",
        command.possible is None or command.possible(desk),
        command.checked is not None and command.checked(desk),
    )


def entry(desk: Desk, name: str, payload: object = None, label: str = "") -> MenuItem:
    """Return the command ``name`` as a menu entry."""
    return item(desk, COMMANDS[name], payload, label)


LINE = MenuItem("-")


def menu_bar(desk: Desk) -> tuple[MenuItem, ...]:
    """Return the menu bar; commands that are unavailable are disabled."""
    bars = []
    for menu in MENUS:
        entries: list[MenuItem] = []
        found = sorted((c for c in COMMANDS.values() if c.menu == menu), key=lambda c: c.section)
        for before, command in zip([None, *found], found):
            if before is not None and before.section != command.section:
                entries.append(LINE)
            entries.append(item(desk, command))
            if command.name == "open_file":
                entries.append(recent_menu(desk))
        bars.append(MenuItem(menu, items=tuple(entries)))
    return tuple(bars)


def recent_menu(desk: Desk) -> MenuItem:
    """Return the submenu of recent files."""
    files = desk.state(RecentFiles).files
    entries = tuple(MenuItem(path.name, "open_file", path) for path in files)
    return MenuItem("Open recent", items=entries, enabled=bool(entries))
