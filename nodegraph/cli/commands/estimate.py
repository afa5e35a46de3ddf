"""``nodegraph estimate``: set the parameters of a patch so that it sounds like a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CommandError
from ..options import Json, PatchFile, Subpatch, Trust
from ..output import columns, format_duration, print_json, print_line, print_warning
from ..output_files import check_folder_of, check_not_read
from ..patches import open_patch, problems_of
from ..programs import warn_about_programs
from ..progress import Progress
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.estimator.matching import Match

SECONDS = 2.0  # of search


def estimate(
    sound: Annotated[
        Path, typer.Argument(metavar="SOUND", show_default=False, help="Sound file to match: .wav, .flac, .ogg …")
    ],
    patch: PatchFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="NEW.json", show_default=False, help="Patch file to write.")
    ],
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="MODEL", help="Trained estimator of the patch, for better candidates."),
    ] = None,
    refine: Annotated[
        float, typer.Option("--refine", metavar="S", min=0.0, max=3600.0, help="Seconds of search.")
    ] = SECONDS,
    evaluations: Annotated[
        int | None,
        typer.Option(
            "--evaluations", metavar="N", min=1, help="Settings to try instead of --refine; repeatable with a seed."
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameters", metavar="NAME,…", help="Controls that vary; repeatable. Default: all."),
    ] = None,
    subpatch: Subpatch = "",
    classes: Annotated[bool, typer.Option("--classes", help="Use only the class values of the controls.")] = False,
    table: Annotated[
        int,
        typer.Option("--table", metavar="N", min=0, help="Random settings rendered in advance, for short searches."),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the search.")] = 0,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also list all inaudible parameters of the patch (up to 30 s).")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="OUT.html", help="Also write a blind test against the best random setting."),
    ] = None,
    trust: Trust = None,
    json: Json = False,
) -> None:
    """Set a patch's controls so that it sounds like a recording.

    One second of the sound is matched, at its own level if the patch can be as loud and as quiet. With --evaluations
    the result is the same each time. --table 16384 helps searches of less than a second; it is rendered once for each
    patch and stored in the user's cache.
    """
    from nodegraph.estimator.matching import Matcher
    from nodegraph.estimator.parameters import ParameterError
    from nodegraph.estimator.proposals import proposer_of
    from nodegraph.estimator.rendering import with_setting
    from nodegraph.estimator.scoring import Budget
    from nodegraph.estimator.subpatch import part_of
    from nodegraph.estimator.target_sound import read_target
    from nodegraph.graph import build_graph
    from nodegraph.patch import write_patch

    opened = open_patch(patch)
    warn_about_programs(opened.document, opened.path)
    check_folder_of(output)
    check_not_read([output], [sound])
    if page is not None:
        check_folder_of(page)
        check_not_read([page], [sound])
    names = [name.strip() for text in parameters for name in text.split(",") if name.strip()] if parameters else None
    try:
        with problems_of(opened):
            document = part_of(opened.document, subpatch, opened.path)
            matcher = Matcher(document, names, opened.path, table_rows=table)
    except ParameterError as error:
        raise CommandError(f"{patch}: {error}") from None
    with matcher, catch_stop_signals() as stop, Progress("random settings", 1.0) as bar:

        def show(part: float, distance: float | None = None) -> None:
            if stop.requested:
                raise KeyboardInterrupt
            bar.to(part, "random settings" if distance is None else f"search, {distance:.2f} dB")

        target = read_target(sound, matcher.seconds, matcher.rate)
        proposer = None if model is None else proposer_of(model, document, matcher.parameters)
        matcher.prepare(show)
        target = matcher.at_reachable_level(target)
        for note in target.notes:
            print_warning(note)
        budget = Budget(refine) if evaluations is None else Budget(evaluations=evaluations)
        found = matcher.match(target.samples, budget, seed, proposer, classes, show)
        lines = matcher.probe.describe() if probe else matcher.symmetry.describe([p.name for p in matcher.parameters])
    graph = build_graph(opened.document, matcher.rate, opened.path)
    write_patch(with_setting(graph, found.parameters, found.values), output)
    if page is not None:
        _write_page(page, sound.name, found, matcher.rate)
    result = _result(output, found, lines)
    print_json(result) if json else _print_result(result)


def _write_page(page: Path, name: str, found: Match, rate: float) -> None:
    """Write a listening page that compares the result and the best of 200 random settings with the target."""
    from nodegraph.estimator.listening_page import Trial, write_listening_page

    trial = Trial(name, found.sound, found.random_sound, "estimated", "best of 200 random settings", found.target)
    try:
        write_listening_page(page, [trial], rate, title=f"Match of {name}")
    except OSError as error:
        raise CommandError(f"{page}: not writable ({error.strerror or error}). Choose another path.") from None


def _result(output: Path, found: Match, lines: list[str]) -> dict[str, Any]:
    rows = zip(found.parameters, found.values, found.confidence, found.audible, strict=True)
    return {
        "file": str(output),
        "parameters": [
            {"name": p.name, "value": float(value), "confidence": float(confidence), "audible": bool(audible)}
            for p, value, confidence, audible in rows
        ],
        "distance": found.distance,
        "start_distance": found.start_distance,
        "random_distance": found.random_distance,
        "ratio": found.ratio,
        "correlation_stft": found.pearson_stft,
        "correlation_spectrum": found.pearson_spectrum,
        "evaluations": found.evaluations,
        "elapsed": found.seconds,
        "notes": lines,
    }


def _print_result(result: dict[str, Any]) -> None:
    from nodegraph.estimator.confidence import SURE

    print_line(
        f"{result['file']}: distance {result['distance']:.2f} dB, {result['ratio']:.2f} of the best of 200 random "
        f"settings, from {result['evaluations']} settings in {format_duration(round(result['elapsed'], 1))}"
    )
    rows = []
    for row in result["parameters"]:
        confidence = f"{100.0 * row['confidence']:.0f} %" if row["audible"] else "inaudible"
        rows.append((row["name"], f"{row['value']:.4g}", confidence, "sure" if row["confidence"] >= SURE else ""))
    columns(rows, "  ")
    for line in result["notes"]:
        print_line(line)
