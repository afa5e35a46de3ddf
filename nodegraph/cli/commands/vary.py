"""``nodegraph vary``: set the knobs of a patch to random values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from ..options import Json, PatchFile
from ..output import columns, plural, print_json, print_line
from ..output_files import check_folder_of
from ..patches import open_patch


def vary(
    patch: PatchFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="NEW.json", show_default=False, help="Patch file to write.")
    ],
    seed: Annotated[int, typer.Option("--seed", "-s", metavar="N", min=0, help="Equal seeds give equal values.")] = 0,
    nodes: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="ID", help="Only this block, such as osc or voice/osc; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Set the knobs of a patch to random values, safe for the ears.

    The controls of the patch vary within their ranges and steps, or all knobs if there are none, or those of the
    blocks named by --node. Levels vary only if a control declares their range, and at most up to unity gain. Without a
    control, pitches stay within 40–8000 Hz, feedback within ±0.7, and resonance below self-oscillation. Wires, settings
    and gates keep their values.
    """
    from nodegraph.control.random_values import knobs_of_patch, random_values
    from nodegraph.patch import PatchError, write_patch

    opened = open_patch(patch)
    try:
        action = random_values(knobs_of_patch(opened.document, nodes, patch), seed)
    except PatchError as error:
        raise CommandError(f"{patch}: {error}") from None
    check_folder_of(output)
    write_patch(action.apply(opened.document), output)
    if json:
        print_json({"file": str(output), "seed": seed, "values": action.values})
        return
    print_line(f"{output}: {plural(len(action.values), 'value')} with seed {seed}")
    columns([(target, _text(value)) for target, value in action.values.items()], "  ")


def _text(value: float | list[float]) -> str:
    return ", ".join(f"{number:.4g}" for number in (value if isinstance(value, list) else [value]))
