"""PortAudio, ALSA and JACK write to stderr while they look for devices; users need not see that."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from .errors import TRACEBACK


@contextmanager
def silence_native_stderr() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Suppress what native code writes to stderr; what is yielded makes a context in which stderr works again."""
    if os.environ.get(TRACEBACK):
        yield nullcontext
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)

    @contextmanager
    def aloud() -> Iterator[None]:
        os.dup2(kept, 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(nowhere, 2)

    os.dup2(nowhere, 2)
    try:
        yield aloud
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
