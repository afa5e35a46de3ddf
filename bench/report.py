"""The result table of the benchmark, on the screen and in files."""

from __future__ import annotations

import datetime
import json
import platform
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from . import phase
from . import workloads as w
from .measure import Result
from .peers.base import ROOT

OURS, ROWS = "nodegraph", "rows"
RESULTS = ROOT / "bench" / "results"
Results = dict[str, dict[str, Result]]  # by workload, by peer


def verdict(workload: w.Workload, results: Results) -> tuple[str, str, str]:
    """Return the ratios of nodegraph to the peers of the goals, the goals, and "ok" or "short"."""
    goals = ", ".join(f"{goal:g} × {peer}" for peer, goal in workload.goals.items())
    ours = results[workload.name].get(OURS, Result())
    speeds = _speeds_of(workload, results)
    others = [speed for peer, speed in speeds.items() if peer not in (OURS, ROWS)]
    speeds[w.BEST] = max(others, default=0.0)
    if not ours.speeds or not all(speeds.get(peer) for peer in workload.goals):
        return "–", goals, "–"
    ratios = {peer: median(ours.speeds) / speeds[peer] for peer in workload.goals}
    reached = all(ratio >= workload.goals[peer] for peer, ratio in ratios.items())
    return ", ".join(f"{ratio:.3g}" for ratio in ratios.values()), goals, "ok" if reached else "short"


def _speeds_of(workload: w.Workload, results: Results) -> dict[str, float]:
    """Return the median speeds by peer. A peer without lanes is compared by its 200 nodes."""
    rows = [workload.name] + (["W1a"] if workload.name == "W1b" else [])
    speeds: dict[str, float] = {}
    for row in rows:
        for peer, result in results.get(row, {}).items():
            if result.speeds:
                speeds.setdefault(peer, median(result.speeds))
    return speeds


def rows(results: Results, peers: list[str]) -> list[list[str]]:
    lines = []
    for workload in w.ALL:
        if workload.name in results:
            cells = [_cell(results[workload.name].get(peer, Result())) for peer in peers]
            lines.append([f"{workload.name} {workload.title}", *cells, *verdict(workload, results)])
    return lines


def _cell(result: Result) -> str:
    if not result.speeds:
        return "–"
    return f"{_number(median(result.speeds))} ({_number(min(result.speeds))})"


def _number(x: float) -> str:
    return f"{x:.0f}" if x >= 10 else f"{x:.1f}"


def reasons(results: Results) -> list[str]:
    """Return the reasons for empty cells, without duplicates."""
    found: dict[str, list[str]] = {}
    for workload, by_peer in results.items():
        for peer, result in by_peer.items():
            if result.reason:
                found.setdefault(f"{peer}: {result.reason}", []).append(workload)
    return [f"{reason} ({', '.join(places)})" for reason, places in found.items()]


def show(results: Results, peers: list[str], notes: list[str], found: phase.ScoresBySetting | None = None) -> None:
    table = Table(title=TITLE, title_justify="left")
    for index, heading in enumerate(_headings(peers)):
        table.add_column(heading, justify="right" if index else "left", no_wrap=index > 0)
    for line in rows(results, peers):
        table.add_row(*line)
    # The table must not wrap, even in a log file.
    console = Console(soft_wrap=True, highlight=False)
    console.width = max(console.width, 60 + 16 * len(_headings(peers)))
    if results:
        console.print(table)
    for note in [*reasons(results), *notes]:
        console.print(f"  {note}")
    if found:
        console.print(phase.table(found))


def save(results: Results, peers: list[str], notes: list[str], found: phase.ScoresBySetting | None = None) -> Path:
    """Write JSON and Markdown; return the Markdown file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.datetime.now().replace(microsecond=0)
    path = RESULTS / f"{now:%Y-%m-%d-%H%M%S}.md"
    machine = {"processor": _processor(), "system": platform.platform(), "python": platform.python_version()}
    numbers = {
        workload: {peer: {"speeds": r.speeds, "reason": r.reason} for peer, r in by_peer.items()}
        for workload, by_peer in results.items()
    }
    document = {"date": now.isoformat(), "machine": machine, "x_real_time": numbers}
    if found:
        document["phase"] = {
            setting: {name: vars(figures) for name, figures in by.items()} for setting, by in found.items()
        }
    path.with_suffix(".json").write_text(json.dumps(document, indent=2) + "\n")
    headings = _headings(peers)
    lines = [f"# {TITLE}", "", f"{now.isoformat(' ')}, {machine['processor']}", ""]
    lines += [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(line)} |" for line in rows(results, peers)]
    lines += ["", *(f"- {line}" for line in [*reasons(results), *notes]), ""]
    lines += phase.markdown(found) if found else []
    path.write_text("\n".join(lines))
    return path


TITLE = f"Speed relative to real time, median (minimum): one core, {w.RATE} Hz, blocks of {w.BLOCK}"


def _headings(peers: list[str]) -> list[str]:
    return ["workload", *peers, "ratio", "goal", ""]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
