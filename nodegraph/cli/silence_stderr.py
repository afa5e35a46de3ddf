"""Suppression of what PortAudio, ALSA and JACK write to stderr while they scan for devices."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from .errors import TRACEBACK


@contextmanager
def silence_native_stderr() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Suppress stderr of native code; yield a factory of contexts in which stderr is restored."""
    if os.environ.get(TRACEBACK):
        yield nullcontext
        return
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)

    @contextmanager
    def restored() -> Iterator[None]:
        os.dup2(saved, 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(null, 2)

    os.dup2(null, 2)
    try:
        yield restored
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
