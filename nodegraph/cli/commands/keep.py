"""``nodegraph keep``: save the last minutes of output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.files.depths import AUTO

from ..errors import CommandError
from ..options import Depth, Json, positive
from ..output import columns, format_duration, print_json, print_line
from ..sound_writer import describe_file, exit_status, write_sound_file

if TYPE_CHECKING:
    from nodegraph.recording.keeping import RetrospectiveSession


def keep(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.wav", help="Sound file: .wav, .flac, .ogg …"),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", "-m", metavar="M", callback=positive, help="Minutes to save. Default: all that are stored."
        ),
    ] = None,
    session: Annotated[
        int,
        typer.Option(
            "--session", "-n", metavar="N", min=1, help="Session number: 1 is the latest, 2 the one before it …"
        ),
    ] = 1,
    depth: Depth = AUTO,
    json: Json = False,
) -> int:
    """Save the last minutes of a live session to a file.

    The output of `nodegraph run` and of the editor is stored continuously. It is available during playback and after
    a crash. Without --output, list the sessions.
    """
    from nodegraph.recording.keeping import sessions

    found = [stored for stored in sessions() if stored.seconds > 0]
    if output is None:
        _list(found, json)
        return 0
    if session > len(found):
        stored = str(len(found)) if found else "none"
        raise CommandError(f"unknown session {session}: {stored} stored. Play a patch with `nodegraph run` first.")
    chosen = found[session - 1]
    seconds = min(60.0 * minutes, chosen.seconds) if minutes else chosen.seconds
    total = max(round(seconds * chosen.rate), 1)
    result = write_sound_file(chosen.last(seconds), output, chosen.rate, chosen.channels, total, "saving", depth)
    if json:
        print_json(result | {"started": chosen.started, "title": chosen.title})
    else:
        describe_file(result)
    return exit_status(result)


def _list(found: list[RetrospectiveSession], json: bool) -> None:
    if json:
        rows = enumerate(found, 1)
        print_json([{"session": k, "started": s.started, "title": s.title, "seconds": s.seconds} for k, s in rows])
    elif found:
        columns((k, s.started, format_duration(s.seconds), s.title) for k, s in enumerate(found, 1))
    else:
        print_line("no sessions are stored. Play a patch with `nodegraph run` first.")
