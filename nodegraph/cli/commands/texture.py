"""``nodegraph texture``: a loop of any length with the texture of a sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.depths import AUTO

from ..mixtures import Iterations, MixSeed, Output, Percentage, Preview, Recipe, Resume, output_file, run_mixture
from ..options import Depth, Device, Json, positive
from ..output import print_note


def texture(
    style: Annotated[
        Path, typer.Argument(metavar="SOUND", show_default=False, help="Sound file: a few seconds of a texture.")
    ],
    output: Output = None,
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", metavar="S", callback=positive, help="Duration of the loop.")
    ] = 8.0,
    recipe: Recipe = "texture",
    preview: Preview = False,
    seed: MixSeed = 0,
    iterations: Iterations = None,
    resume: Resume = False,
    device: Device = None,
    depth: Depth = AUTO,
    progress: Percentage = False,
    json: Json = False,
) -> int | None:
    """Make a seamless loop of any length with the texture of a sound.

    `nodegraph texture rain.wav -s 20 -o loop.wav` arranges short grains of the sound in random order, and changes them
    until their statistics are those of the sound. Another --seed makes another loop. Ctrl-C stops and writes the best
    so far; --resume continues.
    """
    target = output_file(output)
    from nodegraph import mixtures

    if preview:
        print_note("preview: fewer iterations; leave out --preview for the recipe itself")
    return run_mixture(
        "texture",
        lambda observer: mixtures.texture(
            style,
            target,
            seconds,
            recipe,
            preview=preview,
            seed=seed,
            iterations=iterations,
            resume=resume,
            device=device,
            depth=depth,
            observer=observer,
        ),
        json,
        progress,
    )
