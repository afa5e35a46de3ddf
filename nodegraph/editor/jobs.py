"""Background jobs: one thread per job; the main loop polls their progress."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

NICENESS = 10  # of jobs on Linux, relative to the audio thread


class Cancelled(Exception):
    """Raised in a job that the user cancelled."""


@dataclass
class Job:
    """A background job. ``part`` is its progress (0…1), ``text`` its current step; only its thread writes them."""

    title: str
    part: float = 0.0
    text: str = ""
    result: Any = None
    error: str = ""
    finished: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _done: Callable[[Job], None] | None = None

    def progress(self, fraction: float, text: str = "") -> None:
        """Set the progress; called by the job. Raises Cancelled if the user cancelled the job."""
        self.part = min(max(float(fraction), 0.0), 1.0)
        if text:
            self.text = text
        if self._stop.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Cancel the job at its next call of ``progress``."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()


class Jobs:
    """The running jobs. :meth:`collect_finished` calls their ``on_done``, in the calling thread."""

    def __init__(self) -> None:
        self.running: list[Job] = []
        self._threads: list[threading.Thread] = []

    def start(self, title: str, work: Callable[[Job], Any], on_done: Callable[[Job], None] | None = None) -> Job:
        """Run ``work(job)`` in a thread; ``collect_finished`` calls ``on_done(job)`` after success, error or cancel."""
        job = Job(title, _done=on_done)

        def run() -> None:
            _lower_priority()
            try:
                job.result = work(job)
            except Cancelled:
                job.error = "cancelled"
            except OSError as error:
                reason = error.strerror or str(error) or type(error).__name__
                job.error = f"{error.filename}: {reason}" if error.filename else reason
            except Exception as error:  # a failed job must not end the editor
                job.error = str(error).partition("\n")[0] or type(error).__name__
            job.finished = True

        thread = threading.Thread(target=run, name=f"nodegraph-{title}", daemon=True)
        self.running.append(job)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()
        return job

    def collect_finished(self) -> None:
        """Call ``on_done`` of the finished jobs."""
        for job in [job for job in self.running if job.finished]:
            self.running.remove(job)
            if job._done:
                job._done(job)

    def stop(self, seconds: float = 2.0) -> None:
        """Cancel all jobs and wait at most ``seconds`` for each thread."""
        for job in self.running:
            job.cancel()
        for thread in self._threads:
            thread.join(seconds)


def _lower_priority() -> None:
    """Lower the priority of this thread, and of those that it starts: jobs must not delay the sound."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
