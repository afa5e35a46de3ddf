"""The interface of a peer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "bench" / ".build"  # compiled programs, generated patches, sounds


@dataclass(frozen=True)
class Job:
    """The command of one render.

    A peer that can measure the CPU seconds of its render without its start-up prints them as the last line. For the
    others, the benchmark uses the difference between a long and a short render.
    """

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    prints_cpu: bool = False

    def environment(self) -> dict[str, str]:
        # Numerical libraries use all cores by default.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        return os.environ | threads | self.env


class Peer:
    """A program that renders the workloads."""

    name = ""

    def unavailable_reason(self) -> str | None:
        """Return why the peer is unavailable on this machine, and how to install it, else None."""
        return None

    def unsupported_reason(self, workload: str) -> str | None:
        """Return why the peer does not support ``workload``, else None."""
        return None

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        """Return the command that renders ``workload`` to the WAV file ``output`` (None: discard the sound)."""
        raise NotImplementedError


def write_if_changed(path: Path, text: str) -> None:
    """Write a generated source; its time stays that of its last change."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def is_outdated(program: Path, *sources: Path) -> bool:
    """Return whether a compiled program is missing, or older than one of its sources."""
    return not program.exists() or program.stat().st_mtime < max(source.stat().st_mtime for source in sources)
