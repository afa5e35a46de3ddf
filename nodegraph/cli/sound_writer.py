"""Writing of sound files in chunks, with progress; Ctrl-C leaves a complete, shorter file."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.files.depths import AUTO

from .errors import INTERRUPTED
from .output import format_decibels, format_duration, plural, print_line, print_note, print_warning
from .progress import Progress
from .shutdown import catch_stop_signals

if TYPE_CHECKING:
    import numpy as np


def write_sound_file(
    blocks: Iterable[np.ndarray],
    output: Path,
    rate: float,
    channels: int,
    total: int,
    label: str = "rendering",
    depth: str = AUTO,
) -> dict[str, Any]:
    """Write blocks (samples, channels) up to ``total`` samples; return a description of the file."""
    import numpy as np

    from nodegraph.files.sound_output import SoundOutput

    peak, began = 0.0, time.perf_counter()
    with (
        SoundOutput(output, rate, channels, total / rate, depth) as file,
        catch_stop_signals() as stop,
        Progress(f"{label} {output.name}", total) as bar,
    ):
        for block in blocks:
            file.write(block[: total - file.samples])
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            bar.to(file.samples)
            if stop.requested or file.samples >= total:
                break
    elapsed = time.perf_counter() - began
    return {
        "file": str(output),
        "seconds": file.samples / rate,
        "samples": file.samples,
        "channels": channels,
        "rate": rate,
        "peak": peak,
        "elapsed": elapsed,
        "speed": file.samples / rate / elapsed,
        "interrupted": stop.requested and file.samples < total,
        "clipping": file.clipping,
    }


def describe_file(result: dict[str, Any]) -> None:
    """Print one line about a written file."""
    shape = f"{format_duration(result['seconds'])}, {plural(result['channels'], 'channel')}, {result['rate']:g} Hz"
    print_line(f"{result['file']}: {shape}, {format_decibels(result['peak'])}, {result['speed']:.0f} × real time")


def exit_status(result: dict[str, Any], asked: str = "") -> int:
    """Warn of a file that is clipped, or shorter than ``asked`` after Ctrl-C; return the exit status."""
    if result["clipping"]:
        print_warning(f"{result['file']}: {result['clipping']}")
    if not result["interrupted"]:
        return 0
    part = f"{format_duration(result['seconds'])}{f' of {asked}' if asked else ''}"
    print_note(f"interrupted: {result['file']} has the first {part}.")
    return INTERRUPTED
