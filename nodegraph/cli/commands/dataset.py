"""``nodegraph dataset``: random settings of a patch with their sounds, for training."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import CommandError
from ..options import Json, Outside, Sets, Trust, cores, positive, sample_rate
from ..output import plural, print_json, print_line
from ..patches import open_patch
from ..programs import warn_about_programs
from ..progress import Progress
from ..shutdown import catch_stop_signals


def dataset(
    patch: Annotated[
        Path | None, typer.Argument(metavar="PATCH", show_default=False, help="Patch file (.json) with controls.")
    ] = None,
    count: Annotated[int | None, typer.Option("-n", metavar="N", min=1, help="Number of examples.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of the data set.")
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameters", metavar="NAME,…", help="Controls that vary; repeatable. Default: all."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the random settings.")] = 0,
    form: Annotated[
        str, typer.Option("--form", metavar="FORM", help="log-mel, stft, audio-wav or audio-flac.")
    ] = "log-mel",
    only_classes: Annotated[bool, typer.Option("--only-classes", help="Draw only the steps of each control.")] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", metavar="S", callback=positive, help="Duration of each sound.")
    ] = 1.0,
    rate: Annotated[float, typer.Option("--rate", metavar="HZ", callback=sample_rate, help="Sample rate.")] = 16384.0,
    sets: Sets = None,
    shard_rows: Annotated[
        int, typer.Option("--shard-rows", metavar="N", min=0, help="Examples per file. Default: 16384, of audio 8192.")
    ] = 0,
    only: Annotated[str, typer.Option("--only", metavar="K/M", help="Make only part K of M of the files.")] = "1/1",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Number of processes. Default: one per core.")
    ] = 0,
    dask: Annotated[bool, typer.Option("--dask", help="Use a local Dask cluster instead of plain processes.")] = False,
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="ADDRESS", help="Use a running Dask cluster: tcp://HOST:8786.")
    ] = "",
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare all files with the manifest; make nothing.")
    ] = False,
    outside: Outside = False,
    trust: Trust = None,
    json: Json = False,
) -> int:
    """Render random settings of a patch, with labels, for training.

    The parameters are the controls of the patch. Each example depends on the seed and its number only, so a command
    can be interrupted and repeated, and parts can be made on several computers. A complete data set has a manifest.
    """
    if output is None:
        raise CommandError("the folder of the data set is missing. Name it: -o DIR")
    if verify:
        return _verify(output, json)
    if patch is None or count is None:
        raise CommandError("the patch or the number of examples is missing. Name both: PATCH -n N -o DIR")
    from nodegraph.estimator.dataset_settings import DatasetSettings
    from nodegraph.estimator.parameters import parameters_of
    from nodegraph.estimator.production import make_dataset

    opened = open_patch(patch, sets, None, outside)
    warn_about_programs(opened.document, opened.path)
    names = [name.strip() for text in parameters for name in text.split(",") if name.strip()] if parameters else None
    chosen = parameters_of(opened.document, names, opened.path)
    settings = DatasetSettings(
        opened.document, chosen, count, seed, form, seconds, rate, only_classes, shard_rows, opened.path
    )
    start, done = time.perf_counter(), 0
    with catch_stop_signals() as stop, Progress("rendering", 1.0) as bar:

        def progress(examples: int) -> None:
            nonlocal done
            if stop.requested:
                raise KeyboardInterrupt
            done += examples
            bar.to(min(done / settings.count, 1.0))

        report = make_dataset(settings, output, _part(only), jobs or cores(), dask, scheduler, progress)
    took = time.perf_counter() - start
    made = sum(len(settings.rows(shard)) for shard in report.made)
    result: dict[str, Any] = {
        "folder": str(output),
        "examples": settings.count,
        "made": made,
        "shards": settings.shards,
        "missing_shards": len(report.missing),
        "examples_per_second": made / took,
        "manifest_sha256": report.manifest or None,
    }
    print_json(result) if json else _print_result(result)
    return 0


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise CommandError(f"--only must be a part and the number of parts, such as 3/16, got '{text}'.")
    return int(part), int(parts)


def _verify(folder: Path, json: bool) -> int:
    from nodegraph.estimator.manifest import MANIFEST_FILE, file_digest, verify

    problems = verify(folder)
    if json:
        print_json({"folder": str(folder), "problems": problems})
    elif problems:
        for line in problems:
            print_line(line)
    else:
        print_line(f"{folder}: all files agree with the manifest, {file_digest(folder / MANIFEST_FILE)}")
    return 1 if problems else 0


def _print_result(result: dict[str, Any]) -> None:
    speed = f", {result['examples_per_second']:.0f} per second" if result["made"] else ""
    print_line(f"{result['folder']}: {plural(result['made'], 'new example')}{speed}")
    if result["missing_shards"]:
        print_line(
            f"{result['missing_shards']} of {plural(result['shards'], 'file')} are missing. Make the other parts."
        )
    else:
        print_line(f"{plural(result['examples'], 'example')} in {plural(result['shards'], 'file')}, complete")
        print_line(f"manifest {result['manifest_sha256']}")
