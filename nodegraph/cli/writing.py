"""Sound into a file, piece by piece, with progress; Ctrl-C leaves a whole, shorter file."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .progress import Progress
from .stopping import stop_signals
from .text import decibels, duration, plural, say, warn

if TYPE_CHECKING:
    import numpy as np


def write_sound_file(
    blocks: Iterable[np.ndarray], output: Path, rate: float, channels: int, total: int, doing: str = "rendering"
) -> dict[str, Any]:
    """Write blocks (samples, channels) until ``total`` samples; returns what there is to tell of the file."""
    import numpy as np

    from nodegraph.files.sound_output import SoundOutput

    peak, began = 0.0, time.perf_counter()
    with (
        SoundOutput(output, rate, channels, total / rate) as file,
        stop_signals() as stop,
        Progress(f"{doing} {output.name}", total) as bar,
    ):
        for block in blocks:
            file.write(block[: total - file.samples])
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            bar.to(file.samples)
            if stop.asked or file.samples >= total:
                break
    elapsed = time.perf_counter() - began
    if peak > 1.0 and not file.is_float:
        warn(f"the sound is clipped ({decibels(peak)}): turn it down, or write a .wav, which holds it")
    return {
        "file": str(output),
        "seconds": file.samples / rate,
        "samples": file.samples,
        "channels": channels,
        "rate": rate,
        "peak": peak,
        "elapsed": elapsed,
        "speed": file.samples / rate / elapsed,
        "interrupted": stop.asked and file.samples < total,
    }


def tell_of_file(result: dict[str, Any]) -> None:
    """One line about a file that was written."""
    shape = f"{duration(result['seconds'])}, {plural(result['channels'], 'channel')}, {result['rate']:g} Hz"
    say(f"{result['file']}: {shape}, {decibels(result['peak'])}, {result['speed']:.0f} × real time")
