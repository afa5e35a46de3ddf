"""``nodegraph demo``: play a demo patch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.files.demos import demo_patch

from ..options import Json, Seconds
from ..output import format_duration, print_line, print_note
from ..silence_stderr import silence_native_stderr
from ..single_render import render_patch
from .edit import edit
from .run import run

PLAY_SECONDS = 30.0
RENDER_SECONDS = 15.0  # of the sound file if there is no sound device


def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the demo patch.")] = "demo",
    seconds: Seconds = None,
    window: Annotated[bool, typer.Option("--window", help="Open it in the editor if there is a display.")] = False,
    json: Json = False,
) -> int:
    """Play a demo patch.

    Without a sound device the patch is rendered to a file in the current folder.
    """
    patch = demo_patch(name)
    if window and not window_problem():
        return edit(patch)
    from nodegraph.files.recording import unused_path

    problem = playback_problem()
    if not problem:
        from nodegraph.engine.core import EngineError

        try:
            if not json:
                print_line(f"Playing {patch} for {format_duration(seconds or PLAY_SECONDS)}; Ctrl-C stops.")
            return run(patch, seconds=seconds or PLAY_SECONDS, json=json)
        except EngineError as error:
            problem = str(error).rstrip(".")
    output = unused_path(Path(f"{patch.stem}.wav"))
    if not json:
        print_line(f"Playback is unavailable ({problem}). Rendering {patch} to {output.resolve()} instead.")
    elif problem:
        print_note(f"playback is unavailable ({problem})")
    return render_patch(patch, output, seconds=seconds or RENDER_SECONDS, json=json)


def window_problem() -> str:
    """Return why the editor cannot open a window, or ""."""
    from nodegraph.editor.dpg.display_check import display_problem

    return "this is a CI machine" if _on_ci() else display_problem()


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def playback_problem() -> str:
    """Return why live playback is unavailable, or ""."""
    from nodegraph.engine import live
    from nodegraph.engine.core import EngineError

    if _on_ci():
        return "this is a CI machine"
    try:
        with silence_native_stderr():
            found = live.devices()
    except EngineError as error:
        return str(error).rstrip(".")
    return "" if any(device["outputs"] for device in found) else "no sound device found"
