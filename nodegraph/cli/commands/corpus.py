"""``nodegraph corpus``: random synthesizer patches for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..options import Json
from ..output import columns, format_duration, plural, print_json, print_line, print_warning
from ..progress import Progress
from ..shutdown import catch_stop_signals

SHARES = (5, 1, 1)  # of training, validation and test
MAX_SHOWN = 5  # lines on files that were skipped


def corpus(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", show_default=False, help="Where it is kept; else the user's cache."),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", min=70, help="Frames of all parts.")] = 70_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Another seed, other patches.")] = 0,
    audio: Annotated[
        list[str] | None,
        typer.Option("--audio", "-a", metavar="PATH", help="Look at recordings instead: a file or a folder."),
    ] = None,
    json: Json = False,
) -> None:
    """Render random synthesizer patches to train on, split by patch.

    Each patch (.json) lies beside its sound (.wav), in folders train, valid and test; interrupted, it goes on where it
    was. The same seed gives the same sounds. With --audio recordings are looked at, split by file.
    """
    from nodegraph.learn.corpus import SynthCorpus, default_folder, synth_frames
    from nodegraph.learn.reproduce.data import baseline_errors

    with catch_stop_signals() as stop, Progress("frames", 1.0) as bar:

        def progress(count: int, total: int) -> None:
            if stop.requested:
                raise KeyboardInterrupt
            bar.to(count / total)

        if audio:
            found, place = _recordings(audio, frames, seed, progress), None
        else:
            wanted = SynthCorpus(seed, tuple(frames * share // sum(SHARES) for share in SHARES))  # type: ignore[arg-type]
            found = synth_frames(wanted, None, folder, progress)
            place = (folder or default_folder()) / wanted.name
        bar.to(1.0, "principal components")
        kinds = {name: baseline_errors(found, name) for name in ("frame", "global")}
    result: dict[str, Any] = {
        "folder": str(place) if place else None,
        "sources": {part: len(names) for part, names in found.sources.items()},
        "seconds": found.seconds,
        "difficulty": kinds,
        "skipped": found.skipped,
    }
    for line in found.skipped[:MAX_SHOWN]:
        print_warning(line)
    print_json(result) if json else _print_result(result, "recording" if audio else "patch")


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
    print_line("what principal components leave of unseen frames, as a share of what their mean leaves")
    curves = result["difficulty"]
    widths = list(curves["frame"]["pca"])
    rows = [["frames scaled", "mean, per bin", *(plural(int(n), "unit") for n in widths)]]
    for name, words in (("frame", "each to 1"), ("global", "all by one")):
        curve = curves[name]
        rows.append([words, f"{curve['per_bin']:.3g}", *(f"{curve['pca'][n]:.4f}" for n in widths)])
    columns(rows, "  ")
