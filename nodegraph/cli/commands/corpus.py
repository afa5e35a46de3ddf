"""``nodegraph corpus``: render random synthesizer patches for training."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options import Json, positive
from ..output import columns, format_duration, plural, print_json, print_line, print_warning
from ..progress import Progress
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.learn.corpus import SynthCorpus

SHARES = (5, 1, 1)  # proportions of training, validation and test frames
MAX_SHOWN = 5  # skipped files that are listed


def corpus(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", show_default=False, help="Folder of the corpus. Default: the user's cache."),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", min=70, help="Total number of frames.")] = 70_000,
    patches: Annotated[
        int | None,
        typer.Option("--patches", metavar="N", min=7, help="Number of patches. Default: as many as the frames need."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", metavar="S", callback=positive, help="Duration of each patch. Default: 1.2 s."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the random patches.")] = 0,
    audio: Annotated[
        list[str] | None,
        typer.Option(
            "--audio", "-a", metavar="PATH", help="Analyse recordings instead: a file or a folder; repeatable."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Render random synthesizer patches for training.

    The folders train, valid and test contain patches (.json) and their sounds (.wav). An interrupted run resumes when
    it is started again. The same seed produces the same sounds. `--patches 128 --seconds 12.8` makes the corpus that
    `nodegraph reproduce --corpus korg` uses. With --audio, recordings are analysed instead.
    """
    from nodegraph.learn.corpus import default_folder, synth_frames
    from nodegraph.learn.reproduce.data import baseline_errors

    with catch_stop_signals() as stop, Progress("frames", 1.0) as bar:

        def progress(count: int, total: int) -> None:
            if stop.requested:
                raise KeyboardInterrupt
            bar.to(count / total)

        if audio:
            found, path = _recordings(audio, frames, seed, progress), None
        else:
            requested = _requested(frames, patches, seconds, seed)
            found = synth_frames(requested, None, folder, progress)
            path = (folder or default_folder()) / requested.name
        bar.to(1.0, "principal components")
        kinds = {name: baseline_errors(found, name) for name in ("frame", "global")}
    result: dict[str, Any] = {
        "folder": str(path) if path else None,
        "sources": {part: len(names) for part, names in found.sources.items()},
        "seconds": found.seconds,
        "difficulty": kinds,
        "skipped": found.skipped,
    }
    for line in found.skipped[:MAX_SHOWN]:
        print_warning(line)
    print_json(result) if json else _print_result(result, "recording" if audio else "patch")


def _requested(frames: int, patches: int | None, seconds: float | None, seed: int) -> SynthCorpus:
    from nodegraph.learn.corpus import SynthCorpus

    counts: Any = tuple(frames * share // sum(SHARES) for share in SHARES)
    asked = SynthCorpus(seed, counts, patches=patches)
    asked = replace(asked, seconds=seconds) if seconds else asked
    return replace(asked, per_patch=math.ceil(frames / patches)) if patches else asked


def _recordings(audio: list[str], frames: int, seed: int, progress: Any) -> Any:
    from nodegraph.learn import collect, sources_of
    from nodegraph.models.autoencoder import Features

    sources, skipped = sources_of(audio, seed=seed)
    return collect(sources, Features(), frames, seed, skipped=skipped, progress=progress)


def _print_result(result: dict[str, Any], word: str) -> None:
    if result["folder"]:
        print_line(result["folder"])
    counts = result["difficulty"]["frame"]["frames"]
    plurals = {"patch": "patches", "recording": "recordings"}
    columns(
        [(part, f"{count} frames", f"{result['sources'][part]} {plurals[word]}") for part, count in counts.items()],
        "  ",
    )
    print_line(f"{format_duration(result['seconds'])} of sound\n")
    print_line("reconstruction error of principal components on test frames, relative to that of the mean")
    curves = result["difficulty"]
    widths = list(curves["frame"]["pca"])
    rows = [["scaling of frames", "mean, per bin", *(plural(int(n), "unit") for n in widths)]]
    for name, words in (("frame", "each to 1"), ("global", "by one factor")):
        curve = curves[name]
        rows.append([words, f"{curve['per_bin']:.3g}", *(f"{curve['pca'][n]:.4f}" for n in widths)])
    columns(rows, "  ")
