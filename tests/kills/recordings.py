"""Recordings to WAV, FLAC and AIFF while a patch plays: all files open and have all but the last second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from nodegraph.patch import Document
from nodegraph.recording.keeping import Recording
from tests.rendering import patch_of

SPAN = 2.5  # seconds
WRITES, WRITE_SPAN = "playing", 2.5
FORMATS = ("wav", "flac", "aiff")
RATE = 44100
PART = 32  # samples by which a recording is found in the sound of the patch
EXPECTED: list[np.ndarray] = []


def document() -> Document:
    return patch_of("noise.out out.audio", noise=("white_noise", {"amplitude": 0.3}), out="audio_out").document


def prepare(folder: Path) -> None:
    EXPECTED[:] = [Offline(document(), RATE).run_samples(60 * RATE)[:, 0].copy()]
    work(folder / "first", 0, lambda text: None, seconds=0.1)


def work(folder: Path, number: int, report: Callable[[str], object], seconds: float = 60.0) -> None:
    folder.mkdir(exist_ok=True)
    with Live(document(), null=True, rate=RATE) as live:
        for ending in FORMATS:
            report(f"{ending} {live.clock}")
            Recording(live, folder / f"{number}.{ending}")
        report(WRITES)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            report(f"clock {live.clock}")
            time.sleep(0.02)


def check(folder: Path, number: int, reports: list[str]) -> str:
    clocks = [int(text.split()[1]) for text in reports if text.startswith("clock")]
    longest = 0.0
    for ending in FORMATS:
        begun = [int(text.split()[1]) for text in reports if text.startswith(f"{ending} ")]
        path = folder / f"{number}.{ending}"
        sound = read(path) if path.is_file() else np.zeros(0)
        if clocks:
            assert clocks[-1] - begun[0] - len(sound) <= RATE, f"{path.name}: more than the last second is missing"
        if len(sound) >= PART:
            start = offset_of(sound, begun[0])
            assert np.abs(EXPECTED[0][start : start + len(sound)] - sound).max() < 1e-6, f"{path.name}: wrong samples"
        path.unlink(missing_ok=True)
        longest = max(longest, len(sound) / RATE)
    assert not list(folder.glob(f"{number}*"))
    return f"{longest:.0f} s"


def read(path: Path) -> np.ndarray:
    """Return the first channel of a sound file, (samples,)."""
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert rate == RATE
    return sound[:, 0]


def offset_of(sound: np.ndarray, first: int) -> int:
    """Return the sample of the patch at which a recording that was begun at about sample ``first`` starts."""
    part = sound[:PART]
    window = np.lib.stride_tricks.sliding_window_view(EXPECTED[0][first : first + RATE], len(part))
    found = np.flatnonzero(np.abs(window - part).max(axis=1) < 1e-6)
    assert len(found) == 1, "the recording is not of this sound"
    return first + int(found[0])
