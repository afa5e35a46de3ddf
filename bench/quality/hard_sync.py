"""Hard sync: a saw reset by another."""

from __future__ import annotations

from tests.rendering import patch_of

from ..peers.synthdef import SynthDef
from . import peers
from .measure import RATE, Array, render, signal_to_alias

TITLE = "Hard sync of a saw (master and slave in Hz): signal to alias below 20 kHz in dB, A-weighted"
PAIRS = ((100.3, 130.0), (440.7, 1203.0), (1000.3, 2790.0))
HEADINGS = ["program", *(f"{master:g}, {slave:g}" for master, slave in PAIRS)]


def ours(master: float, slave: float) -> Array:
    patch = patch_of(
        "master.out slave.reset", "slave.out out.audio",
        master=("saw", {"frequency": master}), slave=("saw", {"frequency": slave}), out="audio_out",
    )  # fmt: skip
    return render(patch, 2.0)[:, 0]


def of_scsynth(master: float, slave: float) -> Array | None:
    d = SynthDef("sync")
    d.sink("Out", 0.0, d.ar("SyncSaw", master, slave))
    return peers.scsynth(d, 2.1)


def rows() -> list[list[str]]:
    found = []
    for name, program in {"nodegraph": ours, "scsynth SyncSaw": of_scsynth}.items():
        cells = [name]
        for master, slave in PAIRS:
            sound = program(master, slave)
            if sound is not None:
                cells.append(f"{signal_to_alias(sound[2048 : 2048 + round(RATE)], master, True):.1f}")
        if len(cells) > 1:
            found.append(cells)
    return found
