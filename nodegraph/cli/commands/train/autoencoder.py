"""``nodegraph train autoencoder``: train an autoencoder on sounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.files.wording import argument

from ...errors import INTERRUPTED
from ...options import Device, Json, Trust, positive
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
from ...progress import Progress
from ...shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.learn import TrainingResult

MAX_SHOWN = 5  # skipped files that are listed


def autoencoder(
    audio: Annotated[
        list[str] | None,
        typer.Option(
            "--audio",
            "-a",
            metavar="PATH",
            show_default=False,
            help="A sound file, a folder of them, or a patch (.json); repeatable.",
        ),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", show_default=False, help="Further paths, like --audio.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="MODEL", show_default=False, help="Model file to write (.safetensors)."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            show_default=False,
            help="Train this model on, instead of a new one: under a minute. Its layers and features stay.",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", metavar="NAME|FILE", help="Configuration of the training; see --list.")
    ] = "quick",
    width: Annotated[
        str | None,
        typer.Option("--width", "-w", metavar="N", help="Units of the innermost layer, or of all layers: 256-8."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", metavar="N", min=1, help="Epochs. Default: the recipe's.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Random seed.")] = 0,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="ENTRY=VALUE",
            help="Change an entry of the recipe, such as training.rate=1e-4; repeatable.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted training of MODEL.")] = False,
    device: Device = None,
    patch_seconds: Annotated[
        float, typer.Option("--patch-seconds", metavar="S", callback=positive, help="Seconds to render of each patch.")
    ] = 60.0,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and exit.")] = False,
    trust: Trust = None,
    json: Json = False,
) -> int | None:
    """Train an autoencoder on recordings or patches.

    `nodegraph train autoencoder --audio recordings/ -o mine.safetensors` writes a model for the blocks encoder and
    decoder. Recordings are split by file for training, validation and test. Ctrl-C stops and saves the best model so
    far; --resume continues. --from adapts a model to the recordings. The loss is written to MODEL.csv and MODEL.png,
    a sound that was kept for testing and its resynthesis to MODEL-original.wav and MODEL-resynthesis.wav.
    """
    if list_recipes:
        _list(json)
        return None
    paths = [*(audio or ()), *(more or ())]
    if not paths:
        raise typer.BadParameter("missing. Add sound files, a folder of them or patches", param_hint="--audio")
    if output is None:
        raise typer.BadParameter("missing. Add a model file to write, such as mine.safetensors", param_hint="--output")
    if start is not None and recipe != "quick":
        raise typer.BadParameter("is that of the model with --from. Leave out one of them", param_hint="--recipe")
    trained = _train(paths, output, recipe, width, epochs, seed, set, resume, device, patch_seconds, start)
    for line in trained.notes[:MAX_SHOWN]:
        print_warning(line)
    if len(trained.notes) > MAX_SHOWN:
        print_warning(f"and {len(trained.notes) - MAX_SHOWN} more; --json lists all")
    result = _result(trained) | {"sounds": _sounds(trained, patch_seconds, seed)}
    print_json(result) if json else _print_result(result)
    return INTERRUPTED if trained.stopped else None


def _train(
    paths: list[str],
    output: Path,
    recipe: str,
    width: str | None,
    epochs: int | None,
    seed: int,
    sets: list[str] | None,
    resume: bool,
    device: str | None,
    patch_seconds: float,
    start: Path | None,
) -> TrainingResult:
    from nodegraph.learn import TrainingObserver, train

    with catch_stop_signals() as stop, Progress("reading", 1.0) as bar:
        observer = TrainingObserver(
            progress=lambda step: bar.to(
                step.done,
                f"{step.stage}: epoch {step.epoch} of {step.epochs}, loss {step.valid:.4g}, best {step.best:.4g}",
            ),
            frames=lambda done, total: bar.to(0.0, f"reading {done + 1} of {plural(total, 'file')}"),
            stop=lambda: stop.requested,
        )
        return train(
            paths, output, recipe, width, epochs, seed, sets or (), resume, device, patch_seconds, observer, start
        )


def _sounds(trained: TrainingResult, patch_seconds: float, seed: int) -> list[str]:
    """Write a sound for testing and its resynthesis; return the files."""
    from nodegraph.learn import LearnError
    from nodegraph.learn.listening import save_sounds

    tested = trained.sources.get("test", [])
    if trained.path is None or not tested:
        return []
    try:
        return [str(file) for file in save_sounds(trained.model, trained.path, tested[-1], patch_seconds, seed)]
    except LearnError as error:
        print_warning(str(error))
        return []


def _result(trained: TrainingResult) -> dict[str, Any]:
    model = trained.model
    about = model.card["trained_on"]
    return {
        "file": str(trained.path),
        "bytes": trained.path.stat().st_size if trained.path else 0,
        "recipe": model.card["recipe"],
        "widths": "-".join(
            str(n) for n in (model.features.width, *(layer.outputs for layer in (*model.encoder, *model.decoder)))
        ),
        "code": model.code_size,
        "files": about["file_count"],
        "sound": about["seconds"],
        "frames": about["frames"],
        "seconds": trained.seconds,
        "stopped": trained.stopped,
        "stages": trained.stages,
        "errors": trained.errors,
        "problems": trained.notes,
    }


def _print_result(result: dict[str, Any]) -> None:
    frames = result["frames"]
    state = "stopped, best model so far" if result["stopped"] else f"trained in {format_duration(result['seconds'])}"
    print_line(f"{result['file']}: {result['widths']}, {format_bytes(result['bytes'])}, {state}")
    print_line(
        f"from {plural(result['files'], 'file')}, {format_duration(result['sound'])}: {frames['train']} frames, "
        f"{frames['valid']} for validation, {frames['test']} for test"
    )
    print_line("\nsquared error on test frames, summed over bins (relative to the mean)")
    rows: list[tuple[str, ...]] = [("", "model", f"PCA of {result['code']}", "the mean")]
    for space, parts in result["errors"].items():
        found = parts["test"]
        rows.append(
            (
                space,
                f"{found['sum']:.4g} ({found['relative']:.3f})",
                f"{found['pca']:.4g} ({found['pca_relative']:.3f})",
                f"{found['predict_the_mean']:.4g}",
            )
        )
    columns(rows, indent="  ")
    if result["sounds"]:
        print_line(f"\nto hear: {' and '.join(result['sounds'])}")
        print_line(f"to play: nodegraph play-model {argument(result['file'])} {argument(result['sounds'][0])}")
    if result["stopped"]:
        print_line("\nto continue, run the command again with --resume")


def _list(json: bool) -> None:
    from nodegraph.learn import load_recipe, recipe_files

    print_recipes(map(load_recipe, recipe_files()), lambda recipe: recipe.widths, json)
