"""The garbage collector, held back while an edit is typed and compiled: it would delay the edit by milliseconds."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_holds = 0  # holds of all threads: the collector is one for the whole process


def hold_collection() -> bool:
    """Hold back the collector until :func:`release_collection`, perhaps in another thread.

    Return False, without a hold, if the program disabled the collector itself.
    """
    global _holds
    with _lock:
        if not _holds and not gc.isenabled():
            return False
        gc.disable()
        _holds += 1
        return True


def release_collection() -> None:
    """End one hold; the collector starts again after the last one."""
    global _holds
    with _lock:
        _holds -= 1
        if not _holds:
            gc.enable()


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold back the collector in a block of code."""
    held = hold_collection()
    try:
        yield
    finally:
        if held:
            release_collection()
