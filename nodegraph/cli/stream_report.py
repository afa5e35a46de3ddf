"""The report of a live stream, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .output import columns, format_decibels, format_duration, print_line, print_warning

if TYPE_CHECKING:
    from nodegraph.engine.live import StreamReport

MAX_LISTED_NODES = 20  # the nodes with the highest load


def status_line(report: StreamReport) -> str:
    """Return the current state of a stream in one line."""
    load = f"load {report.load_p50:.0%} (max {report.load_max:.0%})"
    count = sum(report.late_answers.values())
    late = f"  late model answers {count}" if count else ""
    muted = f"  muted: {', '.join(report.faults)}" if report.faults else ""
    fused = "  fused" if report.tier.startswith("fused") else ""
    return (
        f"{report.seconds:.1f} s  {load}  peak {format_decibels(report.peak)}  xruns {report.xruns}{fused}{late}{muted}"
    )


def print_report(report: StreamReport, files: list[str]) -> None:
    """Print callbacks, load and time of each node after playing, and the recorded ``files``."""
    fraction = report.callbacks / report.expected if report.expected else 1.0
    rows: list[tuple[str, Any]] = [
        ("played", f"{format_duration(report.seconds)} on '{report.device}'"),
        ("stream", f"{report.rate:g} Hz, blocks of {report.blocksize}"),
        ("callbacks", f"{report.callbacks} of {report.expected} expected ({min(fraction, 1.0):.2%})"),
        ("xruns", f"{report.xruns}, and {report.late} callbacks longer than their block"),
        ("load", f"p50 {report.load_p50:.1%}  p99 {report.load_p99:.1%}  max {report.load_max:.1%}"),
        ("peak", format_decibels(report.peak) + (f", limited in {report.limited} samples" if report.limited else "")),
        ("latency", f"{report.latency_samples} samples"),
        ("kernels", report.tier),
    ]
    rows += [("late", f"{count} answers of the model of {node}") for node, count in report.late_answers.items()]
    rows += [("recorded", path) for path in files]
    columns(rows)
    times = sorted(report.node_times.items(), key=lambda item: -item[1])
    if times:
        print_line("\nµs per quantum of 64 samples")
        columns([(f"{time:8.3f}", node) for node, time in times[:MAX_LISTED_NODES]])
        if len(times) > MAX_LISTED_NODES:
            print_line(f"  … and {len(times) - MAX_LISTED_NODES} faster nodes; --json lists all")
    for node in dict.fromkeys(report.faults):
        print_warning(f"{node} output NaN or Inf and was muted")
