"""Commands: everything the user can have done, each with a name, its keys and its place in the menus.

A function in :mod:`nodegraph.editor.commands` becomes a command by the decorator :func:`command`; an event finds
its function by :func:`on`, a part of the status line by :func:`in_status`. These tables are all there is to know for
the presenter, the menus, the list of keys and the palette.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .desk import Desk
    from .sound.protocol import SoundState

Run = Callable[["Desk", Any], None]
Say = Callable[["Desk", "SoundState"], str]
E = TypeVar("E")


@dataclass(frozen=True)
class Command:
    """One thing that can be done. ``keys`` as in :class:`~.events.Key`; ``menu`` the title of its menu or "".

    Sections of a menu are parted by lines, those of low numbers above.
    """

    name: str
    label: str
    run: Run
    keys: tuple[str, ...] = ()
    menu: str = ""
    section: int = 5
    possible: Callable[[Desk], bool] | None = None
    checked: Callable[[Desk], bool] | None = None

    @property
    def doc(self) -> str:
        """What it does, in a sentence."""
        return (self.run.__doc__ or "").partition("\n")[0].rstrip(".")


COMMANDS: dict[str, Command] = {}
HANDLERS: dict[type, Callable[[Any, Any], None]] = {}
STATUS: dict[str, Say] = {}
MENUS = ("File", "Edit", "Insert", "Arrange", "View", "Sound", "Tools", "Help")


def command(
    label: str,
    *keys: str,
    menu: str = "",
    section: int = 5,
    possible: Callable[[Desk], bool] | None = None,
    checked: Callable[[Desk], bool] | None = None,
) -> Callable[[Run], Run]:
    """Make ``run(desk, argument)`` a command under its function's name."""

    def register(run: Run) -> Run:
        name = run.__name__
        COMMANDS[name] = Command(name, label, run, keys, menu, section, possible, checked)
        return run

    return register


def on(event: type[E]) -> Callable[[Callable[[Desk, E], None]], Callable[[Desk, E], None]]:
    """Make ``handle(desk, event)`` what happens on that kind of event."""

    def register(handle: Callable[[Desk, E], None]) -> Callable[[Desk, E], None]:
        HANDLERS[event] = handle
        return handle

    return register


def in_status(key: str) -> Callable[[Say], Say]:
    """Make what ``say(desk, state)`` returns a part of the status line; "" leaves it out."""

    def register(say: Say) -> Say:
        STATUS[key] = say
        return say

    return register


def load_commands() -> None:
    """Import every file of :mod:`nodegraph.editor.commands`."""
    from . import commands

    for info in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        importlib.import_module(info.name)


def by_key() -> dict[str, Command]:
    """Commands by their keys."""
    return {key: one for one in COMMANDS.values() for key in one.keys}


def key_table() -> list[tuple[str, str, str]]:
    """The list of keys: (keys, label, what it does), menu by menu."""
    order = {menu: i for i, menu in enumerate(MENUS)}
    keyed = [one for one in COMMANDS.values() if one.keys]
    shown = sorted(keyed, key=lambda one: (order.get(one.menu, len(MENUS)), one.section))
    return [(" or ".join(map(key_text, one.keys)), one.label.rstrip("…"), one.doc) for one in shown]


@lru_cache
def key_text(key: str) -> str:
    """``ctrl+shift+z`` → ``Ctrl+Shift+Z``."""
    return "+".join(part.upper() if len(part) == 1 else part.capitalize() for part in key.split("+")) if key else ""
