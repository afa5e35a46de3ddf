"""``nodegraph mix``: one sound's content in another's style."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import INTERRUPTED
from ..options import Device, Json, positive
from ..output import (
    columns,
    format_bytes,
    format_duration,
    print_json,
    print_line,
    print_note,
    print_recipes,
    print_warning,
)
from ..progress import Progress
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.mixtures import Mixture
    from nodegraph.mixtures.mixing import Mixing
    from nodegraph.mixtures.optimise import Step


def mix(
    content: Annotated[
        Path | None, typer.Argument(metavar="CONTENT", show_default=False, help="Sound file: melody, words, rhythm.")
    ] = None,
    style: Annotated[
        Path | None, typer.Argument(metavar="STYLE", show_default=False, help="Sound file: timbre and texture.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.wav", show_default=False, help="Sound file: .wav, .flac, .ogg …"),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", metavar="NAME|FILE", help="Configuration of the mixture; see --list.")
    ] = "texture",
    quick: Annotated[
        bool, typer.Option("--quick", help="At most 22050 Hz, 2.5 s and 60 iterations, to hear what a recipe does.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of noise and random filters.")] = 0,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", "-s", metavar="S", callback=positive, help="Seconds of both sounds, at most."),
    ] = None,
    iterations: Annotated[
        int | None, typer.Option("--iterations", "-n", metavar="N", min=1, help="Evaluations of the loss.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights of VGG-19: .safetensors, or .pth of torchvision."),
    ] = None,
    style_weight: Annotated[
        float | None,
        typer.Option(
            "--style-weight", metavar="X", callback=positive, help="Factor of the recipe's weight of the style."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted mixture to OUT.wav.")] = False,
    device: Device = None,
    progress: Annotated[bool, typer.Option("--progress", help="Print the percentage after each iteration.")] = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and exit.")] = False,
    json: Json = False,
) -> int | None:
    """Mix two sounds: one's content in the other's style.

    `nodegraph mix speech.wav rain.wav -o out.wav` searches a spectrogram near that of the content with the statistics
    of the style, and makes a sound of it. Ctrl-C stops and writes the best so far; --resume continues.
    """
    if list_recipes:
        _list(json)
        return None
    if content is None or style is None:
        raise typer.BadParameter("missing. Name two sound files", param_hint="CONTENT STYLE")
    if output is None:
        raise typer.BadParameter("missing. Add a sound file to write, such as out.wav", param_hint="--output")
    from nodegraph import mixtures

    if quick:
        print_note("quick: at most 22050 Hz, 2.5 s and 60 iterations; leave out --quick for the recipe itself")
    with catch_stop_signals() as stop, Progress("mixing", 1.0) as bar:
        observer = mixtures.MixObserver(
            plan=_print_plan,
            note=print_warning,
            progress=lambda step: _print_progress(step) if progress else _show_progress(bar, step),
            stop=lambda: stop.requested,
        )
        mixture = mixtures.mix(
            content,
            style,
            output,
            recipe,
            quick=quick,
            seed=seed,
            seconds=seconds,
            iterations=iterations,
            weights=weights,
            style_weight=style_weight,
            resume=resume,
            device=device,
            observer=observer,
        )
    result = _result(mixture)
    print_json(result) if json else _print_result(result)
    return INTERRUPTED if mixture.stopped else None


def _print_plan(mixing: Mixing) -> None:
    print_note(f"{mixing.description}; about {format_bytes(mixing.bytes)} of memory")
    from nodegraph.learn.memory import memory_bytes

    memory = memory_bytes()
    if memory is not None and mixing.bytes > memory:
        print_warning(f"this machine has {format_bytes(memory)}. Use --quick, or a shorter --seconds")


def _show_progress(bar: Progress, step: Step) -> None:
    bar.to(step.done / step.total, f"iteration {step.done}, loss {step.loss:.4g}")


def _print_progress(step: Step) -> None:
    print(f"{100.0 * step.done / step.total:.0f}%", flush=True)


def _result(mixture: Mixture) -> dict[str, Any]:
    return {
        "file": str(mixture.path),
        "recipe": mixture.recipe.plain(),
        "weights": mixture.weights,
        "rate": mixture.rate,
        "seconds": len(mixture.samples) / mixture.rate,
        "start_loss": mixture.start_loss,
        "loss": mixture.loss,
        "start_terms": mixture.start_terms,
        "terms": mixture.terms,
        "iterations": mixture.iterations,
        "correlation": mixture.correlation,
        "elapsed": mixture.seconds,
        "stopped": mixture.stopped,
        "notes": list(mixture.notes),
    }


def _print_result(result: dict[str, Any]) -> None:
    elapsed = format_duration(round(result["elapsed"], 1))
    print_line(
        f"{result['file']}: {format_duration(result['seconds'])} at {result['rate']:g} Hz, recipe "
        f"{result['recipe']['name']}, {result['iterations']} iterations in {elapsed}"
    )
    print_line(f"weights: {result['weights']}")
    rows = [("loss", f"{result['start_loss']:.4g}", "→", f"{result['loss']:.4g}")]
    rows += [(name, f"{result['start_terms'][name]:.4g}", "→", f"{x:.4g}") for name, x in result["terms"].items()]
    columns(rows, "  ")
    print_line(f"correlation with the waveform of the content: {100.0 * result['correlation']:.1f} %")
    if result["stopped"]:
        print_line("to continue, run the command again with --resume")


def _list(json: bool) -> None:
    from nodegraph.mixtures import load_recipe, recipe_files

    print_recipes(
        map(load_recipe, recipe_files()), lambda recipe: f"{recipe.sound.seconds:g} s at {recipe.sound.rate:g} Hz", json
    )
