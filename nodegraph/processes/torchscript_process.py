"""A TorchScript model in a process of its own, which can neither write files nor reach the network."""

from __future__ import annotations

import os
import select
import sys
import tempfile
import time
import weakref
from contextlib import suppress

import numpy as np

from .model_process import ModelProcess, start_model_process
from .torchscript_protocol import (
    ANSWER,
    ERROR,
    MAX_ERROR,
    MAX_STATE_BYTES,
    REQUEST,
    START,
    STATE,
    STATE_REQUEST,
    Start,
)

LOAD_SECONDS, CALL_SECONDS = 300.0, 30.0  # until a model is stopped; a busy machine needs a minute to import torch
PIPE_BYTES = 1 << 16


class ModelError(Exception):
    """A model failed; the message is the reason, without a full stop."""


class ModelEndedError(ModelError):
    """The process of a model ended by itself: it crashed or was killed."""

    def __init__(self) -> None:
        super().__init__("it ended")


class TorchscriptProcess:
    """A process that runs one model. ``closed`` names the parts of its isolation, see ``isolation.py``.

    ``state`` is that of an earlier process, to continue from; one of another size is ignored. Raises ModelError if the
    model cannot be loaded, or does not map zeros to the right shape.
    """

    def __init__(
        self, model: bytes, width: int, output_width: int, signal: bool, threads: int = 0, state: bytes = b""
    ) -> None:
        self._width, self._output_width = width, output_width
        self._folder = tempfile.TemporaryDirectory(prefix="nodegraph-model-")
        os.chmod(self._folder.name, 0o500)  # empty, and nothing can be written into it
        end = time.monotonic() + LOAD_SECONDS
        try:
            self._process = start_model_process(self._folder.name, LOAD_SECONDS)
        except OSError as error:
            self._folder.cleanup()
            raise ModelError(f"its process does not start: {error.strerror or error}") from None
        if sys.platform != "win32":
            os.set_blocking(self._process.requests, False)  # a model that does not read must not stop the program
        self._finalizer = weakref.finalize(self, _end, self._process, self._folder)
        start = START.pack(*Start(len(model), width, output_width, int(signal), threads, len(state)))
        words = self._ask(start + model + state, MAX_ERROR, end - time.monotonic())
        found = words.decode("ascii", "replace").split()
        self.has_state = STATE in found
        self.closed = [part for part in found if part != STATE]

    @property
    def id(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended, for whatever reason."""
        return self._process.has_ended()

    def run(self, vectors: np.ndarray) -> np.ndarray:
        """Return the finite output for float32 vectors (count, width): (count, output_width). Raises ModelError."""
        size = 4 * len(vectors) * self._output_width
        data = vectors.astype(np.float32, copy=False).tobytes()
        found = self._ask(REQUEST.pack(len(vectors)) + data, size, CALL_SECONDS)
        if len(found) != size:
            self.close()
            raise ModelError("it answers nonsense")
        output = np.frombuffer(found, np.float32).reshape(len(vectors), self._output_width)
        return np.nan_to_num(output, posinf=0.0, neginf=0.0)

    def state(self) -> bytes:
        """Return the values of all buffers of the model; b"" if they are as at the last call. Raises ModelError.

        Buffers that have grown beyond 64 MB are not returned either.
        """
        return self._ask(REQUEST.pack(STATE_REQUEST), MAX_STATE_BYTES, CALL_SECONDS)

    def stop(self) -> None:
        """End the process, from any thread: a call that runs in another one fails."""
        self._process.kill()

    def close(self) -> None:
        """End the process and release its pipes and its folder, when no call runs."""
        self._finalizer()

    def _ask(self, request: bytes, limit: int, seconds: float) -> bytes:
        """Send a request and return the answer, of at most ``limit`` bytes."""
        end = time.monotonic() + seconds
        try:
            self._write(request, end)
            size, kind = REQUEST.unpack(self._read(REQUEST.size, end))[0], self._read(1, end)[0]
            if size > (limit if kind == ANSWER else MAX_ERROR):
                raise ModelError("it answers nonsense")
            data = self._read(size, end)
        except (OSError, ValueError):
            self.close()
            raise ModelEndedError from None
        except ModelError:
            self.close()
            raise
        if kind == ERROR:
            self.close()
            text = data.decode("utf-8", "replace")
            raise ModelError("".join(c if c.isprintable() else " " for c in text)[:120].rstrip(". "))
        return data

    def _write(self, data: bytes, end: float) -> None:
        handle, rest = self._process.requests, memoryview(data)
        while rest:
            self._wait(handle, end, writing=True)
            with suppress(BlockingIOError):
                rest = rest[os.write(handle, rest[:PIPE_BYTES]) :]

    def _read(self, size: int, end: float) -> bytes:
        handle, found = self._process.answers, bytearray()
        while len(found) < size:
            self._wait(handle, end)
            part = os.read(handle, size - len(found))
            if not part:
                raise ModelEndedError
            found += part
        return bytes(found)

    def _wait(self, handle: int, end: float, writing: bool = False) -> None:
        """Wait until a pipe is ready. Raises ModelError after the time ``end``."""
        if sys.platform == "win32":
            return  # pipes cannot be waited for
        waiting = select.poll()
        waiting.register(handle, select.POLLOUT if writing else select.POLLIN)
        if not waiting.poll(max(end - time.monotonic(), 0.0) * 1000.0):
            raise ModelError("it takes too long")


def _end(process: ModelProcess, folder: tempfile.TemporaryDirectory[str]) -> None:
    process.close()
    with suppress(OSError):
        folder.cleanup()
