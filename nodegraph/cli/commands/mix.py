"""``nodegraph mix``: one sound's content in another's style."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.depths import AUTO

from ..mixtures import (
    Iterations,
    MixSeed,
    Output,
    Percentage,
    Preview,
    Recipe,
    Resume,
    not_negative,
    output_file,
    run_mixture,
)
from ..options import Depth, Device, Json, positive
from ..output import print_note, print_recipes


class StartChoice(StrEnum):
    """Where the search starts."""

    content = "content"
    noise = "noise"


def mix(
    content: Annotated[
        Path | None, typer.Argument(metavar="CONTENT", show_default=False, help="Sound file: melody, words, rhythm.")
    ] = None,
    style: Annotated[
        Path | None, typer.Argument(metavar="STYLE", show_default=False, help="Sound file: timbre and texture.")
    ] = None,
    output: Output = None,
    recipe: Recipe = "texture",
    preview: Preview = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="At most 22050 Hz, 2.5 s and 60 iterations, to hear what a recipe does.")
    ] = False,
    seed: MixSeed = 0,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", "-s", metavar="S", callback=positive, help="Seconds of both sounds, at most."),
    ] = None,
    iterations: Iterations = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights of VGG-19: .safetensors, or .pth of torchvision."),
    ] = None,
    content_weight: Annotated[
        float | None,
        typer.Option(
            "--content-weight",
            metavar="X",
            callback=not_negative,
            help="Factor of the recipe's weight of the content. Without content, see `nodegraph texture`.",
        ),
    ] = None,
    style_weight: Annotated[
        float | None,
        typer.Option(
            "--style-weight", metavar="X", callback=not_negative, help="Factor of the recipe's weight of the style."
        ),
    ] = None,
    start: Annotated[
        StartChoice | None, typer.Option("--start", help="Where the search starts. Default: the recipe's.")
    ] = None,
    resume: Resume = False,
    device: Device = None,
    depth: Depth = AUTO,
    progress: Percentage = False,
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
    target = output_file(output)
    from nodegraph import mixtures

    if quick:
        print_note("quick: at most 22050 Hz, 2.5 s and 60 iterations; leave out --quick for the recipe itself")
    if preview:
        print_note("preview: at most 5 s, fewer iterations; leave out --preview for the recipe itself")
    return run_mixture(
        "mixing",
        lambda observer: mixtures.mix(
            content,
            style,
            target,
            recipe,
            quick=quick,
            preview=preview,
            seed=seed,
            seconds=seconds,
            iterations=iterations,
            weights=weights,
            content_weight=content_weight,
            style_weight=style_weight,
            start=None if start is None else start.value,
            resume=resume,
            device=device,
            depth=depth,
            observer=observer,
        ),
        json,
        progress,
    )


def _list(json: bool) -> None:
    from nodegraph.mixtures import load_recipe, recipe_files

    print_recipes(
        map(load_recipe, recipe_files()), lambda recipe: f"{recipe.sound.seconds:g} s at {recipe.sound.rate:g} Hz", json
    )
