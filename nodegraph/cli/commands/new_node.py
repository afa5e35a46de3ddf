"""``nodegraph new-node``: write a template for a new block."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from ..options import Json
from ..output import print_json, print_line


def new_node(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", show_default=False, help="Name of the class or the type: MyFilter or my_filter."
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Folder of the file. Default: the folder of user blocks."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a template for a new block.

    The template is a working block: one class in one file.
    """
    from nodegraph.blocks.registry import user_folder
    from nodegraph.blocks.template import TemplateError, write_template

    try:
        path, type = write_template(name, folder)
    except TemplateError as error:
        if error.is_name:
            raise typer.BadParameter(str(error), param_hint="NAME") from None
        raise CommandError(str(error)) from None
    home = user_folder()
    found = os.path.realpath(path.parent) == os.path.realpath(home)
    if json:
        print_json({"file": str(path), "type": type, "found": found})
        return
    print_line(f"{path}: block '{type}'. Edit the file, then show it with `nodegraph nodes {type}`.")
    if not found:
        print_line(
            f"User blocks are loaded from {home}; to use this folder, set NODEGRAPH_NODES={path.parent.resolve()}"
        )
