"""``nodegraph reproduce``: train the models of a table in a paper."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import INTERRUPTED, CommandError
from ..inversynth import INVERSYNTH, reproduce_inversynth, settings_of
from ..options import Device, Json
from ..output import plural, print_json, print_line, print_note
from ..output_files import check_folder_of
from ..progress import Progress
from ..report_files import write_report
from ..reproduce_mixtures import MIXTURES, reproduce_mixtures
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.learn import FrameSets

QUICK = (5000, 1000, 1000)  # frames for training, validation and test


class Corpus(StrEnum):
    """The synthesizer's corpora: thousands of patches, or as many as the MicroKORG has programs."""

    wide = "wide"
    korg = "korg"


class Split(StrEnum):
    """The protocols: unseen patches or files, frames dealt at random, or five folds of unseen patches or files."""

    sources = "sources"
    frames = "frames"
    folds = "folds"


SPLITS = {
    Split.sources: "split by {source}",
    Split.frames: "frames dealt at random",
    Split.folds: "five folds of unseen {sources}: mean ± standard deviation",
}


def _list_tables(requested: bool) -> None:
    if requested:
        from nodegraph.learn.reproduce.figure import figure_names
        from nodegraph.learn.reproduce.table import table_names

        print_line("\n".join([*table_names(), *figure_names(), *INVERSYNTH, *MIXTURES]))
        raise typer.Exit


