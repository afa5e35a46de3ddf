"""Options that several commands share, with what each accepts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

SLOWEST, FASTEST = 1000.0, 768_000.0  # Hz


def positive(value: float | None) -> float | None:
    """A finite number above 0."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"must be more than 0 and finite, got {value:g}")
    return value


def sample_rate(value: float | None) -> float | None:
    """A rate that sound has."""
    if value is not None and not SLOWEST <= value <= FASTEST:
        raise typer.BadParameter(f"must lie in {SLOWEST:.0f}–{FASTEST:.0f} Hz, got {value:g}")
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
PatchFile = Annotated[Path, typer.Argument(metavar="PATCH", show_default=False, help="A patch: a .json file.")]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", "-s", metavar="S", callback=positive, help="How long, in seconds."),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", callback=sample_rate, help="Sample rate; else the patch's, else 44100."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NODE.PORT=VALUE",
        help="Set an input or a setting (or CONTROL=VALUE); may be given several times.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Seed of all random blocks.")]
Outside = Annotated[
    bool, typer.Option("--allow-outside", help="Let the patch read and write files outside its own folder.")
]
