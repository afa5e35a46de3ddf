"""``nodegraph diff``: the difference of two patches, in words and in sound."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..options import Json, Outside, Trust
from ..output import print_json, print_line, print_warning, printable

SECONDS = 4.0


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", show_default=False, help="Patch file (.json).")],
    after: Annotated[Path, typer.Argument(metavar="B", show_default=False, help="Patch file (.json).")],
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", metavar="S", min=0.0, help="Seconds to render; 0: words only.")
    ] = SECONDS,
    allow_outside: Outside = False,
    trust: Trust = None,
    json: Json = False,
) -> None:
    """Say what changed between two patches, in words and in sound.

    Values have their units; a block whose id changed is renamed. Both patches are rendered from silence, and their
    levels, spectra and pitches compared.
    """
    from nodegraph import api
    from nodegraph.text.words import difference_in_words

    patches = [api.load(before), api.load(after)]
    words = difference_in_words(patches[0].document, patches[1].document)
    sound = _sound(patches, seconds, allow_outside) if seconds else None
    if json:
        print_json({"words": words, "sound": None if sound is None else asdict(sound)})
        return
    for line in [*(words or ["no difference"]), *(sound.lines() if sound is not None else ())]:
        print_line(printable(line))


def _sound(patches: list[Any], seconds: float, allow_outside: bool) -> Any:
    """Return the difference in sound, or None with a warning if a patch cannot be rendered."""
    from nodegraph import api
    from nodegraph.graph import GraphError
    from nodegraph.text.sounds import difference_in_sound

    rate = patches[0].document.settings.rate or 44100.0
    try:
        sounds = [api.render(patch, seconds, rate, allow_outside=allow_outside) for patch in patches]
    except GraphError as error:
        print_warning(f"not rendered: {error.problems[0]}")
        return None
    return difference_in_sound(sounds[0], sounds[1], rate)
