"""What a block's helper outside the audio thread is given, and what it has to offer.

A helper owns memory that it shares with its block's kernel. It runs anywhere but in the audio thread:
live in a service thread, offline between two stretches of quanta, so that it never is late there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class HelperContext:
    """What a helper may know: its node, settings, lanes, the rate (Hz), the patch's folder, live or not."""

    node: str
    settings: Mapping[str, Any]
    lanes: int
    rate: float
    folder: Path | None
    realtime: bool


class BlockHelper(Protocol):
    """A helper. ``arrays`` are one-dimensional; their types are declared by ``array_types`` of its class."""

    arrays: dict[str, np.ndarray]

    def service(self) -> None:
        """Do a bounded piece of work; called every few milliseconds."""

    def close(self) -> None:
        """Finish: files are whole after this."""
