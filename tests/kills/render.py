"""Renders of ``nodegraph render``: the sound file is the old one or the new one, and it is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from nodegraph.cli import main
from tests.kills.runner import check_leftovers, silently
from tests.rendering import patch_of

SECONDS, RATE = 20.0, 44100
FREQUENCIES = (300.0, 500.0)


def prepare(folder: Path) -> None:
    patch_of("osc.out out.audio", osc="sine", out="audio_out").save(folder / "patch.json")
    for k in range(len(FREQUENCIES)):
        render(folder, k, f"right-{k}.wav")
    render(folder, 0, "out.wav")


def render(folder: Path, k: int, name: str) -> None:
    options = ["--seconds", str(SECONDS), "--set", f"osc.frequency={FREQUENCIES[k]}"]
    arguments = ["render", str(folder / "patch.json"), "-o", str(folder / name), *options]
    assert silently(lambda: main(arguments)) == 0


def found_in(folder: Path) -> int:
    """Return which of the two renders the file contains."""
    sound, rate = soundfile.read(folder / "out.wav", dtype="float32")
    right = [soundfile.read(folder / f"right-{k}.wav", dtype="float32")[0] for k in range(len(FREQUENCIES))]
    found = [k for k in range(len(FREQUENCIES)) if np.array_equal(sound, right[k])]
    assert rate == RATE and len(sound) == SECONDS * RATE and len(found) == 1
    return found[0]


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    k = found_in(folder)
    while True:
        k = 1 - k
        render(folder, k, "out.wav")
        report(str(k))


def check(folder: Path, number: int, reports: list[str]) -> str:
    found = found_in(folder)
    age = "new" if reports and found != int(reports[-1]) else "old"
    return f"{age} sound, {check_leftovers(folder)}"
