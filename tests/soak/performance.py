"""A long performance on a JACK server: edits, MIDI and OSC, a recording and a flight log."""

from __future__ import annotations

import os
import random
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from pythonosc.osc_message_builder import OscMessageBuilder

import nodegraph
from nodegraph.api import Patch
from nodegraph.control.connections import Connections
from nodegraph.engine.live import Live
from nodegraph.recording.flight import FlightRecorder
from nodegraph.recording.keeping import Recording
from nodegraph.recording.replay import replay
from tests.recording.flight_helpers import with_voices
from tests.soak.empty_callback import EmptyCallback
from tests.system import JackServer

PATCHES = Path(__file__).parents[2] / "patches"
TICK = 0.05  # seconds between two MIDI and OSC messages
EDIT_PERIOD = 1.0  # seconds
WARM_UP = 0.25  # part of the time, at most a minute: then all kinds of edits were made
MAX_WARM_UP = 60.0  # seconds


@dataclass(frozen=True)
class Use:
    """What the process uses: memory in bytes, open files, threads."""

    memory: int
    files: int
    threads: int


@dataclass(frozen=True)
class Soak:
    """The figures of a performance: uses after the warm-up and at the end; callbacks in between."""

    seconds: float
    edits: int
    events: int
    warm: Use
    end: Use
    callbacks: int
    empty_callbacks: int
    expected: float
    xruns: int
    empty_xruns: int
    late: int
    load: float
    differing: int
    samples: int
    notes: list[str]

    @property
    def growth(self) -> float:
        """The growth of the memory after the warm-up, as a part of it."""
        return self.end.memory / self.warm.memory - 1.0


def largest_demo() -> Path:
    """Return the demo patch with the most nodes."""
    return max(PATCHES.glob("*.json"), key=lambda path: len(nodegraph.load(path).document.nodes))


def perform(server: JackServer, seconds: float, folder: Path, seed: int = 0) -> Soak:
    """Play for a time, edit once a second, and compare the recording with the replay of its flight log."""
    patch = with_voices(nodegraph.load(largest_demo()))
    log, chance = folder / "soak.flight", random.Random(seed)
    live = Live(patch.document, patch.path, device="system", observer=FlightRecorder(log))
    live.follow(patch)
    recording = Recording(live, folder / "soak.wav")
    connections = Connections(patch, live)
    connections.open_osc(0)
    assert connections.osc is not None
    target = (connections.osc.host, connections.osc.port)
    empty = EmptyCallback(server.env)
    edits = events = 0
    warm: Use | None = None
    with live, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        began = time.monotonic()
        warm_until = min(WARM_UP * seconds, MAX_WARM_UP)
        while (now := time.monotonic() - began) < seconds:
            if now >= edits * EDIT_PERIOD:
                edit(patch, edits, chance)
                edits += 1
            sender.sendto(osc_message(chance), target)
            connections.on_message("keyboard", midi_message(chance), time.perf_counter())
            events += 2
            connections.update()
            if warm is None and now >= warm_until:
                warm, first, first_empty, since = use(), live.report(), empty.counts(), time.monotonic()
            time.sleep(TICK)
        last, last_empty, elapsed = live.report(), empty.counts(), time.monotonic() - since
        end = use()
        connections.close()
        recording.close()
    empty.close()
    assert warm is not None
    differing, samples, notes = compare(log, folder / "soak.wav")
    return Soak(
        seconds=seconds,
        edits=edits,
        events=events,
        warm=warm,
        end=end,
        callbacks=last.callbacks - first.callbacks,
        empty_callbacks=last_empty[0] - first_empty[0],
        expected=elapsed * server.rate / server.period,
        xruns=last.xruns - first.xruns,
        empty_xruns=last_empty[1] - first_empty[1],
        late=last.late - first.late,
        load=last.load_p50,
        differing=differing,
        samples=samples,
        notes=[*notes, *([recording.problem] if recording.problem else [])],
    )


def edit(patch: Patch, number: int, chance: random.Random) -> None:
    """Apply edit ``number``: six of them add a filter, change it and remove it."""
    step = number % 6
    if step == 0:
        patch.add("one_pole", id="added")
    elif step == 1:
        patch.connect("bass.out", "added.audio")
    elif step == 2:
        patch.connect("added.out", "out.audio")
    elif step == 3:
        patch.set("added.cutoff", chance.uniform(100.0, 5000.0))
    elif step == 4:
        patch.undo()
    else:
        patch.remove("added")


def osc_message(chance: random.Random) -> bytes:
    """Return a message that sets the level of a part of the mix."""
    builder = OscMessageBuilder(f"/mix/gain_{chance.choice('bc')}")
    builder.add_arg(chance.uniform(0.2, 1.0))
    return bytes(builder.build().dgram)


def midi_message(chance: random.Random) -> bytes:
    """Return a note-on or note-off message."""
    return bytes([0x90, chance.randrange(48, 60), chance.choice([0, 60, 100])])


def use() -> Use:
    """Return what this process uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Use(pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))


def compare(log: Path, recorded: Path) -> tuple[int, int, list[str]]:
    """Return how many samples of a recording its replay has differently, how many it has, and notes of the replay."""
    differing = samples = 0
    with soundfile.SoundFile(recorded) as file:

        def on_block(block: np.ndarray) -> None:
            nonlocal differing, samples
            right = file.read(len(block), dtype="float32", always_2d=True)
            differing += int(np.count_nonzero((block[: len(right)] != right).any(axis=1)))
            samples += len(right)

        engine = replay(log, on_block)
        missing = file.frames - samples
    return differing + missing, samples, [str(note) for note in engine.notes or []]
