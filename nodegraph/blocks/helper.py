"""Interface of block helpers, which run outside the audio thread.

A helper owns memory that it shares with the kernel of its block. Live it runs in a service thread;
offline it runs between two chunks of quanta, so that it is never late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .shared_arrays import SharedArrays


@dataclass(frozen=True)
class HelperContext:
    """The environment of a helper: node id, settings, lanes, sample rate (Hz), folder of the patch, live or offline.

    ``memory`` is None, except in the process of a :class:`~.background_worker.BackgroundWorker`.
    """

    node: str
    settings: Mapping[str, Any]
    lanes: int
    rate: float
    folder: Path | None
    realtime: bool
    memory: SharedArrays | None = None


class BlockHelper(Protocol):
    """A helper. ``arrays`` are one-dimensional; its class declares their types in ``array_types``.

    It may have ``problem``, why it does not do what it should, and ``remark``, what it left out: a line without a full
    stop, or "".
    """

    arrays: dict[str, np.ndarray]

    def service(self) -> None:
        """Do a bounded amount of work; called every few milliseconds."""

    def close(self) -> None:
        """Finish all work and close all files."""
