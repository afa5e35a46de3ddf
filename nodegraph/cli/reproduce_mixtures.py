"""The tables mixtures-… of ``nodegraph reproduce``: a thesis on mixtures, and its comparison with other recipes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import INTERRUPTED, CommandError
from .output import format_bytes, print_json, print_line, print_note
from .output_files import check_folder_of
from .progress import Progress
from .report_files import write_report
from .shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.mixtures.paper.renditions import Run
    from nodegraph.mixtures.paper.sizes import PaperSize

MIXTURES = ("mixtures-table", "mixtures-figures", "mixtures-curves")


def reproduce_mixtures(
    table: str,
    quick: bool,
    pairs: list[str] | None,
    weights: Path | None,
    output: Path | None,
    seed: int,
    device: str | None,
    folder: Path | None,
    fresh: bool,
    json: bool,
) -> int | None:
    """Run a table, the figures or the curves, and print them; all of them share stored mixtures."""
    from nodegraph.models.torch_import import require_torch

    require_torch()
    from nodegraph.learn.corpus import default_folder
    from nodegraph.mixtures.paper.renditions import Run
    from nodegraph.mixtures.paper.sizes import FULL, QUICK, memory_of, with_file
    from nodegraph.mixtures.paper.stored import delete_results

    check_folder_of(output)
    chosen = _pairs(pairs)
    results_folder = (folder or default_folder()) / "reproduce" / "mixtures"
    if fresh:
        delete_results(results_folder)
    size = with_file(QUICK if quick else FULL, weights is not None)
    print_note(f"{size.describe()}; about {format_bytes(memory_of(size))} of memory")
    print_note(f"results and sounds in {results_folder}")
    if weights is None:
        print_note("the weights of VGG-19 are random, not those of ImageNet; use --weights FILE for those")
    with catch_stop_signals() as stop, Progress("mixtures", 1.0) as bar:
        run = Run(results_folder, chosen, seed, weights, device, bar.to, lambda: stop.requested)
        text, plain, picture, stopped = _RUNS[table](run, size)
    write_report(output, text, picture)
    if output is None and table == "mixtures-figures":
        print_note("no picture is written. Add --output OUT.md, which also writes OUT.png")
    print_json(plain) if json else print_line(text.rstrip())
    if stopped:
        print_note("interrupted: run the same command again to resume.")
        return INTERRUPTED
    return None


_Parts = tuple[str, dict[str, Any], Callable[[], bytes] | None, bool]


def _table(run: Run, size: PaperSize) -> _Parts:
    from nodegraph.mixtures.paper import table_report
    from nodegraph.mixtures.paper.table import run_table

    found = run_table(run, size)
    return table_report.markdown(found), table_report.plain(found), None, found.stopped


def _figures(run: Run, size: PaperSize) -> _Parts:
    from nodegraph.mixtures.paper import figures

    found = figures.run_figures(run, size)
    return figures.markdown(found), figures.plain(found), lambda: figures.picture(found), found.stopped


def _curves(run: Run, size: PaperSize) -> _Parts:
    from nodegraph.mixtures.paper import curves_report
    from nodegraph.mixtures.paper.curves import run_curves

    found = run_curves(run, size)
    return (
        curves_report.markdown(found),
        curves_report.plain(found),
        lambda: curves_report.picture(found),
        found.stopped,
    )


_RUNS: dict[str, Callable[[Run, PaperSize], _Parts]] = dict(zip(MIXTURES, (_table, _figures, _curves), strict=True))


def _pairs(names: list[str] | None) -> Any:
    """Return the pairs by name, all of them without names. Raises CommandError."""
    from nodegraph.mixtures.paper.pairs import PAIRS
    from nodegraph.patch.errors import suggest

    known = {pair.name: pair for pair in PAIRS}
    for name in names or ():
        if name not in known:
            raise CommandError(f"unknown pair '{name}'.{suggest(name, known)} Pairs are {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else PAIRS
