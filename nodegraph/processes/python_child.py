"""Python children that import nothing from the current folder.

``python -c`` and ``python -m`` search the current folder first. It may be that of a patch from a stranger, in which a
folder ``numpy`` would be run instead of numpy. Every Python child of this program is started by these functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext

SAFE_PATH = "PYTHONSAFEPATH"


def python_command(*arguments: str) -> list[str]:
    """Return the command that runs this Python with ``arguments``, without the current folder among its imports."""
    return [sys.executable, "-P", *arguments]


def python_environment() -> dict[str, str]:
    """Return the environment of a Python child: its own children import nothing from the current folder either."""
    return os.environ | {SAFE_PATH: "1"}


@contextmanager
def spawn_context() -> Iterator[SpawnContext]:
    """Yield the context of multiprocessing whose processes, started meanwhile, are Python children as above.

    multiprocessing also starts a process for its own use, and accepts no options: both are reached by the environment.
    """
    from multiprocessing import get_context

    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield get_context("spawn")
    finally:
        if before is None:
            os.environ.pop(SAFE_PATH, None)
        else:
            os.environ[SAFE_PATH] = before
