"""Lines for the user from threads that must not print: each once in a while, and never a flood of them."""

from __future__ import annotations

import threading
import time

AGAIN = 10.0  # s until a line is told again
MOST = 8  # lines told at a time


class Notices:
    """``tell`` from any thread; ``take`` gives what the user is to read now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._told: dict[str, float] = {}
        self._more = 0

    def tell(self, line: str) -> None:
        """Note a line. One that was told lately waits its time, and is counted."""
        with self._lock:
            if line in self._waiting or len(self._waiting) < 4 * MOST:
                self._waiting[line] = self._waiting.get(line, 0) + 1
            else:
                self._more += 1

    def take(self) -> list[str]:
        """The lines that are due, with how often each was noted."""
        now = time.monotonic()
        with self._lock:
            self._told = {line: at for line, at in self._told.items() if now - at < AGAIN}
            due = [line for line in self._waiting if line not in self._told]
            lines = [_counted(line, self._waiting.pop(line)) for line in due[:MOST]]
            self._told |= dict.fromkeys(due[:MOST], now)
            self._more += sum(self._waiting.pop(line) for line in due[MOST:])
            if self._more and self._told.get("", -AGAIN) <= now - AGAIN:
                lines.append(f"… and {self._more} more of that kind.")
                self._told[""], self._more = now, 0
        return lines


def _counted(line: str, times: int) -> str:
    return line if times == 1 else f"{line} ({times} times)"
