"""Edits of a playing patch, each followed by settling on fused kernels. As a program

    python -m tests.fusion.settling --edits 10000

it prints how many plans were fused, callbacks that took too long beside a run without edits, and whether the rows of a
replay compute the same samples. The status is 1 if a sample differs: then a change of the tier would be audible.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nodegraph.api import Patch
from nodegraph.engine.fusion_service import ROWS
from nodegraph.engine.live import Live
from nodegraph.recording.flight import FlightRecorder
from nodegraph.recording.replay import replay
from tests.engine.storm import random_edits, sounding_patch

SETTLED = 0.01  # seconds without an edit until a plan is fused
FUSED = 0.03  # seconds that a settled plan plays
MAX_WAIT = 30.0
SECTION = 100  # edits between two comparisons, whose output is held in memory
MAX_SECONDS = 300.0  # of a section


@dataclass
class Settled:
    """What a run found; ``late`` callbacks took longer than their period."""

    edits: int = 0
    fused: int = 0
    samples: int = 0
    differing: int = 0
    callbacks: int = 0
    late: int = 0
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)


def run_section(path: Path, edits: int, seed: int, nodes: int, found: Settled) -> None:
    """Play a random patch with a flight log, edit it, and compare its output with a replay, which runs rows."""
    patch = sounding_patch(nodes, seed)
    live = Live(patch.document, null=True, capture=MAX_SECONDS, observer=FlightRecorder(path))
    live.follow(patch)
    live.fuse(SETTLED)
    with live:
        began = time.monotonic()
        for _ in edits_and_undos(patch, edits, seed, nodes):
            edited = time.monotonic()
            found.edits += 1
            found.fused += _is_fused(live)
            found.waits.append(time.monotonic() - edited)
            time.sleep(FUSED)
            if time.monotonic() - began > MAX_SECONDS - MAX_WAIT:
                break
        output, report = live.captured(), live.report()
    found.callbacks += report.callbacks
    found.late += report.late
    found.seconds += time.monotonic() - began
    blocks: list[np.ndarray] = []
    replay(path, lambda block: blocks.append(block.copy()))
    rows = np.concatenate(blocks)[: len(output)]
    found.samples += len(output)
    found.differing += int(np.count_nonzero((rows != output).any(axis=1))) + len(output) - len(rows)


def edits_and_undos(patch: Patch, count: int, seed: int, nodes: int) -> Iterator[None]:
    """Apply ``count`` edits, an even number: random ones, each undone by the next."""
    for _ in random_edits(patch, count // 2, seed, nodes):
        yield
        patch.undo()
        yield


def _is_fused(live: Live) -> bool:
    """Wait until the plan is fused; return False if it is not in time."""
    until = time.monotonic() + MAX_WAIT
    while live.tier == ROWS and time.monotonic() < until:
        time.sleep(0.005)
    return live.tier != ROWS


def late_when_idle(seconds: float, nodes: int) -> tuple[int, int]:
    """Play for some time without an edit; return callbacks, and those that took too long."""
    live = Live(sounding_patch(nodes).document, null=True)
    with live:
        time.sleep(seconds)
        report = live.report()
    return report.callbacks, report.late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=10000)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    found = Settled()
    with TemporaryDirectory() as folder:
        section = 0
        while found.edits < chosen.edits:
            edits = min(SECTION, chosen.edits - found.edits)
            run_section(Path(folder) / f"{section}.flight", edits, chosen.seed + section, chosen.nodes, found)
            section += 1
            late = f"{found.late} of {found.callbacks} callbacks late"
            print(f"{found.edits} edits, {found.fused} fused, {found.differing} samples differ, {late}", flush=True)
    callbacks, late = late_when_idle(min(found.seconds, 600.0), chosen.nodes)
    waits = 1000.0 * np.array(found.waits)
    print(f"{found.edits} edits in {found.seconds:.0f} s, {found.fused} of them fused afterwards")
    print(f"edit to fused: median {np.median(waits):.0f} ms, 95 % {np.percentile(waits, 95):.0f} ms")
    print(f"{found.samples} samples, {found.differing} differ from those of rows")
    print(f"callbacks longer than their period: {found.late} of {found.callbacks}, idle {late} of {callbacks}")
    return 1 if found.differing else 0


if __name__ == "__main__":
    sys.exit(main())
