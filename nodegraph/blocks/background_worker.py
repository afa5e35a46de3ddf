"""Slow work of a block beside the audio thread: live in a process or a thread, offline between two chunks of quanta.

A kernel writes requests into shared memory and reads answers that are there; it never waits. Offline an answer is
there at most ``OFFLINE_CHUNK`` samples after its request, so that a block that reads it after at least that delay gives
the same samples in every render.
"""

from __future__ import annotations

import threading
from typing import ClassVar

from .helper import HelperContext
from .shared_arrays import SharedArrays
from .worker_process import WorkerProcess, are_processes_supported

OFFLINE_CHUNK = 1024  # samples between two services of a helper offline: the minimum delay
POLL = 0.001  # seconds between two checks for requests


class BackgroundWorker:
    """Base of helpers that load something slow, then answer requests; subclasses override the two methods.

    A subclass with ``shared``, the names of its attributes with arrays, works live in a process of its own, which is
    started again if it crashes or is killed. All that the next process needs is in these arrays. Others work in a
    thread.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    process: WorkerProcess | None = None
    is_live = False
    _thread: threading.Thread | None = None
    _memory: SharedArrays | None = None
    _failure = ""

    def start(self, name: str, context: HelperContext) -> None:
        """Load immediately, or in a process or thread that then answers requests until ``close``."""
        self._stop = threading.Event()
        self.is_live = context.realtime
        if context.memory is not None:  # this is the process of the worker
            self._use(context.memory)
        elif not context.realtime:
            self.load()
        elif self.shared and are_processes_supported():
            self.process = WorkerProcess(type(self), context, {name: getattr(self, name) for name in self.shared})
            self._use(self.process.memory)
            self.process.start()
        else:
            self._thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._thread.start()

    def _use(self, memory: SharedArrays) -> None:
        self._memory = memory
        for name, values in memory.arrays.items():
            setattr(self, name, values)

    @property
    def failure(self) -> str:
        """The reason for which the work has ended, or ""."""
        return self._memory.failure if self._memory is not None else self._failure

    @failure.setter
    def failure(self, reason: str) -> None:
        self._failure = reason
        if self._memory is not None:
            self._memory.failure = reason

    @property
    def process_id(self) -> int:
        """The id of the process of the model, 0 if there is none."""
        return self.process.id if self.process is not None else 0

    @property
    def restarts(self) -> int:
        """How often the process of the model was started again."""
        return self.process.restarts if self.process is not None else 0

    @property
    def restart_note(self) -> str:
        """How often the process was started again, in words, or ""."""
        times = "" if self.restarts <= 1 else f" {self.restarts} times"
        return f"the model's process ended and was started again{times}" if self.restarts else ""

    def problem_with(self, late: str) -> str:
        """Return why the work has ended; else how often it was started again, and ``late``, a sentence or ""."""
        return self.failure or "; ".join(filter(None, (self.restart_note, late)))

    def load(self) -> bool:
        """Prepare the work; return whether that succeeded."""
        raise NotImplementedError

    def process_pending(self) -> bool:
        """Answer all pending requests; return whether the work goes on."""
        raise NotImplementedError

    def service(self) -> None:
        """Offline: answer all pending requests."""
        if not self.is_live:
            self.process_pending()

    def close(self) -> None:
        if self.process is not None:
            self.process.close()
        if self._thread is not None:
            self._stop.set()
            self._thread.join(2.0)

    def _work(self) -> None:
        running = self.load()
        while running and not self._stop.wait(POLL):
            running = self.process_pending()
