"""Workers in processes of their own: a model that crashes or is killed does not end the sound, and is started again."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.processes.python_child import python_command, python_environment

from .helper import HelperContext
from .shared_arrays import PROCESS, STARTS, SharedArrays, layout_of

MODULE = f"{__package__}.worker_launcher"
ROOT = Path(__file__).parents[2]  # of the packages that the program imports
QUICK = 1.0  # seconds; a launcher that ends earlier is broken
MAX_QUICK_ENDS = 3


def are_processes_supported() -> bool:
    """Return whether workers can run in processes."""
    # Windows cannot fork, and the libraries of macOS that PyTorch uses do not survive it
    return sys.platform == "linux"


class WorkerProcess:
    """A worker of class ``worker`` in another process, with copies of ``arrays`` in shared memory."""

    def __init__(self, worker: type[Any], context: HelperContext, arrays: Mapping[str, np.ndarray]) -> None:
        self.memory = SharedArrays(layout_of(arrays))
        for name, values in arrays.items():
            self.memory.arrays[name][...] = values  # page faults must not happen in the audio thread
        self._worker, self._context = worker, context
        self._lifeline = -1

    def start(self) -> None:
        """Start the process, and start it again whenever it is killed, until :meth:`close`."""
        from .worker_launcher import WorkerOrder

        context = HelperContext(**{**vars(self._context), "settings": dict(self._context.settings)})
        reading, self._lifeline = os.pipe()
        data = pickle.dumps(WorkerOrder(self._worker, context, self.memory.layout))
        _launcher().add(self, data, [self.memory.descriptor, reading])

    @property
    def id(self) -> int:
        """The id of the process that works, 0 before the first one."""
        return int(self.memory.header[PROCESS])

    @property
    def restarts(self) -> int:
        """How often the process was started again."""
        return max(int(self.memory.header[STARTS]) - 1, 0)

    def close(self) -> None:
        """End the process. The memory remains, because the audio thread may read it for a while."""
        if self._lifeline >= 0:
            _launcher().remove(self)
            os.close(self._lifeline)
            os.close(self.memory.descriptor)
            self._lifeline = -1


class _Launcher:
    """The launcher of this program: started with the first worker, and again when it is killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: dict[WorkerProcess, tuple[bytes, list[int]]] = {}
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._quick_ends = 0

    @property
    def process_id(self) -> int:
        """The id of its process, 0 before the first one."""
        return self._process.pid if self._process is not None else 0

    def add(self, worker: WorkerProcess, data: bytes, descriptors: list[int]) -> None:
        with self._lock:
            self._orders[worker] = data, descriptors
            if self._connection is None:
                self._start()
            else:
                self._send(data, descriptors)

    def remove(self, worker: WorkerProcess) -> None:
        with self._lock:
            _, (_, lifeline) = self._orders.pop(worker)
            os.close(lifeline)

    def _start(self) -> None:
        """Start the program and a thread that waits for its end; send it all orders."""
        self._connection, theirs = socket.socketpair()
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self._process = process = subprocess.Popen(
                python_command("-m", MODULE, str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=python_environment() | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
            )
        for data, descriptors in self._orders.values():
            self._send(data, descriptors)
        threading.Thread(
            target=self._watch, args=(process, self._connection), name="nodegraph-workers", daemon=True
        ).start()

    def _send(self, data: bytes, descriptors: list[int]) -> None:
        """Send an order. If the program has just ended, the thread that waits for that sends it to the next one."""
        from .worker_launcher import LENGTH

        assert self._connection is not None
        with suppress(OSError):
            socket.send_fds(self._connection, [LENGTH.pack(len(data))], descriptors)
            self._connection.sendall(data)

    def _watch(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        began = time.monotonic()
        with suppress(OSError):
            connection.recv(1)  # returns when the program ends
        process.wait()
        with self._lock:
            connection.close()
            self._connection = None
            is_quick = time.monotonic() - began < QUICK
            self._quick_ends = self._quick_ends + 1 if is_quick else 0
            if self._orders and self._quick_ends < MAX_QUICK_ENDS:
                self._start()
            elif self._orders:
                for worker in self._orders:
                    worker.memory.failure = (
                        f"the process of the model does not start (exit status {process.returncode})"
                    )


@cache
def _launcher() -> _Launcher:
    return _Launcher()
