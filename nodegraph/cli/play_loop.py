"""The playback loop of `run`, with a status line on the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from .output import print_note
from .shutdown import catch_stop_signals
from .silence_stderr import silence_native_stderr
from .stream_report import status_line

if TYPE_CHECKING:
    from nodegraph.control.connections import Connections
    from nodegraph.control.surface import Surface
    from nodegraph.engine.live import Live, StreamReport

TICK = 0.05  # seconds between two checks for Ctrl-C and parameter changes
SHOWN_EVERY = 0.25  # seconds between two updates of the status line


def play(
    live: Live, seconds: float | None, announcement: str = "", connections: Connections | None = None
) -> StreamReport:
    """Play until the time is over, a stop is requested, or the device is lost; then close files.

    A non-empty ``announcement`` is printed first and enables the status line on a terminal. ``connections`` are the
    external controls of the patch.
    """
    screen = _StatusDisplay(bool(announcement) and sys.stderr.isatty())
    with catch_stop_signals() as stop:
        try:
            with silence_native_stderr():
                live.start()
        except BaseException:
            live.close()
            raise
        end = time.monotonic() + seconds if seconds else float("inf")
        try:
            if announcement:
                print_note(announcement)
            while live.playing and not stop.requested and time.monotonic() < end:
                time.sleep(max(min(TICK, end - time.monotonic()), 0.0))
                if connections is not None:
                    screen.print_lines(connections.update())
                    if connections.quit_requested:
                        break
                screen.show(live, connections)
        finally:
            screen.close()
            with silence_native_stderr():
                if connections is not None:
                    connections.close()
                report = live.stop()
    return report


class _StatusDisplay:
    """The status line at the bottom of a terminal, with the table of a controller above it."""

    def __init__(self, enabled: bool) -> None:
        self._on = enabled
        self._due = 0.0
        self._table: Any = None
        self._shown: object = None

    def show(self, live: Live, connections: Connections | None) -> None:
        """Update the status line if it is due, and the table if the surface changed."""
        surface = connections.player.surface if connections is not None and connections.player is not None else None
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

    def print_lines(self, lines: list[str]) -> None:
        """Print permanent lines above the status line."""
        for line in lines:
            if self._table is not None:
                self._table.console.print(line, markup=False, highlight=False)
            else:
                print_note(f"\r\x1b[K{line}" if self._on else line)

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
    """Return a rich table of the units on the faders and the queued track."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from nodegraph.control.surface import HEADS, rows, track

    table = Table(box=SIMPLE_HEAD, caption=track(surface), caption_justify="left", caption_style="")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "Mute" else "right", no_wrap=True)
    for row in rows(surface):
        table.add_row(*row, style="dim" if row[-1] else "")
    return table
