"""``python -m bench.two_cores``: speed of single patches on one core and on two, as rows and fused.

The machine comes first: two processes that render at the same time, and so share nothing, show what a second core of
this machine can give. Then the cost of passing a quantum from one core to the other. A time is that of the fastest of
many short runs: other programs only make runs slower.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.table import Table

import nodegraph
from nodegraph import Patch
from nodegraph.engine import second_core
from nodegraph.engine.offline import Offline
from nodegraph.plan.division import Cut, Division
from nodegraph.quantum import QUANTUM

from .growth import chain
from .render_nodegraph import feedback_fm, stft, synth
from .voices import synth as played_synth

RUNS = 600
SECONDS = 0.002  # of a run on one core
ALONE_SECONDS = 10.0  # for which two processes render at the same time
FUSE_SECONDS = 120.0
DEMO = Path(__file__).parents[1] / "patches" / "demo.json"
CHAIN = 500  # nodes of each chain


def two_chains() -> Patch:
    """Return two independent chains, which meet at the output."""
    patch = Patch(chain(CHAIN))
    other = chain(CHAIN)
    names = {id: f"other_{id}" for id in other.nodes if id != "out"}
    for id, name in names.items():
        patch.add(other.nodes[id].type, id=name, **dict(other.nodes[id].params))
    for wire in other.wires:
        patch.connect(f"{names[wire.source]}.{wire.source_port}", f"{names.get(wire.target, 'out')}.{wire.target_port}")
    return patch


WORKS: dict[str, Callable[[], Patch]] = {
    "demo": lambda: nodegraph.load(DEMO),
    f"two chains of {CHAIN}": two_chains,
    f"one chain of {2 * CHAIN}": lambda: Patch(chain(2 * CHAIN)),
    "FM, 32 lanes": synth,
    "FM, 64 voices, MIDI": lambda: played_synth(64),
    "32 operators": feedback_fm,
    "STFT": stft,
}


def engine_of(patch: Patch, cores: int, is_fused: bool) -> Offline:
    """Return an engine in its last tier, which has measured its plan."""
    engine = Offline(patch.document, cores=cores)
    if is_fused:
        service = engine.fuse(0.0)
        engine.service()
        if not service.wait(FUSE_SECONDS):
            raise SystemExit(f"not fused: {service.problem}")
    engine.run_samples(2 * second_core.WINDOW * second_core.WINDOWS * QUANTUM)
    return engine


def quantum_time(engine: Offline, quanta: int) -> float:
    """Return the microseconds of a quantum."""
    began = time.perf_counter()
    engine.run_samples(quanta * QUANTUM)
    return 1e6 * (time.perf_counter() - began) / quanta


def fastest(engine: Offline, quanta: int) -> float:
    """Return the microseconds of a quantum in the fastest of many runs."""
    return min(quantum_time(engine, quanta) for _ in range(RUNS))


def machine_gain() -> float:
    """Return how many times as much two processes render together as one alone."""
    argv = [sys.executable, "-m", "bench.two_cores", "--alone"]

    def speed(processes: int) -> float:
        running = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        return sum(1.0 / float(process.communicate()[0]) for process in running)

    return speed(2) / speed(1)


def render_alone() -> None:
    """Render for some seconds in this process, and print the microseconds of a quantum."""
    engine = engine_of(Patch(chain(2 * CHAIN)), 1, False)
    times, end = [], time.monotonic() + ALONE_SECONDS
    while time.monotonic() < end:
        times.append(quantum_time(engine, QUANTUM))
    print(min(times))


def passing_time() -> float:
    """Return the ns of a quantum of a patch that is too small to be divided, divided."""
    patch = Patch()
    for id, type in (("tone", "add"), ("gain", "add"), ("out", "audio_out")):
        patch.add(type, id=id)
    patch.connect("tone.out", "gain.a")
    patch.connect("gain.out", "out.audio")
    with mock.patch.object(Division, "best_cut", return_value=Cut(1, 1.0, 0.0)):
        return 1000.0 * fastest(engine_of(patch, 2, False), 20_000)


def main() -> int:
    if "--alone" in sys.argv:
        render_alone()
        return 0
    second_core.TRIAL = math.inf  # a divided plan stays divided, even if the machine is busy
    gain = machine_gain()
    print(f"two processes at once render {gain:.2f} times as much as one")
    print(f"a quantum of two sums on two cores takes {passing_time():.0f} ns")
    table = Table(title="µs of a quantum", title_justify="left")
    for name in ("patch", "tier", "one core", "two cores", "gain", "of possible"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, make in WORKS.items():
        for tier in ("rows", "fused"):
            engines = [engine_of(make(), cores, tier == "fused") for cores in (1, 2)]
            quanta = round(SECONDS * 1e6 / min(quantum_time(engines[0], QUANTUM) for _ in range(20)))
            one, two = (fastest(engine, quanta) for engine in engines)
            used = engines[1].second_core is not None and engines[1].second_core.is_used
            figures = (f"{one / two:.2f}", f"{one / two / gain:.0%}") if used else ("not divided", "")
            table.add_row(name, tier, f"{one:.2f}", f"{two:.2f}", *figures)
            for engine in engines:
                engine.close()
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
