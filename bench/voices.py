"""``python -m bench.voices``: load of a synthesizer that is played live by MIDI.

The FM synthesizer of W2 with all voices sounding, changing notes, pitch bend and modulation wheel, in device blocks of
256 samples on the null device. The load is the fraction of the duration of a block.
"""

from __future__ import annotations

import random
import time
from math import pi

from rich.console import Console
from rich.table import Table

from nodegraph import Patch

from . import workloads as w

BLOCKSIZE = 256
SECONDS = 6.0
CHANGES = 40  # note changes per second
WHEELS = 100  # messages per second and wheel
GOALS = {32: 0.15, 64: 0.35}  # maximum load of one core, by voices


def synth(voices: int) -> Patch:
    """Return the synthesizer of W2 played by MIDI: four oscillators with FM, envelope, filter, gate, velocity."""
    p = Patch()
    p.add("audio_out", id="out")
    p.add("midi_in", id="keys")
    p.add("notes", id="notes", voices=voices, tail=w.RELEASE)
    p.connect("keys.out", "notes.events")
    p.add("vca", id="voice")
    for k, shape in enumerate(w.SHAPES):
        p.add("multiply", id=f"ratio_{shape}", b=float(w.FREQUENCIES[k, 0] / w.FREQUENCIES[0, 0]))
        p.add(
            "sine",
            id=f"fm_{shape}",
            frequency=float(w.FM_FREQUENCIES[k, 0]),
            amplitude=float(w.FM_DEPTHS[k, 0] / (2 * pi)),
        )
        settings = {} if shape == "sine" else {"quality": "naive"}
        p.add(shape, id=shape, amplitude=0.25 / voices, **settings)
        p.connect("notes.frequency", f"ratio_{shape}.a")
        p.connect(f"ratio_{shape}.out", f"{shape}.frequency")
        p.connect(f"fm_{shape}.out", f"{shape}.pm")
        p.connect(f"{shape}.out", "voice.audio")
    p.add("adsr", id="envelope", attack=w.ATTACK, decay=w.DECAY, sustain=w.SUSTAIN, release=w.RELEASE, shape="linear")
    p.connect("notes.gate", "envelope.gate")
    p.connect("envelope.out", "voice.gain")
    p.add("control_change", id="wheel")
    p.add("map_range", id="cutoff", from_low=0.0, from_high=1.0, to_low=500.0, to_high=3600.0)
    p.connect("keys.out", "wheel.events")
    p.connect("wheel.out", "cutoff.value")
    p.add("biquad", id="filter", mode="low", resonance=w.Q)
    p.connect("voice.out", "filter.audio")
    p.connect("cutoff.out", "filter.cutoff")
    p.add("gater", id="gater", frequency=float(w.GATE_FREQUENCIES[0]))
    p.connect("filter.out", "gater.audio")
    for id, source, gain in (("touch", "gater.out", "notes.velocity"), ("take", "touch.out", "notes.level")):
        p.add("vca", id=id)
        p.connect(source, f"{id}.audio")
        p.connect(gain, f"{id}.gain")
    p.add("sum_lanes", id="mix")
    p.connect("take.out", "mix.audio")
    p.connect("mix.out", "out.audio")
    return p


def events_of(voices: int, seconds: float, rate: float) -> list[tuple[int, bytes]]:
    """Return (sample, message): one note per voice, then note changes and wheel messages."""
    rng = random.Random(1)
    keys = [30 + k for k in range(voices)]
    messages = [(0, bytes((0x90, key, 100))) for key in keys]
    for k in range(round(seconds * CHANGES)):
        at, slot = round(k / CHANGES * rate), rng.randrange(voices)
        messages.append((at, bytes((0x80, keys[slot], 64))))
        keys[slot] = rng.choice([key for key in range(20, 110) if key not in keys])
        messages.append((at, bytes((0x90, keys[slot], rng.randrange(1, 128)))))
    for k in range(round(seconds * WHEELS)):
        at = round(k / WHEELS * rate)
        messages.append((at, bytes((0xE0, 0, rng.randrange(128)))))
        messages.append((at, bytes((0xB0, 1, rng.randrange(128)))))
    return messages


def measure(voices: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the load."""
    from nodegraph.engine.live import Live

    live = Live(synth(voices).document, rate=w.RATE, blocksize=BLOCKSIZE, null=True)
    for at, message in events_of(voices, SECONDS, live.rate):
        live.send(message, at)
    live.start()
    time.sleep(SECONDS)
    report = live.stop()
    return report.load_p50, report.load_p99


def main() -> int:
    table = Table(title=f"The FM synthesizer live, blocks of {BLOCKSIZE}, one core", title_justify="left")
    for heading in ("voices", "median", "99th percentile", "goal", ""):
        table.add_column(heading, justify="right")
    short = 0
    for voices, goal in GOALS.items():
        median, high = measure(voices)
        short += median >= goal
        verdict = "ok" if median < goal else "short"
        table.add_row(str(voices), f"{median:.1%}", f"{high:.1%}", f"under {goal:.0%}", verdict)
    Console().print(table)
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
