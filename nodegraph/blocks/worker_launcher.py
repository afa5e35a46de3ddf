"""The program that starts the processes of workers, and starts them again when they are killed.

    python -m nodegraph.blocks.worker_launcher DESCRIPTOR

It imports PyTorch once, which takes seconds, and then forks a process for each worker in milliseconds. The socket
``DESCRIPTOR`` carries a message for each worker: a pickled :class:`WorkerOrder`, with the descriptors of its memory and
of its lifeline, a pipe that the main program closes. It ends with the main program, or when it has no work.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from .helper import HelperContext
from .shared_arrays import PROCESS, STARTS, Layout, SharedArrays

POLL = 0.001  # seconds between two checks of a worker for requests
WATCH = 0.02  # seconds between two checks for processes that have ended
IDLE = 30.0  # seconds without a worker until the program ends
MAX_FAILED_STARTS = 5  # processes of a worker that may be killed one after the other before they work
LENGTH = struct.Struct("!I")  # of a message


@dataclass(frozen=True)
class WorkerOrder:
    """A worker to start: its class, its context without memory, and the layout of its memory."""

    worker: type[Any]
    context: HelperContext
    layout: Layout


@dataclass
class _Running:
    """A worker and its process. ``starts`` is the header's number of starts when the process was forked."""

    data: bytes
    memory: int
    lifeline: int
    process: int = 0
    starts: int = 0
    failed_starts: int = 0


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main program, which closes the lifelines
    connection = socket.socket(fileno=int(sys.argv[1]))
    with suppress(ImportError):
        from nodegraph.models.torch_import import TorchMissingError, require_torch

        with suppress(TorchMissingError):
            require_torch()
    running: list[_Running] = []
    while True:
        if select.select([connection], [], [], WATCH if running else IDLE)[0]:
            message = _receive(connection)
            if message is None:
                return
            running.append(message)
            _fork(message, connection)
        elif not running:
            return
        running = [worker for worker in running if _goes_on(worker, connection)]


def _receive(connection: socket.socket) -> _Running | None:
    """Return the next worker to start, or None at the end of the main program."""
    try:
        head, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, 2)
        data = b""
        while head and len(data) < LENGTH.unpack(head)[0]:
            data += connection.recv(LENGTH.unpack(head)[0] - len(data))
    except OSError:
        return None
    return _Running(data, *descriptors) if head else None


def _goes_on(worker: _Running, connection: socket.socket) -> bool:
    """Start a killed process again; return False if the worker has ended by itself."""
    process, status = os.waitpid(worker.process, os.WNOHANG)
    if not process:
        return True
    if os.WIFSIGNALED(status) and not _has_ended(worker.lifeline):
        memory = _memory_of(worker)
        worked = memory.header[STARTS] > worker.starts
        worker.failed_starts = 0 if worked else worker.failed_starts + 1
        if worker.failed_starts < MAX_FAILED_STARTS:
            _fork(worker, connection)
            return True
        memory.failure = f"the model's process was killed {MAX_FAILED_STARTS} times before it worked"
    os.close(worker.memory)
    os.close(worker.lifeline)
    return False


def _memory_of(worker: _Running) -> SharedArrays:
    return SharedArrays(pickle.loads(worker.data).layout, worker.memory)


def _fork(worker: _Running, connection: socket.socket) -> None:
    worker.starts = int(_memory_of(worker).header[STARTS])
    worker.process = os.fork()
    if worker.process == 0:
        status = 1
        try:
            connection.close()
            _work(pickle.loads(worker.data), worker.memory, worker.lifeline)
            status = 0
        except Exception as error:
            _memory_of(worker).failure = f"the model failed ({type(error).__name__}: {error})"
        finally:
            os._exit(status)


def _work(order: WorkerOrder, descriptor: int, lifeline: int) -> None:
    """Work until the main program closes the lifeline, or the work fails."""
    while not _lock(descriptor):  # the process of an earlier launcher works
        if _has_ended(lifeline, WATCH):
            return
    memory = SharedArrays(order.layout, descriptor)
    memory.header[PROCESS] = os.getpid()
    worker = order.worker(replace(order.context, memory=memory))
    running = worker.load()
    if running:
        memory.header[STARTS] += 1
    while running and not _has_ended(lifeline, POLL):
        running = worker.process_pending()


def _lock(descriptor: int) -> bool:
    """Lock the memory for this process; the system unlocks it when the process ends."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _has_ended(lifeline: int, seconds: float = 0.0) -> bool:
    """Return whether the other end of the lifeline is closed, within some time."""
    return bool(select.select([lifeline], [], [], seconds)[0])


if __name__ == "__main__":
    main()
