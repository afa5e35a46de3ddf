"""A JACK client with an empty native callback: what the machine itself misses. As a program

    python -m tests.soak.empty_callback

it prints, after each line on stdin, the calls of its callback and the xruns of the server so far.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import subprocess
import sys
from collections.abc import Mapping

import numpy as np

NO_START_SERVER = 1  # an option of jack_client_open


class EmptyCallback:
    """The client in a process of its own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=os.environ | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.counts()  # wait until it runs

    def counts(self) -> tuple[int, int]:
        """Return the calls of the callback and the xruns of the server since the start."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        calls, xruns = self._process.stdout.readline().split()
        return int(calls), int(xruns)

    def close(self) -> None:
        self._process.communicate(timeout=30)


def main() -> None:
    from numba import carray, cfunc, types

    @cfunc(types.int32(types.uint32, types.voidptr))
    def on_cycle(frames, counter):
        carray(counter, (1,), np.int64)[0] += 1
        return 0

    @cfunc(types.int32(types.voidptr))
    def on_xrun(counter):
        carray(counter, (1,), np.int64)[0] += 1
        return 0

    counts = np.zeros(2, np.int64)
    jack = ctypes.CDLL(ctypes.util.find_library("jack"))
    jack.jack_client_open.restype = ctypes.c_void_p
    client = ctypes.c_void_p(jack.jack_client_open(b"empty", NO_START_SERVER, None))
    if not client:
        raise SystemExit("no JACK server")
    places = [ctypes.c_void_p(counts.ctypes.data + 8 * k) for k in range(2)]
    jack.jack_set_process_callback(client, ctypes.c_void_p(on_cycle.address), places[0])
    jack.jack_set_xrun_callback(client, ctypes.c_void_p(on_xrun.address), places[1])
    jack.jack_activate(client)
    for _ in sys.stdin:
        print(*counts, flush=True)
    jack.jack_client_close(client)


if __name__ == "__main__":
    main()
