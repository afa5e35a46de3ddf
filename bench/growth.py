"""``python -m bench.growth``: cost over the size of a patch, and of an edit, as a table and docs/growth.png.

Offline: processor time of a quantum for chains of nodes, which cannot be packed into lanes, and for lanes of one voice,
as rows and fused. Live, without a device: the time from a wiring edit to the output, of a plan that ran as rows and of
one that ran fused. The status is 1 if the time per node grows by more than a fifth from 100 to 5,000 nodes, or if an
edit with 100 nodes needs more than 20 ms of processor time.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from nodegraph import Patch
from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from nodegraph.fusion.plan_fusion import PlanFusion
from nodegraph.learn.reproduce.chart import Chart, ChartLine, charts_png
from nodegraph.patch import Document
from nodegraph.quantum import QUANTUM

NODES = (10, 100, 1000, 5000)
LANES = (1, 8, 64, 512)
EDITED = (100, 500, 1000, 2000)  # nodes
TIERS = ("rows", "fused")
LIMITS = {"NODEGRAPH_MAX_NODES": "20000"}
MIN_SECONDS, REPEATS = 0.02, 15  # of one measurement; the median of some is taken
EDITS = 15
MAX_GROWTH = 1.2
EDIT_LIMIT = 20.0  # ms, with 100 nodes
FUSE_SECONDS = 120.0
PICTURE = Path(__file__).parents[1] / "docs" / "growth.png"


def chain(nodes: int) -> Document:
    """Return a saw through a chain of amplifiers, filters and sums: ``nodes`` nodes with the output."""
    patch = Patch()
    patch.add("audio_out", id="out")
    last = f"{patch.add('saw', amplitude=0.1)}.out"
    for k in range(nodes - 2):
        type, port = (("vca", "audio"), ("one_pole", "audio"), ("add", "a"))[k % 3]
        id = patch.add(type)
        if type == "one_pole":
            patch.set(f"{id}.cutoff", 9000.0)
        patch.connect(last, f"{id}.{port}")
        last = f"{id}.out"
    patch.connect(last, "out.audio")
    return patch.document


def voice(lanes: int) -> Document:
    """Return one voice of some lanes: oscillator, filter, amplifier, sum."""
    patch = Patch()
    patch.add("saw", id="saw", frequency=[110.0 + k for k in range(lanes)], amplitude=0.1 / lanes)
    patch.add("ladder", id="filter")
    patch.add("vca", id="amplifier")
    patch.add("sum_lanes", id="sum")
    patch.add("audio_out", id="out")
    patch.connect("saw.out", "filter.audio")
    patch.connect("filter.out", "amplifier.audio")
    patch.connect("amplifier.out", "sum.audio")
    patch.connect("sum.out", "out.audio")
    return patch.document


def quantum_times(document: Document) -> list[float]:
    """Return the microseconds of a quantum as rows and fused. The tiers are measured by turns."""
    engines = [Offline(document), Offline(document)]
    plan = engines[1].plan
    assert plan is not None  # an offline engine has one from the start
    PlanFusion(plan).start()
    lengths = []
    for engine in engines:
        engine.run_samples(40 * QUANTUM)
        began = time.process_time()
        engine.run_samples(20 * QUANTUM)
        lengths.append(max(20, math.ceil(20 * MIN_SECONDS / max(time.process_time() - began, 1e-5))))
    times: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        for engine, length, found in zip(engines, lengths, times, strict=True):
            began = time.process_time()
            engine.run_samples(length * QUANTUM)
            found.append(1e6 * (time.process_time() - began) / length)
    return [median(found) for found in times]


@dataclass
class EditCost:
    """Milliseconds from each edit to the output, those of the processor, and the seconds until the plan was fused."""

    times: list[float] = field(default_factory=list)
    computing: list[float] = field(default_factory=list)
    fused_again: list[float] = field(default_factory=list)


def edit_cost(document: Document, is_fused: bool) -> EditCost:
    """Return the cost of some wiring edits. With ``is_fused`` the plan runs fused before each of them."""
    patch = Patch(document)
    live = Live(patch.document, null=True)
    live.follow(patch)
    service = live.fuse(0.05) if is_fused else None
    wire = next(wire for wire in patch.document.wires if wire.target == "out")
    found = EditCost()
    with live:
        for k in range(EDITS + 1):
            began = time.perf_counter()
            while service is not None and service.tier == TIERS[0]:
                time.sleep(0.01)
                if time.perf_counter() - began > FUSE_SECONDS:
                    raise RuntimeError(f"not fused in {FUSE_SECONDS:g} s: {service.problem}")
            found.fused_again.append(time.perf_counter() - began)
            time.sleep(0.1)
            began, busy = time.perf_counter(), time.thread_time()
            if k % 2 == 0:
                patch.disconnect(wire.source_ref, wire.target_ref)
            else:
                patch.connect(wire.source_ref, wire.target_ref)
            found.computing.append(1000.0 * (time.thread_time() - busy))
            while live.pending:
                time.sleep(0.0005)
            found.times.append(1000.0 * (time.perf_counter() - began))
    return EditCost(found.times[1:], found.computing[1:], found.fused_again[1:])  # the first edit warms up


def grown(sizes: tuple[int, ...], build: Callable[[int], Document]) -> dict[int, list[float]]:
    return {size: quantum_times(build(size)) for size in sizes}


def main() -> int:
    os.environ |= LIMITS
    nodes, lanes = grown(NODES, chain), grown(LANES, voice)
    edited = {size: [edit_cost(chain(size), is_fused) for is_fused in (False, True)] for size in EDITED}
    show("µs per quantum of a chain", "nodes", nodes)
    show("µs per quantum of a voice", "lanes", lanes)
    table = Table(title="From a wiring edit to the output, ms", title_justify="left")
    columns = [f"{tier}: {name}" for tier in TIERS for name in ("median", "95 %", "CPU")]
    for name in ("nodes", *columns, "fused again"):
        table.add_column(name, justify="right")
    for size, costs in edited.items():
        figures = []
        for cost in costs:
            figures += [median(cost.times), percentile_95(cost.times), median(cost.computing)]
        figures.append(1000.0 * median(costs[1].fused_again))
        table.add_row(str(size), *(f"{value:.1f}" for value in figures))
    Console().print(table)
    PICTURE.write_bytes(picture(nodes, lanes, edited))
    growth = [nodes[5000][k] / 5000 / (nodes[100][k] / 100) for k in range(len(TIERS))]
    latency, computing = median(edited[100][0].times), median(edited[100][0].computing)
    print(f"time per node, 5,000 nodes / 100 nodes: rows {growth[0]:.2f}, fused {growth[1]:.2f}; limit {MAX_GROWTH:g}")
    print(f"edit with 100 nodes: {latency:.1f} ms, {computing:.1f} ms of the processor; limit {EDIT_LIMIT:g} ms")
    return 0 if max(growth) <= MAX_GROWTH and computing <= EDIT_LIMIT else 1


def show(title: str, name: str, found: dict[int, list[float]]) -> None:
    table = Table(title=title, title_justify="left")
    for column in (name, *TIERS, *(f"{tier}, ns per {name[:-1]} and sample" for tier in TIERS)):
        table.add_column(column, justify="right")
    for size, times in found.items():
        each = (f"{1000.0 * value / size / QUANTUM:.3f}" for value in times)
        table.add_row(str(size), *(f"{value:.2f}" for value in times), *each)
    Console().print(table)


def percentile_95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def picture(nodes: dict[int, list[float]], lanes: dict[int, list[float]], edited: dict[int, list[EditCost]]) -> bytes:
    """Return the charts as a PNG."""
    charts = []
    for name, found in (("node", nodes), ("lane", lanes)):
        lines = [
            ChartLine(tier, [(math.log10(size), 1000.0 * times[k] / size / QUANTUM) for size, times in found.items()])
            for k, tier in enumerate(TIERS)
        ]
        charts.append(Chart(f"ns per {name} and sample", lines, f"log10 of the {name}s"))
    lines = [
        ChartLine(tier, [(float(size), median(costs[k].computing)) for size, costs in edited.items()])
        for k, tier in enumerate(TIERS)
    ]
    charts.append(Chart("ms of the processor for an edit", lines, "nodes"))
    return charts_png(charts, "Cost of patches over their size; edits of plans that ran as rows, or fused. make growth")


if __name__ == "__main__":
    raise SystemExit(main())
