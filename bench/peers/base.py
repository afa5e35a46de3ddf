"""What the benchmark asks of a peer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "bench" / ".build"  # compiled programs, generated patches, sounds


@dataclass(frozen=True)
class Job:
    """One render as a command.

    A peer that can tell the CPU seconds of its render apart from those of its start prints them as the
    last line; for the others the harness takes the difference between a long and a short render.
    """

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    prints_cpu: bool = False

    def environment(self) -> dict[str, str]:
        # Numerical libraries would otherwise spread over all cores.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        return os.environ | threads | self.env


class Peer:
    """One program that renders the workloads."""

    name = ""

    def unavailable_reason(self) -> str | None:
        """Why it cannot take part here, with the mend; None when it can."""
        return None

    def unsupported_reason(self, workload: str) -> str | None:
        """Why it has no version of ``workload``; None when it has."""
        return None

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        """The render of ``workload``: into the WAV file ``output``, or to nowhere where that is possible."""
        raise NotImplementedError
