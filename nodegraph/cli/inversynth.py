"""The tables inversynth-… of ``nodegraph reproduce``: the estimators of the 23-parameter synthesizer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import INTERRUPTED, CommandError
from .output import print_json, print_line, print_note
from .output_files import check_folder_of
from .progress import Progress
from .report_files import write_report
from .shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.estimator.paper.experiment import ExperimentSettings

INVERSYNTH = ("inversynth-table-1", "inversynth-figure-2", "inversynth-figure-3")
MIN_EXAMPLES = 100  # a vocabulary of 1000 spectra needs 16 examples, each part of each fold some


def settings_of(
    quick: bool, models: list[str] | None, epochs: int | None, examples: int | None, absolute: bool
) -> ExperimentSettings:
    """Return the settings of a quick or a full experiment with the changes of the options. Raises CommandError."""
    from nodegraph.models.torch_import import require_torch

    require_torch()
    from nodegraph.estimator.paper.experiment import FULL, QUICK

    settings = QUICK if quick else FULL
    settings = replace(settings, epochs=min(settings.epochs, epochs or settings.epochs))
    if examples is not None:
        if examples < MIN_EXAMPLES:
            raise CommandError(f"--examples: must be at least {MIN_EXAMPLES}, got {examples}.")
        evaluations = min(settings.search_evaluations, 4 * examples)
        settings = replace(settings, examples=examples, search_evaluations=evaluations)
    if absolute:
        settings = replace(settings, preparation=replace(settings.preparation, spectrum="absolute"))
    return replace(settings, models=tuple(models)) if models else settings


def reproduce_inversynth(
    table: str,
    settings: ExperimentSettings,
    output: Path | None,
    seed: int,
    device: str | None,
    folder: Path | None,
    fresh: bool,
    json: bool,
) -> int | None:
    """Run the experiment and print a table or figure; the three of them share all trainings."""
    from nodegraph.estimator.paper import report
    from nodegraph.estimator.paper.baselines import search_of
    from nodegraph.estimator.paper.corpus import draw_corpus
    from nodegraph.estimator.paper.drawing import picture
    from nodegraph.estimator.paper.experiment import delete_results, run_experiment
    from nodegraph.estimator.paper.synthesizer import paper_matcher
    from nodegraph.estimator.paper.twin import TwinRenderer
    from nodegraph.learn.corpus import default_folder
    from nodegraph.learn.outputs import device_of

    check_folder_of(output)
    results_folder = (folder or default_folder()) / "reproduce" / "inversynth"
    if fresh:
        delete_results(results_folder)
    chosen = device_of(device)
    with catch_stop_signals() as stop, Progress("examples", 1.0) as bar, paper_matcher() as matcher:
        renderer = TwinRenderer(matcher.parameters, chosen) if chosen.type == "cuda" else matcher.renderer

        def draw_progress(share: float, label: str) -> None:
            if stop.requested:
                raise KeyboardInterrupt
            bar.to(share, label)

        search = search_of(matcher)
        corpus = draw_corpus(renderer, settings.examples, seed, results_folder, draw_progress)
        outcome = run_experiment(corpus, settings, results_folder, str(chosen), search, bar.to, lambda: stop.requested)
    text = report.markdown(table, outcome)
    write_report(output, text, lambda: picture(table, outcome))
    print_json(report.plain(outcome)) if json else print_line(text.rstrip())
    if outcome.stopped:
        print_note("interrupted: run the same command again to resume.")
        return INTERRUPTED
    return None
