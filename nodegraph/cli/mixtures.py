"""The options and the output that the commands of mixtures share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import INTERRUPTED
from .output import columns, format_bytes, format_duration, print_json, print_line, print_note, print_warning
from .progress import Progress
from .shutdown import catch_stop_signals

if TYPE_CHECKING:
    from nodegraph.mixtures import MixObserver, Mixture
    from nodegraph.mixtures.mixing import Mixing
    from nodegraph.mixtures.optimise import Step


def not_negative(value: float | None) -> float | None:
    """Return ``value`` if it is None, or finite and at least 0. Raises BadParameter."""
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter(f"must be finite and at least 0, got {value:g}")
    return value


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="OUT.wav", show_default=False, help="Sound file: .wav, .flac, .ogg …"),
]
Recipe = Annotated[str, typer.Option("--recipe", "-r", metavar="NAME|FILE", help="Configuration; see mix --list.")]
MixSeed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of noise and grains.")]
Iterations = Annotated[
    int | None,
    typer.Option(
        "--iterations",
        "-n",
        metavar="N",
        min=1,
        help="Evaluations of the loss: for each piece, and for its refinement.",
    ),
]
Preview = Annotated[bool, typer.Option("--preview", help="At most 5 s with fewer iterations, in under 10 s.")]
Percentage = Annotated[bool, typer.Option("--progress", help="Print the percentage after each iteration.")]
Resume = Annotated[bool, typer.Option("--resume", help="Resume an interrupted run to OUT.wav.")]


def output_file(output: Path | None) -> Path:
    """Return the file to write. Raises BadParameter if it is missing."""
    if output is None:
        raise typer.BadParameter("missing. Add a sound file to write, such as out.wav", param_hint="--output")
    return output


def run_mixture(
    label: str, run: Callable[[MixObserver], Mixture], json: bool, prints_progress: bool = False
) -> int | None:
    """Run a mixture with progress and Ctrl-C, print its result, and return the exit status."""
    from nodegraph.mixtures import MixObserver

    def show(step: Step) -> None:
        if prints_progress:
            print(f"{100.0 * step.done / step.total:.0f}%", flush=True)
        bar.to(step.done / step.total, f"iteration {step.done}, loss {step.loss:.4g}")

    with catch_stop_signals() as stop, Progress(label, 1.0) as bar:
        mixture = run(
            MixObserver(
                plan=_print_plan,
                note=print_warning,
                progress=show,
                stop=lambda: stop.requested,
            )
        )
    result = _result(mixture)
    print_json(result) if json else _print_result(result)
    return INTERRUPTED if mixture.stopped else None


def _print_plan(mixing: Mixing) -> None:
    print_note(f"{mixing.description}; about {format_bytes(mixing.bytes)} of memory")
    from nodegraph.learn.memory import memory_bytes

    memory = memory_bytes()
    if memory is not None and mixing.bytes > memory:
        print_warning(f"this machine has {format_bytes(memory)}. Use a shorter --seconds")


def _result(mixture: Mixture) -> dict[str, Any]:
    return {
        "file": str(mixture.path),
        "recipe": mixture.recipe.plain(),
        "weights": mixture.weights,
        "rate": mixture.rate,
        "channels": 1 if mixture.samples.ndim == 1 else mixture.samples.shape[1],
        "seconds": len(mixture.samples) / mixture.rate,
        "start_loss": mixture.start_loss,
        "loss": mixture.loss,
        "start_terms": mixture.start_terms,
        "terms": mixture.terms,
        "iterations": mixture.iterations,
        "correlation": mixture.correlation,
        "copying": mixture.copying,
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
    if not math.isnan(result["correlation"]):
        print_line(f"correlation with the waveform of the content: {100.0 * result['correlation']:.1f} %")
    print_line(f"correlation with the waveform of the style: {100.0 * result['copying']:.1f} %")
    if result["stopped"]:
        print_line("to continue, run the command again with --resume")
