"""A progress bar on stderr, shown only on a terminal and after one second."""

from __future__ import annotations

import sys
import time
from typing import Any

PATIENCE = 1.0  # seconds before the bar is shown


class Progress:
    """``with Progress("rendering", total) as bar: bar.to(done)``."""

    def __init__(self, label: str, total: float, patience: float = PATIENCE) -> None:
        self.label, self.total = label, total
        self._due = time.monotonic() + patience
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def to(self, fraction: float, label: str | None = None) -> None:
        """Show that ``fraction`` of ``total`` is done."""
        self.label = label or self.label
        if not self._terminal or time.monotonic() < self._due:
            return
        if self._bar is None:
            self._start()
        self._bar.update(self._task, completed=fraction, description=self.label)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        text = TextColumn("{task.description}", markup=False)
        percent = TextColumn("{task.percentage:>3.0f}%")
        self._bar = Bar(text, BarColumn(), percent, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self.label, total=self.total)
        self._bar.start()
