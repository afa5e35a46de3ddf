"""``nodegraph reproduce``: a table of a paper, trained again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import INTERRUPTED, CommandError
from ..options import Json
from ..output import plural, print_json, print_line, print_note
from ..progress import Progress
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.learn import FrameSets

QUICK = (5000, 1000, 1000)  # frames of each part


def _list_tables(asked: bool) -> None:
    if asked:
        from nodegraph.learn.reproduce.table import table_names

        print_line("\n".join(table_names()))
        raise typer.Exit


def reproduce(
    table: Annotated[str, typer.Argument(metavar="TABLE", show_default=False, help="Which table; see --tables.")],
    tables: Annotated[
        bool, typer.Option("--tables", callback=_list_tables, is_eager=True, help="List the tables and exit.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the frames and few epochs: under ten minutes on two cores.")
    ] = False,
    audio: Annotated[
        list[str] | None,
        typer.Option(
            "--audio", "-a", metavar="PATH", help="Recordings instead of the synthesizer: a file or a folder."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.md", help="Write the Markdown to a file too.")
    ] = None,
    net: Annotated[
        list[str] | None,
        typer.Option("--net", "-n", metavar="NAME", help="Only this row of the table; may be given several times."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", metavar="N", min=1, help="No stage longer than so many.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of all that is random.")] = 0,
    device: Annotated[
        str | None, typer.Option("--device", metavar="NAME", help="cpu or cuda; else a GPU where there is one.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where results and the corpus are kept; else the user's cache."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train again what was trained before.")] = False,
    json: Json = False,
) -> int | None:
    """Train a table of a paper again: its figures and ours, as Markdown.

    Beside them stand principal components of the same width and predicting the mean, momentum and Adam on the same
    frames, and our best recipe. What is trained is kept: interrupted by Ctrl-C, the next call goes on there.
    """
    from nodegraph.learn.corpus import default_folder
    from nodegraph.learn.reproduce import report
    from nodegraph.learn.reproduce.run import delete_results, tasks_of
    from nodegraph.learn.reproduce.run import reproduce as run
    from nodegraph.learn.reproduce.table import select_rows, table_of

    wanted = select_rows(table_of(table), net or ())
    if output is not None and not output.resolve().parent.is_dir():
        raise CommandError(f"{output}: there is no folder {output.resolve().parent}. Make it first.")
    place = (folder or default_folder()) / "reproduce" / table
    with catch_stop_signals() as stop, Progress("frames", 1.0) as bar:

        def progress(fraction: float, label: str) -> None:
            if stop.requested and label == "frames":
                raise KeyboardInterrupt
            bar.to(fraction, label)

        frames, about = _frames(wanted.hop, quick, audio, seed, folder, progress)
        tasks = tasks_of(wanted, frames.features, quick, epochs)
        about["run"] = f"{'quick' if quick else 'full'}, {plural(len(tasks), 'training')}, seed {seed}"
        if epochs:
            about["run"] += f", at most {epochs} epochs"
        if fresh:
            delete_results(place)
        done = run(wanted, frames, place, about, tasks, seed, device, progress, lambda: stop.requested)
    text = report.markdown(done)
    if output is not None:
        from nodegraph.files.atomic import write_atomic

        write_atomic(output, text.encode())
    print_json(report.plain(done)) if json else print_line(text.rstrip())
    if done.stopped:
        print_note("interrupted: the same command goes on from here.")
        return INTERRUPTED
    return None


def _frames(
    hop: int, quick: bool, audio: list[str] | None, seed: int, folder: Path | None, progress: Any
) -> tuple[FrameSets, dict[str, Any]]:
    """The frames of a table, and what they are."""
    from nodegraph.learn import collect, sources_of
    from nodegraph.learn.corpus import COUNTS, SynthCorpus, synth_frames
    from nodegraph.models.autoencoder import Features

    def report_progress(count: int, total: int) -> None:
        progress(count / total, "frames")

    if not audio:
        corpus = SynthCorpus(seed, QUICK if quick else COUNTS)
        return synth_frames(corpus, None, folder, report_progress), {
            "name": f"the synthesizer, seed {seed}, split by patch"
        }
    features = Features(hop=hop)
    sources, skipped = sources_of(audio, seed=seed)
    most = sum(QUICK if quick else COUNTS)
    frames = collect(sources, features, most, seed, skipped=skipped, progress=report_progress)
    name = f"{plural(len(sources), 'recording')}, split by file"
    return frames, {"name": name, "skipped": frames.skipped}
