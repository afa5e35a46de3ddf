"""``nodegraph play-model``: play a trained autoencoder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ..control_options import ControllerFile, Midi
from ..errors import CommandError
from ..options import Json, Rate, Seconds
from ..output import print_line
from ..single_render import render_patch
from .demo import PLAY_SECONDS, RENDER_SECONDS, playback_problem
from .run import run

RATE = 44100.0


def play_model(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", show_default=False, help="Model file of `nodegraph train autoencoder`.")
    ],
    sound: Annotated[
        Path | None,
        typer.Argument(metavar="SOUND", show_default=False, help="Sound file to resynthesise. Default: faders alone."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Resynthesise the sound input instead of a file.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.wav", help="Render to a sound file instead.")
    ] = None,
    seconds: Seconds = None,
    rate: Rate = None,
    null: Annotated[bool, typer.Option("--null", help="Play in real time without a device.")] = False,
    controller: ControllerFile = "",
    midi: Midi = None,
    json: Json = False,
) -> int:
    """Play a trained autoencoder: a sound through it, or its faders.

    `nodegraph play-model mine.safetensors guitar.wav` resynthesises the file; without a file the faders of the units
    are the code. With --controller they are those of the controller, and its table is shown. Without a sound device
    the result is rendered to a file in the current folder.
    """
    if sound is not None and live:
        raise CommandError("--live is for the sound input, not for a file. Leave out one of them.")
    if sound is not None and not sound.is_file():
        raise CommandError(f"{sound}: sound file not found. Check the path.")
    from nodegraph.files.recording import unused_path
    from nodegraph.learn.model_patch import model_patch

    problem = "" if null or output else playback_problem()
    chosen = rate or RATE
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / f"{model.stem}.json"
        model_patch(model, sound, live, chosen).save(patch)
        if not output and not problem:
            return run(
                patch, seconds=seconds or PLAY_SECONDS, null=null, rate=chosen, controller=controller, midi=midi,
                allow_outside=True, json=json,
            )  # fmt: skip
        if problem and not json:
            print_line(f"Playback is unavailable ({problem}). Rendering to a file instead.")
        written = output or unused_path(Path(f"{model.stem}.wav"))
        duration = seconds or (_duration(sound) if sound else RENDER_SECONDS)
        return render_patch(patch, written, seconds=duration, rate=chosen, allow_outside=True, json=json)


def _duration(sound: Path) -> float:
    """Return the duration of a sound file in seconds."""
    from nodegraph.files.sound_opening import open_sound

    try:
        with open_sound(sound) as file:
            return max(file.frames / max(file.samplerate, 1), 0.1)
    except (OSError, RuntimeError) as error:
        raise CommandError(f"{sound}: unreadable sound file ({error}).") from None
