"""``nodegraph demo``: a patch heard with nothing else typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.demos import demo_patch

from ..options import Json, Seconds
from ..output import format_duration, print_line, print_note
from ..silence_stderr import silence_native_stderr
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
    if window and not window_problem():
        return edit(patch)
    obstacle = playback_problem()
    if not obstacle:
        from nodegraph.engine.core import EngineError

        try:
            if not json:
                print_line(f"Playing {patch} for {format_duration(seconds or PLAYED)}; Ctrl-C ends it earlier.")
            return run(patch, seconds=seconds or PLAYED, json=json)
        except EngineError as error:
            obstacle = str(error).rstrip(".")
    output = Path(f"{patch.stem}.wav")
    if not json:
        print_line(f"Not played, because {obstacle}: rendering {patch} into {output.resolve()} instead.")
    elif obstacle:
        print_note(f"not played, because {obstacle}")
    return render(patch, output, seconds=seconds or RENDERED, json=json)


def window_problem() -> str:
    """What stands in the way of the editor, "" if nothing."""
    from nodegraph.editor.dpg.display_check import display_problem

    return "this is a CI machine" if _on_ci() else display_problem()


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def playback_problem() -> str:
    """What stands in the way of playing, "" if nothing."""
    from nodegraph.engine import live
    from nodegraph.engine.core import EngineError

    if _on_ci():
        return "this is a CI machine"
    try:
        with silence_native_stderr():
            found = live.devices()
    except EngineError as error:
        return str(error).rstrip(".")
    return "" if any(device["outputs"] for device in found) else "there is no sound device here"
