"""The process that assesses hand-ins: each in a process forked from it, with limits of time and memory.

``python -m nodegraph.lessons.grader FOLDER`` prepares the lesson in FOLDER: it imports everything, renders the target
and compiles what the target needs. Each line on stdin is a hand-in, ``{"id": …, "path": …}``; each line on stdout an
assessment, ``{"id": …, "problem": …, "verdicts": …}``. It ends when stdin is closed and all are assessed.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodegraph.engine.core import EngineError
from nodegraph.engine.kernels import kernels_of_graph
from nodegraph.graph import GraphError
from nodegraph.kernel import KernelError
from nodegraph.patch import PatchError
from nodegraph.processes.isolation import limit_memory

from .assessment import assessment_data, refused
from .checking import Assessor
from .loading import load_lesson
from .rendering import read_document

MAX_PATCH_BYTES = 4 << 20
COMPILE_SECONDS = 60.0  # for kernels that this machine has not compiled yet
WALL = 5.0  # times the seconds of a processor: a busy machine is no fault of a hand-in
COMPILING = b"compiling\n"


@dataclass
class Limits:
    """Limits of a hand-in: seconds of a processor, MB of memory, and the number that are assessed at the same time."""

    seconds: float = 2.0
    megabytes: int = 1024
    jobs: int = 2


@dataclass
class Job:
    """A hand-in that is being assessed in the process ``pid``; ``deadline`` is by the monotonic clock."""

    id: str
    pid: int
    deadline: float
    answer: bytearray = field(default_factory=bytearray)


class Grader:
    """Assesses hand-ins of a lesson in forked processes."""

    def __init__(self, assessor: Assessor, limits: Limits) -> None:
        self.assessor, self.limits = assessor, limits
        self._jobs: dict[int, Job] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, hand_ins: deque[dict[str, str]]) -> None:
        """Assess all hand-ins, and print a line for each as soon as it is done."""
        while hand_ins or self._jobs:
            while hand_ins and len(self._jobs) < self.limits.jobs:
                self._start(hand_ins.popleft())
            soonest = min(job.deadline for job in self._jobs.values())
            for key, _ in self._selector.select(max(soonest - time.monotonic(), 0.0)):
                self._read(key.fd)
            for handle in [fd for fd, job in self._jobs.items() if time.monotonic() >= job.deadline]:
                self._stop(handle)

    def _start(self, hand_in: dict[str, str]) -> None:
        readable, writable = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(readable)
            _assess_and_exit(self.assessor, hand_in["path"], writable, self.limits)
        os.close(writable)
        self._jobs[readable] = Job(hand_in["id"], pid, time.monotonic() + WALL * self.limits.seconds)
        self._selector.register(readable, selectors.EVENT_READ)

    def _read(self, handle: int) -> None:
        job = self._jobs[handle]
        data = os.read(handle, 1 << 16)
        if not data:
            self._finish(handle, "")
            return
        job.answer += data
        if job.answer.startswith(COMPILING):
            job.deadline += WALL * COMPILE_SECONDS
            job.answer = job.answer.removeprefix(COMPILING)

    def _stop(self, handle: int) -> None:
        os.kill(self._jobs[handle].pid, signal.SIGKILL)
        self._finish(handle, self._too_slow())

    def _finish(self, handle: int, problem: str) -> None:
        job = self._jobs.pop(handle)
        self._selector.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(job.pid, 0)
        if not problem and not job.answer.endswith(b"\n"):
            code = os.waitstatus_to_exitcode(status)
            ended = f"its process ended unexpectedly ({code}). Simplify the patch."
            problem = self._too_slow() if code == -signal.SIGPROF else ended
        _print_result(job.id, _refused_data(self.assessor, problem) if problem else json.loads(job.answer))

    def _too_slow(self) -> str:
        return f"takes more than {self.limits.seconds:g} s to render and measure. Simplify the patch."


def _assess_and_exit(assessor: Assessor, path: str, handle: int, limits: Limits) -> None:
    """Assess a hand-in in this process, write the assessment to a pipe, and end."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF):
            signal.signal(number, signal.SIG_DFL)
        limit_memory(limits.megabytes << 20)
        answer = _assess(assessor, path, handle, limits.seconds)
        with os.fdopen(handle, "wb") as pipe:
            pipe.write(json.dumps(answer).encode() + b"\n")
    finally:
        os._exit(0)


def _assess(assessor: Assessor, path: str, handle: int, seconds: float) -> dict[str, Any]:
    """Return the assessment of a file. The process ends by SIGPROF if it takes longer; compiling is not counted."""
    _limit_time(seconds)
    try:
        document = read_document(path, MAX_PATCH_BYTES)
        graph = assessor.typed(document)
        if pending := [kernel for kernel in kernels_of_graph(graph) if not kernel.cached]:
            os.write(handle, COMPILING)
            _limit_time(COMPILE_SECONDS)
            for kernel in pending:
                kernel.address  # noqa: B018 - the property compiles the kernel
            _limit_time(seconds)
        return assessment_data(assessor.assess_graph(document, graph))
    except MemoryError:
        return _refused_data(assessor, "needs more memory than a hand-in may have. Simplify the patch.")
    except (PatchError, GraphError, KernelError, EngineError) as error:
        problems = getattr(error, "problems", None)
        text = str(problems[0] if problems else error).removeprefix(f"{path}: ")
        return _refused_data(assessor, text)
    except Exception as error:  # one hand-in must not end the others
        return _refused_data(assessor, f"cannot be assessed ({type(error).__name__}: {error}).")


def _limit_time(seconds: float) -> None:
    """Let the system end this process after seconds of a processor from now on."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _refused_data(assessor: Assessor, problem: str) -> dict[str, Any]:
    return assessment_data(refused(assessor.lesson, problem))


def _print_result(id: str, data: dict[str, Any]) -> None:
    print(json.dumps({"id": id, **data}), flush=True)


def main() -> None:
    """Assess the hand-ins on stdin."""
    folder, seconds, megabytes, jobs = sys.argv[1:]
    limits = Limits(float(seconds), int(megabytes), int(jobs))
    lesson = load_lesson(Path(folder))
    assessor = Assessor(lesson)
    for solution in lesson.solutions[:1]:
        assessor.assess_file(solution)  # loads the engine, the kernels and the libraries of the measures
    hand_ins = deque(json.loads(line) for line in sys.stdin)
    if hasattr(os, "fork"):
        Grader(assessor, limits).run(hand_ins)
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for hand_in in hand_ins:  # Windows: without limits
        _print_result(hand_in["id"], _assess(assessor, hand_in["path"], nowhere, COMPILE_SECONDS))


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
