"""A performance for the flight recorder: random edits and notes while a patch plays. As a program

    python -m tests.recording.flight_helpers --seconds 60 --edits 200 --events 500

it replays the log and prints whether the samples are the same.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nodegraph.api import Patch
from nodegraph.engine.live import Live
from nodegraph.recording.flight import FlightRecorder
from nodegraph.recording.replay import replay
from tests.engine.storm import random_edits, sounding_patch


def log_random_performance(path: Path, seconds: float, edits: int, events: int, seed: int = 0):
    """Play a random patch with a flight log; return the output before the final fade, and the report."""
    patch = with_voices(sounding_patch(20, seed))
    live = Live(patch.document, null=True, capture=seconds + 2.0, observer=FlightRecorder(path))
    live.follow(patch)
    chance = random.Random(seed)
    moments = sorted(
        [(chance.uniform(0.0, seconds), "edit") for _ in range(edits)]
        + [(chance.uniform(0.0, seconds), "event") for _ in range(events)]
    )
    steps = random_edits(patch, edits, seed, 20)
    with live:
        began = time.monotonic()
        for moment, kind in moments:
            time.sleep(max(began + moment - time.monotonic(), 0.0))
            if kind == "edit":
                next(steps)
            else:
                note(live, chance)
        time.sleep(max(began + seconds - time.monotonic(), 0.0))
        output, report = live.captured(), live.report()
    return output, report


def with_voices(patch: Patch) -> Patch:
    """Add four voices that are played by MIDI to the patch and return it."""
    patch.add("midi_in", id="keys")
    patch.add("notes", id="voices", voices=4)
    patch.add("adsr", id="envelope")
    patch.add("square", id="wave", amplitude=0.2)
    patch.add("vca", id="amplifier")
    patch.add("sum_lanes", id="sum")
    for wire in (
        "keys.out voices.events", "voices.frequency wave.frequency", "voices.gate envelope.gate",
        "wave.out amplifier.audio", "envelope.out amplifier.gain", "amplifier.out sum.audio", "sum.out out.audio",
    ):  # fmt: skip
        patch.connect(*wire.split())
    return patch


def note(live: Live, chance: random.Random) -> None:
    """Send a note, a pitch bend or a parameter value at a random sample."""
    at, key = live.clock + chance.randrange(4000), chance.randrange(36, 84)
    kind = chance.randrange(4)
    if kind == 0:
        live.set_parameter("root", "frequency", chance.uniform(50.0, 2000.0), at)
    elif kind == 1:
        live.send(bytes([0xE0, 0, chance.randrange(128)]), at, "keyboard")
    else:
        live.send(bytes([0x90, key, chance.randrange(128)]), at, "keyboard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "storm.flight"
        output, report = log_random_performance(path, chosen.seconds, chosen.edits, chosen.events, chosen.seed)
        blocks: list[np.ndarray] = []
        engine = replay(path, lambda block: blocks.append(block.copy()))
        replayed = np.concatenate(blocks)[: len(output)]
        differing = int(np.count_nonzero((replayed != output).any(axis=1)))
        size = path.stat().st_size
    print(f"{len(output)} samples, peak {np.abs(output).max():.3f}, limited {report.limited}; differing: {differing}")
    print(f"log of {size / 1000:.0f} kB; notes: {engine.notes or 'none'}")


if __name__ == "__main__":
    main()
