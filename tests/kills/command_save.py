"""Saving of a patch by ``nodegraph estimate``: the file is the last saved patch or the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from nodegraph import patch as patches
from nodegraph.cli import main
from nodegraph.patch import SetControl, read_patch, write_patch
from tests.kills.runner import check_leftovers, silently
from tests.rendering import patch_of

RATE = 44100
WRITES, WRITE_SPAN = "writing", 0.02


def prepare(folder: Path) -> None:
    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log"))
    for k in range(2):
        write_patch(replace(patch.document, title=str(k)), folder / f"source-{k}.json")
    soundfile.write(folder / "target.wav", 0.5 * np.sin(0.05 * np.arange(RATE)), RATE)
    save(folder, 0)


def save(folder: Path, k: int) -> None:
    """Save a patch with the title ``k``."""
    files = [str(folder / name) for name in ("target.wav", f"source-{k}.json", "found.json")]
    assert silently(lambda: main(["estimate", *files[:2], "-o", files[2], "--evaluations", "1"])) == 0


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    k = int(read_patch(folder / "found.json").title)
    write = patches.write_patch

    def announced(*arguments: Any) -> None:
        report(WRITES)
        write(*arguments)

    patches.write_patch = announced  # the command imports it when it runs
    while True:
        k = 1 - k
        save(folder, k)
        report(str(k))


def check(folder: Path, number: int, reports: list[str]) -> str:
    document = read_patch(folder / "found.json")
    assert 100.0 <= float(document.nodes["osc"].params["frequency"]) <= 1600.0
    saved = [text for text in reports if text != WRITES]
    age = "new" if saved and document.title != saved[-1] else "old"
    return f"{age} patch, {check_leftovers(folder)}"
