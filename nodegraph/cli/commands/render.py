"""``nodegraph render``: render patches to sound files, offline."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from nodegraph.files.depths import AUTO

from ..errors import INTERRUPTED, CommandError
from ..many_renders import RenderJob, render_jobs, running
from ..options import Depth, Json, NoFuse, Outside, Rate, Seconds, Seed, Sets, Trust, cores
from ..output import format_duration, plural, print_json, print_line, print_note, print_warning
from ..output_files import make_folder
from ..shutdown import catch_stop_signals
from ..single_render import render_patch
from ..sound_writer import describe_file


def render(
    patches: Annotated[
        list[Path],
        typer.Argument(metavar="PATCH…", show_default=False, help="Patch files (.json) or their folders."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.wav",
            show_default=False,
            help="Sound file: .wav, .flac, .ogg …; of several renders, their folder.",
        ),
    ],
    seconds: Seconds = None,
    rate: Rate = None,
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NODE=FILE",
            help="Sound file for an audio_in; repeatable.",
        ),
    ] = None,
    midi: Annotated[
        Path | None,
        typer.Option(
            "--midi", "-m", metavar="FILE.mid", help="MIDI file for the midi_in blocks, with sample-accurate timing."
        ),
    ] = None,
    midi_out: Annotated[
        Path | None,
        typer.Option(
            "--midi-out", metavar="FILE.mid", help="Write the messages of the midi_out blocks to a MIDI file."
        ),
    ] = None,
    set: Sets = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            metavar="NODE.PORT=A:B:N",
            help="Render with each of N values from A to B, with :log at equal ratios; repeatable: all combinations.",
        ),
    ] = None,
    seed: Seed = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="A:B", help="Render with each of the seeds A to B - 1.")
    ] = "",
    format: Annotated[
        str, typer.Option("--format", metavar="SUFFIX", help="Format of the files of several renders.")
    ] = "wav",
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", metavar="N", min=0, help="Renders at the same time. Default: one per core."),
    ] = 0,
    used_cores: Annotated[
        int,
        typer.Option(
            "--cores",
            metavar="N",
            min=1,
            max=2,
            help="Cores for one patch: 2 divides a large patch if that pays, with the same sound. Default: 1.",
        ),
    ] = 1,
    scheduler: Annotated[
        str,
        typer.Option("--scheduler", metavar="ADDRESS", help="Render on a running Dask cluster: tcp://HOST:8786."),
    ] = "",
    allow_outside: Outside = False,
    trust: Trust = None,
    depth: Depth = AUTO,
    no_fuse: NoFuse = False,
    json: Json = False,
) -> int:
    """Render a patch to a sound file, or many on all cores.

    The default duration is that of the longest --input, or of the --midi file and its tail until silence, else 10 s.
    Ctrl-C stops early and keeps the part that is rendered.
    """
    options: dict[str, Any] = dict(seconds=seconds, rate=rate, input=input, midi=midi, set=set, seed=seed)
    options |= dict(allow_outside=allow_outside, depth=depth, no_fuse=no_fuse)
    is_one = len(patches) == 1 and not patches[0].is_dir() and not sweep and not seeds and not scheduler
    if is_one:
        return render_patch(patches[0], output, midi_out=midi_out, cores=used_cores, json=json, **options)
    from nodegraph.files.sound_format import format_of

    if midi_out:
        raise CommandError("--midi-out is for a single render.")
    if used_cores > 1:
        raise CommandError("--cores is for a single render. Several renders use all cores: see --jobs.")
    if not format.strip(".").isalnum():
        raise CommandError(f"--format must be the suffix of a sound file, such as wav or flac, got '{format}'.")
    if output.suffix and not output.is_dir():
        raise CommandError(f"{output}: several renders need a folder. Name one, and the format: -o DIR --format flac")
    format_of(Path(f"{patches[0].stem}.{format.lstrip('.')}"), depth)
    make_folder(output)
    work = render_jobs(patches, output, format, sweep or [], seeds, options | {"trust": trust})
    return _render_many(work, jobs, scheduler, json)


def _render_many(work: list[RenderJob], jobs: int, scheduler: str, json: bool) -> int:
    """Render all jobs; print a line for each file, and for each render that failed."""
    results, failed, began = [], 0, time.perf_counter()
    with catch_stop_signals() as stop, running(work, jobs or cores(), scheduler) as outcomes:
        for outcome in outcomes:
            failed += bool(outcome.problems)
            results.append({"patch": str(outcome.job.patch), "file": str(outcome.job.output)} | outcome.result)
            results[-1]["problems"] = outcome.problems
            if outcome.result and not json:
                describe_file(outcome.result)
            if outcome.problems:
                print_note(f"error: {outcome.summary}")
            if stop.requested:
                break
    _warn_of_clipping(results)
    if json:
        print_json(results)
    else:
        seconds = sum(result.get("seconds", 0.0) for result in results)
        took = time.perf_counter() - began
        print_line(f"{plural(len(results) - failed, 'file')}, {format_duration(seconds)} in {format_duration(took)}")
    if stop.requested:
        return INTERRUPTED
    if failed:
        print_note(f"error: {failed} of {plural(len(work), 'render')} failed.")
    return 1 if failed else 0


def _warn_of_clipping(results: list[dict[str, Any]]) -> None:
    clipped = [result for result in results if result.get("clipping")]
    if clipped:
        loudest = max(clipped, key=lambda result: float(result["peak"]))
        others = f" And {plural(len(clipped) - 1, 'other file')} too." if len(clipped) > 1 else ""
        print_warning(f"{loudest['file']}: {loudest['clipping']}.{others}")
