"""``nodegraph replay``: render a flight log to a sound file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.depths import AUTO

from ..kernels import compile_kernels, kernels_of_engine
from ..options import Depth, Json, Outside, Trust
from ..output import print_json, print_warning
from ..sound_writer import describe_file, exit_status, write_sound_file


def replay(
    log: Annotated[
        Path, typer.Argument(metavar="LOG", show_default=False, help="Flight log written by `nodegraph run --flight`.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT.wav", show_default=False, help="Sound file: .wav, .flac, .ogg …"),
    ],
    patch: Annotated[
        Path | None,
        typer.Option("--patch", "-p", metavar="PATCH", help="Play this patch instead of the one in the log."),
    ] = None,
    allow_outside: Outside = False,
    trust: Trust = None,
    depth: Depth = AUTO,
    json: Json = False,
) -> int:
    """Replay a logged performance, sample by sample.

    A flight log contains the patch with its sounds and models, and every edit, parameter change, note and input sound
    with its sample. The replay produces the same samples. With --patch, the same events play another patch.
    """
    from nodegraph.files.sound_format import format_of
    from nodegraph.recording.replay import Replay, opened

    from ..patches import open_patch

    format_of(output, depth)
    other = open_patch(patch) if patch is not None else None
    compile_kernels(kernels_of_engine(live=True))
    with opened(log) as flight:
        engine = Replay(flight, other, allow_outside)
        try:
            result = write_sound_file(
                engine.blocks(), output, engine.rate, engine.outputs, max(flight.samples, 1), "replaying", depth
            )
        finally:
            engine.close()
    for line in engine.notes:
        print_warning(line)
    if json:
        print_json(result | {"log": str(log), "notes": engine.notes})
    else:
        describe_file(result)
    return exit_status(result)
