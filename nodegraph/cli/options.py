"""Options that several commands share, and their validation."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.depths import DEPTHS

MIN_RATE, MAX_RATE = 1000.0, 768_000.0  # Hz


def positive(value: float | None) -> float | None:
    """Return ``value`` if it is None, or finite and above 0. Raises BadParameter."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"must be finite and above 0, got {value:g}")
    return value


def sample_rate(value: float | None) -> float | None:
    """Return ``value`` if it is None or a supported sample rate in Hz. Raises BadParameter."""
    if value is not None and not MIN_RATE <= value <= MAX_RATE:
        raise typer.BadParameter(f"must lie in {MIN_RATE:.0f}–{MAX_RATE:.0f} Hz, got {value:g}")
    return value


def sound_depth(value: str) -> str:
    """Return ``value`` if it is a depth of sound files. Raises BadParameter."""
    if value not in DEPTHS:
        raise typer.BadParameter(f"must be one of {', '.join(DEPTHS)}, got '{value}'")
    return value


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PatchFile = Annotated[Path, typer.Argument(metavar="PATCH", show_default=False, help="Patch file (.json).")]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", "-s", metavar="S", callback=positive, help="Duration in seconds."),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", callback=sample_rate, help="Sample rate. Default: the patch's, else 44100."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NODE.PORT=VALUE",
        help="Set an input, a setting or a control (CONTROL=VALUE); repeatable.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="Seed of all random blocks. Default: the patch's."),
]
Device = Annotated[
    str | None, typer.Option("--device", metavar="NAME", help="cpu or cuda. Default: a GPU if there is one.")
]
Depth = Annotated[
    str,
    typer.Option(
        "--depth",
        metavar="|".join(DEPTHS),
        callback=sound_depth,
        help="Samples of sound files: 16 or 24 bits, or 32-bit float. Default: auto, the best of the format.",
    ),
]
Subpatch = Annotated[
    str, typer.Option("--subpatch", metavar="ID", help="Only this subpatch, such as voice or band/voice, by itself.")
]
NoFuse = Annotated[
    bool,
    typer.Option("--no-fuse", help="Do not fuse nodes into faster kernels in the background. The sound is the same."),
]
# app.py trusts these files while the command runs
Trust = Annotated[
    list[Path] | None,
    typer.Option(
        "--trust", metavar="FILE", help="Let the patch run this TorchScript model; repeatable. See `nodegraph trust`."
    ),
]
Outside = Annotated[bool, typer.Option("--allow-outside", help="Allow the patch to use files outside its folder.")]
