"""Slow work of a block beside the audio thread: live in a thread, offline between two chunks of quanta.

A kernel writes requests into shared memory and reads answers that are there; it never waits. Offline an answer is
there at most ``OFFLINE_CHUNK`` samples after its request, so that a block that reads it after at least that delay gives
the same samples in every render.
"""

from __future__ import annotations

import threading

OFFLINE_CHUNK = 1024  # samples between two services of a helper offline: the minimum delay
POLL = 0.001  # seconds between two checks for requests


class BackgroundWorker:
    """Base of helpers that load something slow, then answer requests; subclasses override the two methods."""

    _thread: threading.Thread | None = None

    def start(self, name: str, realtime: bool) -> None:
        """Load immediately, or in a new thread that then answers requests until ``close``."""
        self._stop = threading.Event()
        if realtime:
            self._thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._thread.start()
        else:
            self.load()

    def load(self) -> bool:
        """Prepare the work; return whether that succeeded."""
        raise NotImplementedError

    def process_pending(self) -> bool:
        """Answer all pending requests; return whether the work goes on."""
        raise NotImplementedError

    def service(self) -> None:
        """Offline: answer all pending requests."""
        if self._thread is None:
            self.process_pending()

    def close(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join(2.0)

    def _work(self) -> None:
        running = self.load()
        while running and not self._stop.wait(POLL):
            running = self.process_pending()
