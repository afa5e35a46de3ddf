"""Commands of the editor, each with a name, its keys and its place in the menus.

The decorator :func:`command` registers a function of :mod:`nodegraph.editor.commands` as a command, :func:`on` as an
event handler, :func:`in_status` as a part of the status line. The presenter, the menus, the list of keys and the
palette read these tables.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from .plain import first_line

if TYPE_CHECKING:
    from .desk import Desk
    from .sound.protocol import SoundState

Run = Callable[["Desk", Any], None]
StatusText = Callable[["Desk", "SoundState"], str]
E = TypeVar("E")


@dataclass(frozen=True)
class Command:
    """A command. ``keys`` as in :class:`~.events.Key`; ``menu`` is the title of its menu or "".

    Separators divide the sections of a menu, lowest number first. ``aliases`` are other words, in lower case, by which
    the command palette finds it.
    """

    name: str
    label: str
    run: Run
    keys: tuple[str, ...] = ()
    menu: str = ""
    section: int = 5
    possible: Callable[[Desk], bool] | None = None
    checked: Callable[[Desk], bool] | None = None
    aliases: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        """The first line of the docstring, without its full stop."""
        return first_line(self.run).rstrip(".")


COMMANDS: dict[str, Command] = {}
HANDLERS: dict[type, Callable[[Any, Any], None]] = {}
STATUS: dict[str, StatusText] = {}
MENUS = ("File", "Edit", "Insert", "Arrange", "View", "Sound", "Tools", "Help")


def command(
    label: str,
    *keys: str,
    menu: str = "",
    section: int = 5,
    possible: Callable[[Desk], bool] | None = None,
    checked: Callable[[Desk], bool] | None = None,
    aliases: tuple[str, ...] = (),
) -> Callable[[Run], Run]:
    """Register ``run(desk, argument)`` as a command with the name of the function."""

    def register(run: Run) -> Run:
        name = run.__name__
        COMMANDS[name] = Command(name, label, run, keys, menu, section, possible, checked, aliases)
        return run

    return register


def on(event: type[E]) -> Callable[[Callable[[Desk, E], None]], Callable[[Desk, E], None]]:
    """Register ``handle(desk, event)`` as the handler of an event class."""

    def register(handle: Callable[[Desk, E], None]) -> Callable[[Desk, E], None]:
        HANDLERS[event] = handle
        return handle

    return register


def in_status(key: str) -> Callable[[StatusText], StatusText]:
    """Register a function of (desk, sound state) that returns a part of the status line, or "" to omit it."""

    def register(text: StatusText) -> StatusText:
        STATUS[key] = text
        return text

    return register


def load_commands() -> None:
    """Import all modules of :mod:`nodegraph.editor.commands`."""
    from . import commands

    for info in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        importlib.import_module(info.name)


def by_key() -> dict[str, Command]:
    """Return the commands by key."""
    return {key: command for command in COMMANDS.values() for key in command.keys}


def key_table() -> list[tuple[str, str, str]]:
    """Return the list of keys, (keys, label, description), sorted by menu."""
    order = {menu: i for i, menu in enumerate(MENUS)}
    keyed = [command for command in COMMANDS.values() if command.keys]
    shown = sorted(keyed, key=lambda command: (order.get(command.menu, len(MENUS)), command.section))
    return [(" or ".join(map(key_text, item.keys)), item.label.rstrip("…"), item.doc) for item in shown]


@lru_cache
def key_text(key: str) -> str:
    """Return a key as displayed: ``ctrl+shift+z`` → ``Ctrl+Shift+Z``."""
    return "+".join(part.upper() if len(part) == 1 else part.capitalize() for part in key.split("+")) if key else ""