def reproduce(
    table: Annotated[str, typer.Argument(metavar="TABLE", show_default=False, help="Name of the table; see --tables.")],
    tables: Annotated[
        bool, typer.Option("--tables", callback=_list_tables, is_eager=True, help="List the tables and exit.")
    ] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="A tenth of the frames and few epochs: ten minutes on two cores, or 90 for inversynth-…; "
            "for mixtures-… 22.05 kHz, half the duration, fewer iterations and channels.",
        ),
    ] = False,
    audio: Annotated[
        list[str] | None,
        typer.Option(
            "--audio",
            "-a",
            metavar="PATH",
            help="Recordings instead of the synthesizer: a file or a folder; repeatable.",
        ),
    ] = None,
    corpus: Annotated[
        Corpus,
        typer.Option("--corpus", help="Sounds of the synthesizer: 3533 patches, or 128 long ones as of the MicroKORG."),
    ] = Corpus.wide,
    split: Annotated[
        Split,
        typer.Option("--split", help="Test on other patches or files, on frames dealt at random, or in five folds."),
    ] = Split.sources,
    per_bin: Annotated[
        bool, typer.Option("--per-bin", help="First scale each bin to a maximum of 1, for sarroff-… only.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.md", help="Also write the Markdown to a file.")
    ] = None,
    net: Annotated[
        list[str] | None,
        typer.Option("--net", "-n", metavar="NAME", help="Only this row of the table; repeatable."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="NAME", help="Only this column of ours, for sarroff-… and colonel-…; repeatable."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", metavar="N", min=1, help="Maximum epochs of each stage.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Random seed.")] = 0,
    examples: Annotated[
        int | None,
        typer.Option("--examples", metavar="N", min=1, help="Number of examples in all, for inversynth-… only."),
    ] = None,
    absolute: Annotated[
        bool,
        typer.Option("--absolute", help="Absolute instead of logarithmic spectrograms, for inversynth-… only."),
    ] = False,
    pair: Annotated[
        list[str] | None,
        typer.Option("--pair", metavar="NAME", help="Only this pair of sounds, for mixtures-… only; repeatable."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights of VGG-19, for mixtures-… only. Default: random ones."),
    ] = None,
    device: Device = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Folder of results and corpus. Default: the user's cache."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard stored results and train again.")] = False,
    json: Json = False,
) -> int | None:
    """Train the models of a paper's table and compare their errors.

    Prints the published and the new figures as Markdown. The table also lists the mean and principal components of the
    same width as baselines, momentum and Adam on the same frames, and the best recipe. The tables inversynth-… train
    the estimators of the 23-parameter synthesizer and list random settings, the best of 200, the nearest example and
    search as baselines; --output then also writes a picture. The tables mixtures-… mix seven pairs of sounds by the
    recipes of a thesis, and compare them with the recipe `texture` and with simple baselines. Results are stored: after
    Ctrl-C, the same command resumes.
    """
    if not table.startswith("sarroff"):
        _refuse(table, "its frames are each scaled to 1", {"--per-bin": per_bin})
    if table in (*MIXTURES, *INVERSYNTH):
        _refuse(table, "it is for sarroff-… and colonel-…", {"--split": split != Split.sources})
        _refuse(table, "it is for sarroff-… and colonel-…", {"--corpus": corpus != Corpus.wide, "--column": column})
    if table in MIXTURES:
        _refuse(table, "it has no networks to train", {"--audio": audio, "--net": net, "--epochs": epochs})
        _refuse(table, "it is for inversynth-…", {"--examples": examples, "--absolute": absolute})
        return reproduce_mixtures(table, quick, pair, weights, output, seed, device, folder, fresh, json)
    _refuse(table, "it is for mixtures-…", {"--pair": pair, "--weights": weights})
    if table in INVERSYNTH:
        _refuse(table, "examples are of the synthesizer", {"--audio": audio})
        settings = settings_of(quick, net, epochs, examples, absolute)
        return reproduce_inversynth(table, settings, output, seed, device, folder, fresh, json)
    _refuse(table, "it is for inversynth-…", {"--examples": examples, "--absolute": absolute})
    from nodegraph.learn.reproduce.figure import figure_names

    if table in figure_names():
        _refuse(table, "a figure has one division of the frames", {"--split": split is Split.folds})
        _refuse(table, "it is for tables", {"--net": net, "--column": column})
        _figure(table, quick, audio, corpus, split, per_bin, output, epochs, seed, device, folder, json)
        return None
    from nodegraph.learn.corpus import default_folder
    from nodegraph.learn.reproduce import report
    from nodegraph.learn.reproduce.run import delete_results, tasks_of
    from nodegraph.learn.reproduce.run import reproduce as run
    from nodegraph.learn.reproduce.table import select_columns, select_rows, table_of

    selected = select_columns(select_rows(table_of(table), net or ()), column or ())
    check_folder_of(output)
    results_folder = (folder or default_folder()) / "reproduce" / table
    with catch_stop_signals() as stop, Progress("frames", 1.0) as bar:

        def progress(fraction: float, label: str) -> None:
            if stop.requested and label == "frames":
                raise KeyboardInterrupt
            bar.to(fraction, label)

        frames, about = _frames(selected.hop, quick, audio, corpus, seed, folder, progress)
        divisions = _divisions(frames, split, seed)
        about["name"] += _protocol(split, bool(audio), per_bin)
        tasks = tasks_of(selected, frames.features, quick, epochs)
        about["run"] = f"{'quick' if quick else 'full'}, {plural(len(tasks), 'training')}, seed {seed}"
        if epochs:
            about["run"] += f", at most {epochs} epochs"
        if fresh:
            delete_results(results_folder)
        done = run(
            selected, divisions, results_folder, about, tasks, seed, device, progress, lambda: stop.requested, per_bin
        )
    text = report.markdown(done)
    write_report(output, text)
    print_json(report.plain(done)) if json else print_line(text.rstrip())
    if done.stopped:
        print_note("interrupted: run the same command again to resume.")
        return INTERRUPTED
    return None


def _figure(
    name: str,
    quick: bool,
    audio: list[str] | None,
    corpus: Corpus,
    split: Split,
    per_bin: bool,
    output: Path | None,
    epochs: int | None,
    seed: int,
    device: str | None,
    folder: Path | None,
    json: bool,
) -> None:
    """Train the nets of a figure; print its numbers, and write them and the picture."""
    from nodegraph.learn.reproduce.data import scaled_frames
    from nodegraph.learn.reproduce.figure import figure_of, train_nets

    figure = figure_of(name)
    check_folder_of(output)
    with catch_stop_signals() as stop, Progress("frames", 1.0) as bar:
        frames, about = _frames(figure.hop, quick, audio, corpus, seed, folder, bar.to)
        divided = _divisions(frames, split, seed)
        assert not isinstance(divided, list)
        scaled = scaled_frames(divided, figure.scale, per_bin)
        trained = train_nets(figure, scaled, quick, epochs, seed, device, bar.to, lambda: stop.requested)
    about["name"] += _protocol(split, bool(audio), per_bin)
    lines = [f"## {figure.title}", "", f"{figure.source}.", "", f"Corpus: {about['name']}.", ""]
    text = "\n".join([*lines, *figure.table(trained, scaled)])
    write_report(output, text, lambda: figure.draw(trained, scaled))
    if json:
        errors = {label: result.errors["features"] for label, result in trained.items()}
        print_json({"title": figure.title, "source": figure.source, "corpus": about, "errors": errors})
    else:
        print_line(text.rstrip())


def _refuse(table: str, reason: str, options: dict[str, object]) -> None:
    """Raise CommandError for an option that a table does not have."""
    for name, value in options.items():
        if value:
            raise CommandError(f"{table}: {name} is unsupported, {reason}. Leave it out.")


def _frames(
    hop: int, quick: bool, audio: list[str] | None, kind: Corpus, seed: int, folder: Path | None, progress: Any
) -> tuple[FrameSets, dict[str, Any]]:
    """Return the frames for a table, and their description."""
    from nodegraph.learn import collect, sources_of
    from nodegraph.learn.corpus import COUNTS, KORG, SynthCorpus, synth_frames
    from nodegraph.models.autoencoder import Features

    def report_progress(count: int, total: int) -> None:
        progress(count / total, "frames")

    if not audio:
        corpus = KORG if kind is Corpus.korg else SynthCorpus()
        counts = QUICK if quick else COUNTS
        if kind is Corpus.korg and quick:
            corpus = replace(corpus, per_patch=math.ceil(corpus.per_patch * sum(QUICK) / sum(COUNTS)))
        corpus = replace(corpus, seed=seed, counts=counts)
        patches = f"{corpus.patches} patches of {corpus.seconds:g} s, " if corpus.patches else ""
        return synth_frames(corpus, None, folder, report_progress), {"name": f"the synthesizer, {patches}seed {seed}"}
    features = Features(hop=hop)
    sources, skipped = sources_of(audio, seed=seed)
    max_frames = sum(QUICK if quick else COUNTS)
    frames = collect(sources, features, max_frames, seed, skipped=skipped, progress=report_progress)
    return frames, {"name": plural(len(sources), "recording"), "skipped": frames.skipped}


def _protocol(split: Split, is_recorded: bool, per_bin: bool) -> str:
    """Return how the frames are divided and scaled, to continue the name of a corpus."""
    source, sources = ("recording", "recordings") if is_recorded else ("patch", "patches")
    return f", {SPLITS[split].format(source=source, sources=sources)}" + (", each bin scaled to 1" if per_bin else "")


def _divisions(frames: FrameSets, split: Split, seed: int) -> FrameSets | list[FrameSets]:
    """Return the frames as the protocol divides them."""
    from nodegraph.learn.protocol import dealt_at_random, unseen_folds

    if split is Split.folds:
        return unseen_folds(frames, seed)
    return dealt_at_random(frames, seed) if split is Split.frames else frames
