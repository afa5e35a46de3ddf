"""Lines for the user from threads that must not print: each once in a while, and never a flood of them."""

from __future__ import annotations

import threading
import time

REPEAT_AFTER = 10.0  # s until a line is told again
MAX_LINES = 8  # lines told at a time


class Notices:
    """``add`` from any thread; ``pop_due`` gives what the user is to read now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._shown_at: dict[str, float] = {}
        self._dropped = 0

    def add(self, line: str) -> None:
        """Note a line. One that was told lately waits its time, and is counted."""
        with self._lock:
            if line in self._waiting or len(self._waiting) < 4 * MAX_LINES:
                self._waiting[line] = self._waiting.get(line, 0) + 1
            else:
                self._dropped += 1

    def pop_due(self) -> list[str]:
        """The lines that are due, with how often each was noted."""
        now = time.monotonic()
        with self._lock:
            self._shown_at = {line: at for line, at in self._shown_at.items() if now - at < REPEAT_AFTER}
            due = [line for line in self._waiting if line not in self._shown_at]
            lines = [_counted(line, self._waiting.pop(line)) for line in due[:MAX_LINES]]
            self._shown_at |= dict.fromkeys(due[:MAX_LINES], now)
            self._dropped += sum(self._waiting.pop(line) for line in due[MAX_LINES:])
            if self._dropped and self._shown_at.get("", -REPEAT_AFTER) <= now - REPEAT_AFTER:
                lines.append(f"… and {self._dropped} more of that kind.")
                self._shown_at[""], self._dropped = now, 0
        return lines


def _counted(line: str, times: int) -> str:
    return line if times == 1 else f"{line} ({times} times)"
