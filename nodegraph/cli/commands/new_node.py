"""``nodegraph new-node``: a working, commented block to begin with."""

from __future__ import annotations

import keyword
import os
import re
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from ..options import Json
from ..output import print_json, print_line

TEMPLATE = '''"""A block of my own. `nodegraph nodes {type}` shows it."""

from nodegraph.maths import clip, tanh
from nodegraph.node import Choice, In, Node, Out, State


class {name}(Node):
    """A one-pole low-pass followed by a drive, ``y[n] = y[n-1] + a (x[n] - y[n-1])``: make it your own.

    Say here what the block computes and where its equation comes from.
    """

    # Inputs: default, unit and range. Each is a knob, and takes a signal when one is wired to it.
    audio = In(0.0, min=-1.0, max=1.0, doc="signal to be filtered")
    cutoff = In(1000.0, unit="Hz", min=20.0, max=20000.0, taper="log", doc="frequency above which it falls")
    drive = In(1.0, unit="ratio", min=0.1, max=20.0, doc="gain before the curve")

    # Settings are chosen when the patch is compiled; `tick` sees the index of the chosen value.
    curve = Choice("soft", "hard", doc="soft: tanh, hard: clipped at ±1")

    # Outputs, and what is remembered from sample to sample (for every lane by itself).
    out = Out(doc="filtered and driven signal")
    last = State(0.0)

    # One sample. Ask by name for what was declared above, for `sr` (Hz) or `dt` (1 / sr), and return all
    # outputs, then all states, in the order of their declaration. Ordinary arithmetic and the functions of
    # nodegraph.maths are what may be used here: this becomes native code that never waits.
    def tick(audio, cutoff, drive, curve, last, dt):
        a = clip(6.2831853 * cutoff * dt, 0.0, 1.0)
        last = last + a * (audio - last)
        loud = drive * last
        out = tanh(loud) if curve == 0 else clip(loud, -1.0, 1.0)
        return out, last
'''


def new_node(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", show_default=False, help="Its class or type: MyFilter or my_filter."),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Where to; else your own blocks' folder."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a new block of your own, ready to be changed.

    It is one class in one file, and works as it stands.
    """
    from nodegraph.blocks.registry import node_types, user_folder
    from nodegraph.node import snake_case

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name) or keyword.iskeyword(name.lower()):
        raise typer.BadParameter(
            f"'{name}' is no name. Take letters, digits and _, such as MyFilter", param_hint="NAME"
        )
    words = [word for word in snake_case(name).split("_") if word]
    title = "".join(word[0].upper() + word[1:] for word in words)
    type = snake_case(title)
    if type in node_types():
        raise CommandError(f"there is a block '{type}' already. Choose another name.")
    home = user_folder()
    path = (folder or home) / f"{type}.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=title, type=type))
    except FileExistsError:
        raise CommandError(f"{path}: is there already, and stays as it is. Choose another name.") from None
    found = os.path.realpath(path.parent) == os.path.realpath(home)
    if json:
        print_json({"file": str(path), "type": type, "found": found})
        return
    print_line(f"{path}: block '{type}'. Change it, then look at it with `nodegraph nodes {type}`.")
    if not found:
        print_line(f"Blocks are looked for in {home}; for this folder set NODEGRAPH_NODES={path.parent.resolve()}")
