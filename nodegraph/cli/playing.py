"""Playing until somebody wants an end, with the state of things on the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from .accounts import status_line
from .quiet import quiet_libraries
from .stopping import stop_signals
from .text import note

if TYPE_CHECKING:
    from nodegraph.control.connections import Connections
    from nodegraph.control.surface import Surface
    from nodegraph.engine.live import Live, Report

TICK = 0.05  # s between two looks at Ctrl-C and at what was turned
SHOWN_EVERY = 0.25  # s


def play(live: Live, seconds: float | None, announcement: str = "", hands: Connections | None = None) -> Report:
    """Play until the time is over, somebody wants an end, or the device is gone; files are closed then.

    With an ``announcement`` it says that, and on a terminal how it goes. ``hands`` are what the patch is played
    with from outside.
    """
    screen = _Screen(bool(announcement) and sys.stderr.isatty())
    with stop_signals() as stop:
        try:
            with quiet_libraries():
                live.start()
        except BaseException:
            live.close()
            raise
        end = time.monotonic() + seconds if seconds else float("inf")
        try:
            if announcement:
                note(announcement)
            while live.playing and not stop.asked and time.monotonic() < end:
                time.sleep(max(min(TICK, end - time.monotonic()), 0.0))
                if hands is not None:
                    screen.say(hands.service())
                    if hands.quits:
                        break
                screen.show(live, hands)
        finally:
            screen.close()
            with quiet_libraries():
                if hands is not None:
                    hands.close()
                report = live.stop()
    return report


class _Screen:
    """The lower end of the terminal: how it goes, and a controller's table above it; nothing where there is none."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._due = 0.0
        self._table: Any = None
        self._shown: object = None

    def show(self, live: Live, hands: Connections | None) -> None:
        """Show what is; the table at once when it changes."""
        surface = hands.player.surface if hands is not None and hands.player is not None else None
        now = time.monotonic()
        if not self._on or (now < self._due and surface is self._shown):
            return
        self._due, self._shown = now + SHOWN_EVERY, surface
        line = status_line(live.report())
        if surface is not None:
            self._show_table(surface, line)
        else:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def say(self, lines: list[str]) -> None:
        """Lines that stay, above what is shown."""
        for line in lines:
            if self._table is not None:
                self._table.console.print(line, markup=False, highlight=False)
            else:
                note(f"\r\x1b[K{line}" if self._on else line)

    def close(self) -> None:
        if self._table is not None:
            self._table.stop()
        elif self._on:
            sys.stderr.write("\r\x1b[K")

    def _show_table(self, surface: Surface, line: str) -> None:
        from rich.console import Console, Group
        from rich.live import Live as LiveTable
        from rich.text import Text

        if self._table is None:
            self._table = LiveTable(console=Console(stderr=True), auto_refresh=False)
            self._table.start()
        self._table.update(Group(surface_table(surface), Text(line)), refresh=True)


def surface_table(surface: Surface) -> Any:
    """The units on the faders and the queued track, to be drawn by rich."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from nodegraph.control.surface import HEADS, rows, track

    table = Table(box=SIMPLE_HEAD, caption=track(surface), caption_justify="left", caption_style="")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "Mute" else "right", no_wrap=True)
    for row in rows(surface):
        table.add_row(*row, style="dim" if row[-1] else "")
    return table
