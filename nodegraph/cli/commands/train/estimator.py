"""``nodegraph train estimator``: train a network that hears a sound and estimates the parameters of a patch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import INTERRUPTED
from ...options import Device, Json, Subpatch, Trust, positive
from ...output import (
    columns,
    format_bytes,
    format_duration,
    plural,
    print_json,
    print_line,
    print_recipes,
    print_warning,
)
from ...patches import open_patch
from ...programs import warn_about_programs
from ...progress import Progress
from ...shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.estimator.training import TrainedEstimator


def estimator(
    patch: Annotated[
        Path | None, typer.Argument(metavar="PATCH", show_default=False, help="Patch file (.json) with controls.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="MODEL", show_default=False, help="Model file to write (.safetensors)."),
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option("--parameters", "-p", metavar="NAMES", help="Controls to estimate, a,b,c. Default: all."),
    ] = None,
    subpatch: Subpatch = "",
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", "-m", metavar="M", callback=positive, help="Minutes to train. Default: recipe's."),
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples",
            metavar="N",
            min=1,
            help="Examples to train on, at most. With it a seed gives the same weights on any machine.",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", metavar="NAME|FILE", help="Configuration of the training; see --list.")
    ] = "quick",
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Random seed.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted training of MODEL.")] = False,
    device: Device = None,
    threads: Annotated[
        int | None,
        typer.Option("--threads", metavar="N", min=1, help="Threads of the network. Default: cores − 1."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Compare with a search without the model, a minute or two.")
    ] = True,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and exit.")] = False,
    trust: Trust = None,
    json: Json = False,
) -> int | None:
    """Train an estimator of the parameters of a patch.

    `nodegraph train estimator synth.json -o synth.safetensors` renders random settings of the controls of the patch
    and trains a network to name them. Ctrl-C stops and saves the model so far; --resume continues.
    """
    if list_recipes:
        _list(json)
        return None
    if patch is None:
        raise typer.BadParameter("missing. Add a patch file with controls", param_hint="PATCH")
    if output is None:
        raise typer.BadParameter("missing. Add a model file to write, such as mine.safetensors", param_hint="--output")
    names = [name.strip() for name in parameters.split(",") if name.strip()] if parameters is not None else None
    from nodegraph.estimator import EstimatorObserver, train_estimator

    warn_about_programs(open_patch(patch).document, patch)
    with catch_stop_signals() as stop, Progress("training", 1.0) as bar:
        observer = EstimatorObserver(
            progress=lambda step: bar.to(
                step.done, f"{step.examples} examples, {step.speed:.0f} a second, loss {step.loss:.3f}"
            ),
            stop=lambda: stop.requested,
        )
        trained = train_estimator(
            patch, output, names, recipe, minutes, examples, seed, resume, device, threads, compare, observer, subpatch
        )
    for line in trained.notes:
        print_warning(line)
    result = _result(trained)
    print_json(result) if json else _print_result(result)
    return INTERRUPTED if trained.stopped else None


def _result(trained: TrainedEstimator) -> dict[str, Any]:
    model = trained.model
    return {
        "file": str(trained.path),
        "bytes": trained.path.stat().st_size if trained.path else 0,
        "patch": model.patch.title,
        "parameters": list(model.names),
        "interchangeable": [[list(unit) for unit in group] for group in model.interchangeable],
        "inaudible": list(model.inaudible),
        "seconds": trained.seconds,
        "examples": trained.examples,
        "stopped": trained.stopped,
        "card": model.card,
        "problems": list(trained.notes),
    }


def _print_result(result: dict[str, Any]) -> None:
    weights = result["card"]["training"]["weights"]
    evaluation = result["card"]["evaluation"]
    state = "stopped" if result["stopped"] else f"trained in {format_duration(result['seconds'])}"
    print_line(f"{result['file']}: {weights} weights, {format_bytes(result['bytes'])}, {state}")
    print_line(f"{plural(len(result['parameters']), 'parameter')}, {plural(result['examples'], 'example')}")
    for line in result["card"]["probe"]:
        print_line(line)
    print_line("\nparameters of sounds that were not trained on")
    rows: list[tuple[str, ...]] = [
        ("", "within a class", "exact", "called sure", "of these right", "calibration error")
    ]
    for kind in ("clean", "noisy"):
        found = evaluation[kind]
        shares = (found[name] for name in ("within_one_class", "exact", "sure", "sure_and_right", "calibration_error"))
        rows.append((kind, *(_percent(share) for share in shares)))
    columns(rows, indent="  ")
    sounds = evaluation["sounds"]
    print_line(
        f"\ndistance of the best of {sounds['candidates']} candidates: {sounds['best_candidate']:.2f} dB, "
        f"best of 200 random settings: {sounds['best_of_200_random']:.2f} dB, ratio {sounds['ratio']:.2f}"
    )
    if search := evaluation.get("search"):
        verdict = "" if search["model_is_nearer"] else ": the model does not help, a search is enough for this patch"
        print_line(
            f"distance after {search['seconds']:g} s of search: {search['with_model']:.2f} dB with the model, "
            f"{search['without_model']:.2f} dB without{verdict}"
        )
    if result["stopped"]:
        print_line("\nto continue, run the command again with --resume")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100.0 * share:.1f} %"


def _list(json: bool) -> None:
    from nodegraph.estimator import load_recipe, recipe_files

    print_recipes(map(load_recipe, recipe_files()), lambda recipe: f"{recipe.training.minutes:g} min", json)
