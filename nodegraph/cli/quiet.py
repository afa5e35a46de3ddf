"""PortAudio, ALSA and JACK write to stderr themselves while they look for devices: not to our users."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import TRACEBACK


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Inside, nothing that native code writes to stderr is seen."""
    if os.environ.get(TRACEBACK):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
