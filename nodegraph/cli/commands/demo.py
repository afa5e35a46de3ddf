"""``nodegraph demo``: a patch heard with nothing else typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.demos import demo_patch

from ..options import Json, Seconds
from ..quiet import quiet_libraries
from ..text import duration, note, say
from .edit import edit
from .render import render
from .run import run

PLAYED = 30.0  # s, where something can
RENDERED = 15.0  # s of sound in the file, where nothing can play


def demo(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Which of the patches that come with nodegraph.")
    ] = "demo",
    seconds: Seconds = None,
    window: Annotated[bool, typer.Option("--window", help="Open it in the editor, where there is a display.")] = False,
    json: Json = False,
) -> int:
    """Play a demo patch, or render it where nothing can play.

    The file is written into this folder.
    """
    patch = demo_patch(name)
    if window and not why_no_window():
        return edit(patch)
    obstacle = why_not_play()
    if not obstacle:
        from nodegraph.engine.core import EngineError

        try:
            if not json:
                say(f"Playing {patch} for {duration(seconds or PLAYED)}; Ctrl-C ends it earlier.")
            return run(patch, seconds=seconds or PLAYED, json=json)
        except EngineError as error:
            obstacle = str(error).rstrip(".")
    output = Path(f"{patch.stem}.wav")
    if not json:
        say(f"Not played, because {obstacle}: rendering {patch} into {output.resolve()} instead.")
    elif obstacle:
        note(f"not played, because {obstacle}")
    return render(patch, output, seconds=seconds or RENDERED, json=json)


def why_no_window() -> str:
    """What stands in the way of the editor, "" if nothing."""
    from nodegraph.editor.dpg.display_check import obstacle

    return "this is a CI machine" if _on_ci() else obstacle()


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def why_not_play() -> str:
    """What stands in the way of playing, "" if nothing."""
    from nodegraph.engine import live
    from nodegraph.engine.core import EngineError

    if _on_ci():
        return "this is a CI machine"
    try:
        with quiet_libraries():
            found = live.devices()
    except EngineError as error:
        return str(error).rstrip(".")
    return "" if any(device["outputs"] for device in found) else "there is no sound device here"
