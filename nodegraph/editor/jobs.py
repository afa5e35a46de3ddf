"""Work that takes long: a thread of its own for each job, its progress asked for by the editor's loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Cancelled(Exception):
    """The user gave the job up."""


@dataclass
class Job:
    """A job that runs. ``part`` is how much is done (0…1), ``text`` what it is at; threads write these alone."""

    title: str
    part: float = 0.0
    text: str = ""
    result: Any = None
    error: str = ""
    finished: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _done: Callable[[Job], None] | None = None

    def progress(self, fraction: float, text: str = "") -> None:
        """Called by the work itself now and then. Raises Cancelled when the user gave it up."""
        self.part = min(max(float(fraction), 0.0), 1.0)
        if text:
            self.text = text
        if self._stop.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the work to end at its next call of ``progress``."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()


class Jobs:
    """The jobs that run. Their ends are told by :meth:`collect_finished`, in the thread that calls it."""

    def __init__(self) -> None:
        self.running: list[Job] = []
        self._threads: list[threading.Thread] = []

    def start(self, title: str, work: Callable[[Job], Any], on_done: Callable[[Job], None] | None = None) -> Job:
        """Run ``work(job)`` in a thread; ``on_done(job)`` is called by ``collect_finished`` when it has ended, however
        it did.
        """
        job = Job(title, _done=on_done)

        def run() -> None:
            try:
                job.result = work(job)
            except Cancelled:
                job.error = "cancelled"
            except Exception as error:  # a job that fails is told of, and the editor goes on
                job.error = str(error).partition("\n")[0] or type(error).__name__
            job.finished = True

        thread = threading.Thread(target=run, name=f"nodegraph-{title}", daemon=True)
        self.running.append(job)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()
        return job

    def collect_finished(self) -> None:
        """Tell the ends of jobs."""
        for job in [job for job in self.running if job.finished]:
            self.running.remove(job)
            if job._done:
                job._done(job)

    def stop(self, seconds: float = 2.0) -> None:
        """Give all up and wait a little for them."""
        for job in self.running:
            job.cancel()
        for thread in self._threads:
            thread.join(seconds)
