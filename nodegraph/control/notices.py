"""Rate-limited notices for the user, from threads that must not print."""

from __future__ import annotations

import threading
import time

REPEAT_AFTER = 10.0  # seconds before a line is shown again
MAX_LINES = 8  # lines shown at a time


class Notices:
    """A queue of notices. ``add`` is called from any thread; ``pop_due`` returns the lines to show."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._shown_at: dict[str, float] = {}
        self._dropped = 0

    def add(self, line: str) -> None:
        """Queue a line. A line that was shown recently is counted and delayed."""
        with self._lock:
            if line in self._waiting or len(self._waiting) < 4 * MAX_LINES:
                self._waiting[line] = self._waiting.get(line, 0) + 1
            else:
                self._dropped += 1

    def pop_due(self) -> list[str]:
        """Return the lines that are due, each with its count."""
        now = time.monotonic()
        with self._lock:
            self._shown_at = {line: at for line, at in self._shown_at.items() if now - at < REPEAT_AFTER}
            due = [line for line in self._waiting if line not in self._shown_at]
            lines = [_counted(line, self._waiting.pop(line)) for line in due[:MAX_LINES]]
            self._shown_at |= dict.fromkeys(due[:MAX_LINES], now)
            self._dropped += sum(self._waiting.pop(line) for line in due[MAX_LINES:])
            if self._dropped and self._shown_at.get("", -REPEAT_AFTER) <= now - REPEAT_AFTER:
                lines.append(f"… and {self._dropped} more notices.")
                self._shown_at[""], self._dropped = now, 0
        return lines


def _counted(line: str, times: int) -> str:
    return line if times == 1 else f"{line} ({times} times)"
