"""``nodegraph merge``: the edits of two copies of a patch in one, also as a merge driver of git."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..options import Json
from ..output import plural, print_json, print_line, print_note, printable


def merge(
    base: Annotated[
        Path, typer.Argument(metavar="BASE", show_default=False, help="The patch that both copies began with.")
    ],
    ours: Annotated[Path, typer.Argument(metavar="OURS", show_default=False, help="A copy, which becomes the result.")],
    theirs: Annotated[Path, typer.Argument(metavar="THEIRS", show_default=False, help="The other copy.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="File of the result. Default: OURS.")
    ] = None,
    json: Json = False,
) -> int:
    """Merge the edits of two copies of a patch by the ids of blocks.

    Edits of different blocks, values, wires and controls are combined. A thing that both copies changed in another way
    is a conflict: it is named, the result has ours, and the exit status is 1. It is a merge driver of git: see
    docs/TEXT.md.
    """
    from nodegraph.patch import read_patch, write_patch
    from nodegraph.patch.merge import merge_documents

    found = merge_documents(read_patch(base), read_patch(ours), read_patch(theirs))
    target = output or ours
    write_patch(found.document, target)
    if json:
        print_json({"output": str(target), "conflicts": list(found.conflicts)})
        return int(bool(found.conflicts))
    for conflict in found.conflicts:
        print_note(printable(f"conflict: {conflict}"))
    print_line(f"Saved {target} with {plural(len(found.conflicts), 'conflict')}.")
    return int(bool(found.conflicts))
