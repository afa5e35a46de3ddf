"""Starting and ending the process of a model: forked from one that has imported torch, where the system allows it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from typing import Protocol

from .python_child import python_command, python_environment
from .torchscript_launcher import PID

PREFIXES = ("PYTHON", "LD_", "DYLD_", "OMP_", "MKL_", "LC_")  # of the environment that a model's process gets
NAMES = {"PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV"}


def _has_process_handles() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # an older kernel, or one that refuses it
        return False
    return True


FORKS = sys.platform == "linux" and _has_process_handles()


class ModelProcess(Protocol):
    """A process that reads requests and writes answers; ``requests`` and ``answers`` are the ends of its pipes here."""

    pid: int
    requests: int
    answers: int

    def has_ended(self) -> bool:
        """Return whether the process has ended, for whatever reason."""

    def kill(self) -> None:
        """End the process, from any thread."""

    def close(self) -> None:
        """End the process, wait for its end, and close the pipes."""


def start_model_process(folder: str, seconds: float) -> ModelProcess:
    """Start a process in a working folder, within ``seconds``. Raises OSError."""
    if not FORKS:
        return _Started(folder)
    try:
        return _Forked(folder, _launcher(), seconds)
    except _LauncherEndedError:
        _launcher.cache_clear()
        return _Forked(folder, _launcher(), seconds)


class _LauncherEndedError(OSError):
    """The launcher was killed."""


class _Started:
    """A new Python."""

    def __init__(self, folder: str) -> None:
        self._process = subprocess.Popen(
            python_command("-m", "nodegraph.processes.torchscript_main"),
            cwd=folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.pid = self._process.pid
        self.requests, self.answers = self._process.stdin.fileno(), self._process.stdout.fileno()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class _Forked:
    """A process that the launcher forks."""

    def __init__(self, folder: str, launcher: _Launcher, seconds: float) -> None:
        theirs_in, self.requests = os.pipe()
        self.answers, theirs_out = os.pipe()
        try:
            self.pid, self._handle = launcher.fork(folder, theirs_in, theirs_out, seconds)
        except OSError:
            os.close(self.requests)
            os.close(self.answers)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def has_ended(self) -> bool:
        return self._handle < 0 or self._ends_within(0)

    def kill(self) -> None:
        with suppress(OSError):  # it has ended
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def close(self) -> None:
        if self._handle < 0:
            return
        self.kill()
        self._ends_within(None)
        for handle in (self.requests, self.answers, self._handle):
            os.close(handle)
        self._handle = -1

    def _ends_within(self, milliseconds: int | None) -> bool:
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(milliseconds))


class _Launcher:
    """The process of ``torchscript_launcher.py``."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                python_command("-m", "nodegraph.processes.torchscript_launcher", str(theirs.fileno())),
                cwd=os.sep,
                env=_environment(),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def fork(self, folder: str, requests: int, answers: int, seconds: float) -> tuple[int, int]:
        """Return the id and a handle of a new process. Raises OSError."""
        with self._lock:
            self._control.settimeout(seconds)
            try:
                socket.send_fds(self._control, [os.fsencode(folder)], [requests, answers])
                data, handles, _, _ = socket.recv_fds(self._control, PID.size, 1)
            except TimeoutError:
                raise
            except OSError:
                raise _LauncherEndedError from None
        if not handles:
            self._process.wait()
            raise _LauncherEndedError
        return PID.unpack(data)[0], handles[0]


@cache
def _launcher() -> _Launcher:
    return _Launcher()


def _environment() -> dict[str, str]:
    """Return the environment of the process, without what may be secret."""
    found = {name: text for name, text in python_environment().items() if name.startswith(PREFIXES) or name in NAMES}
    return found | {"OMP_WAIT_POLICY": "PASSIVE"}
