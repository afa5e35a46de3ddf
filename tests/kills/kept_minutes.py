"""Retrospective recording: what is stored after a kill is playable, and has all but the last second of the sound."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nodegraph.engine.live import Live
from nodegraph.recording import keeping
from tests.kills import recordings
from tests.kills.recordings import EXPECTED, PART, RATE, document

SPAN = 2.0  # seconds
WRITES, WRITE_SPAN = "playing", 2.0
SEGMENT, SECONDS = 0.25, 0.75  # of the ring: several of its files are deleted within a child's life
keeping.SESSIONS = 1


def prepare(folder: Path) -> None:
    recordings.prepare(folder)


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    keeping.SEGMENT = SEGMENT
    with Live(document(), null=True, rate=RATE) as live:
        report(f"begun {live.clock}")
        keeping.RetrospectiveRecorder(live, SECONDS / 60.0, "noise", folder / "kept")
        report(WRITES)
        while True:
            report(f"clock {live.clock}")
            time.sleep(0.02)


def check(folder: Path, number: int, reports: list[str]) -> str:
    clocks = [int(text.split()[1]) for text in reports if text.startswith("clock")]
    begun = int(reports[0].split()[1]) if reports else 0
    found = keeping.sessions(folder / "kept")
    assert len(found) <= 1
    assert found or len(clocks) < 2
    blocks = [block[:, :1] for block in found[0].last(60.0)] if found else []
    sound = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if clocks:
        assert len(sound) >= min(clocks[-1] - begun - RATE, round(SECONDS * RATE)), (
            "more than the last second is missing"
        )
    if len(sound) >= PART:
        assert len(sound) <= round((SECONDS + 2 * SEGMENT) * RATE), "the ring grows"
        window = np.lib.stride_tricks.sliding_window_view(EXPECTED[0][: 20 * RATE], PART)
        (start,) = np.flatnonzero(np.abs(window - sound[:PART, 0]).max(axis=1) < 1e-6)
        assert np.array_equal(EXPECTED[0][start : start + len(sound)], sound[:, 0])
        assert not clocks or start + len(sound) >= clocks[-1] - RATE, "more than the last second is missing"
    result = f"{len(found[0].segments)} files" if found else "no session"
    shutil.rmtree(folder / "kept", ignore_errors=True)
    return result
