"""The menu bar and the menus at the pointer, made from the table of commands."""

from __future__ import annotations

from .command import COMMANDS, MENUS, Command, key_text
from .desk import Desk
from .recent import RecentFiles
from .view import MenuItem


def item(desk: Desk, command: Command, payload: object = None, label: str = "") -> MenuItem:
    """A command as an entry of a menu."""
    return MenuItem(
        label or command.label,
        command.name,
        payload,
        key_text(command.keys[0]) if command.keys else "",
        command.possible is None or command.possible(desk),
        command.checked is not None and command.checked(desk),
    )


def entry(desk: Desk, name: str, payload: object = None, label: str = "") -> MenuItem:
    """The command called ``name`` as an entry."""
    return item(desk, COMMANDS[name], payload, label)


LINE = MenuItem("-")


def menu_bar(desk: Desk) -> tuple[MenuItem, ...]:
    """The menu bar, with what is possible now."""
    bars = []
    for menu in MENUS:
        entries: list[MenuItem] = []
        own = sorted((one for one in COMMANDS.values() if one.menu == menu), key=lambda one: one.section)
        for before, one in zip([None, *own], own):
            if before is not None and before.section != one.section:
                entries.append(LINE)
            entries.append(item(desk, one))
            if one.name == "open_file":
                entries.append(recent_menu(desk))
        bars.append(MenuItem(menu, items=tuple(entries)))
    return tuple(bars)


def recent_menu(desk: Desk) -> MenuItem:
    """The files that were open lately."""
    files = desk.state(RecentFiles).files
    entries = tuple(MenuItem(path.name, "open_file", path) for path in files)
    return MenuItem("Open recent", items=entries, enabled=bool(entries))
