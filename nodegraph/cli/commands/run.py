"""``nodegraph run``: a patch live, and at the end the accounts."""

from __future__ import annotations

import dataclasses
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CommandError
from ..kernels import kernels_of_engine, kernels_of_graph, make_ready
from ..options import Json, Outside, PatchFile, Rate, Seconds, Seed, Sets
from ..patches import open_patch, typed, warn_of_placeholders
from ..quiet import quiet_libraries
from ..stopping import stop_signals
from ..text import columns, decibels, duration, note, print_json, say, warn
from .render import helper_problems, recordings

if TYPE_CHECKING:
    from nodegraph.engine.live import Live, Report

TICK = 0.05  # s between two looks at Ctrl-C
STATUS_EVERY = 0.25  # s
LISTED = 20  # nodes that took the most time


def run(
    patch: PatchFile,
    device: Annotated[
        str | None,
        typer.Option(
            "--device", "-d", metavar="D", help="Number or part of the name, see `nodegraph devices`."
        ),
    ] = None,
    seconds: Seconds = None,
    blocksize: Annotated[
        int,
        typer.Option(
            "--blocksize",
            "-b",
            metavar="N",
            min=16,
            max=8192,
            help="Samples a callback, asked of the device.",
        ),
    ] = 256,
    null: Annotated[bool, typer.Option("--null", help="Play to no device, at the same pace.")] = False,
    rate: Rate = None,
    no_limiter: Annotated[bool, typer.Option("--no-limiter", help="Switch the safety limiter off.")] = False,
    set: Sets = None,
    seed: Seed = None,
    allow_outside: Outside = False,
    json: Json = False,
) -> int:
    """Play a patch live, until Ctrl-C.

    At the end it reports how the audio thread fared: callbacks, xruns, load, time of each node.
    """
    opened = open_patch(patch, set, seed)
    wanted = rate or opened.document.settings.rate
    graph = typed(opened, float(wanted or 44100.0), allow_outside)
    silent = warn_of_placeholders(graph)
    make_ready([*kernels_of_engine(live=True), *kernels_of_graph(graph)])

    from nodegraph.engine.live import Live

    with quiet_libraries():
        live = Live(
            opened.document,
            opened.path,
            _device(device),
            rate=wanted,
            blocksize=blocksize,
            null=null,
            limiter=not no_limiter,
            allow_outside=allow_outside,
        )
    helpers = dict(live.plan.hosts) if live.plan else {}
    end = f"for {duration(seconds)}" if seconds else "until Ctrl-C"
    where = "no device" if null else f"'{live.device_name}'"
    report = play(live, seconds, "" if json else f"playing {patch} on {where}, {live.rate:g} Hz, {end}")
    lines = [*helper_problems(helpers), *([live.problem] if live.problem else [])]
    if json:
        data = dataclasses.asdict(report)
        print_json(
            {
                "patch": str(patch),
                **data,
                "silent": silent,
                "recordings": recordings(helpers),
                "problems": lines,
            }
        )
    else:
        _tell(report, recordings(helpers))
    for line in lines:
        note(f"error: {line}")
    return 1 if lines else 0


def play(live: Live, seconds: float | None, announcement: str = "") -> Report:
    """Play until the time is over, somebody wants an end, or the device is gone; files are closed then.

    With an ``announcement`` it says that, and on a terminal how it goes.
    """
    status = bool(announcement) and sys.stderr.isatty()
    with stop_signals() as stop:
        try:
            with quiet_libraries():
                live.start()
        except BaseException:
            live.close()
            raise
        end = time.monotonic() + seconds if seconds else float("inf")
        due = 0.0
        try:
            if announcement:
                note(announcement)
            while live.playing and not stop.asked and time.monotonic() < end:
                time.sleep(max(min(TICK, end - time.monotonic()), 0.0))
                if status and time.monotonic() >= due:
                    due = time.monotonic() + STATUS_EVERY
                    sys.stderr.write(f"\r\x1b[K{_status(live.report())}")
                    sys.stderr.flush()
        finally:
            with quiet_libraries():
                report = live.stop()
            if status:
                sys.stderr.write("\r\x1b[K")
    return report


def _device(text: str | None) -> int | str | None:
    """A number means the device of that number, anything else a part of a name."""
    if text is not None and not text.strip():
        raise CommandError("--device is empty. Give a number or a name, see `nodegraph devices`.")
    return int(text) if text is not None and text.isdecimal() else text


def _status(report: Report) -> str:
    load = f"load {report.load_p50:.0%} (max {report.load_max:.0%})"
    muted = f"  muted: {', '.join(report.faults)}" if report.faults else ""
    return f"{report.seconds:.1f} s  {load}  peak {decibels(report.peak)}  xruns {report.xruns}{muted}"


def _tell(report: Report, files: list[str]) -> None:
    served = report.callbacks / report.expected if report.expected else 1.0
    rows: list[tuple[str, Any]] = [
        ("played", f"{duration(report.seconds)} on '{report.device}'"),
        ("stream", f"{report.rate:g} Hz, blocks of {report.blocksize}"),
        ("callbacks", f"{report.callbacks} of {report.expected} expected ({min(served, 1.0):.2%})"),
        ("xruns", f"{report.xruns}, and {report.late} callbacks that took longer than their block"),
        ("load", f"p50 {report.load_p50:.1%}  p99 {report.load_p99:.1%}  max {report.load_max:.1%}"),
        (
            "peak",
            decibels(report.peak) + (f", limited in {report.limited} samples" if report.limited else ""),
        ),
        ("latency", f"{report.latency_samples} samples"),
    ]
    rows += [("recorded", path) for path in files]
    columns(rows)
    times = sorted(report.node_times.items(), key=lambda item: -item[1])
    if times:
        say("\nµs per quantum of 64 samples")
        columns([(f"{time:8.3f}", node) for node, time in times[:LISTED]])
        if len(times) > LISTED:
            say(f"  … and {len(times) - LISTED} that took less; --json has all")
    for node in dict.fromkeys(report.faults):
        warn(f"{node} gave NaN or Inf and was muted")
