"""``nodegraph keep``: the last minutes of what was played, into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CommandError
from ..options import Json, positive
from ..output import columns, format_duration, print_json, print_line
from ..sound_writer import describe_file, write_sound_file

if TYPE_CHECKING:
    from nodegraph.recording.keeping import RetrospectiveSession


def keep(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.wav", help="Sound file: .wav, .flac, .ogg …"),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", "-m", metavar="M", callback=positive, help="Only so many; else all there are."),
    ] = None,
    session: Annotated[
        int, typer.Option("--session", "-n", metavar="N", min=1, help="1 is the latest, 2 the one before it …")
    ] = 1,
    json: Json = False,
) -> int:
    """Keep the last minutes that `nodegraph run` or the editor played.

    They are always there, also while it plays on and after a crash. Without --output it lists the sessions.
    """
    from nodegraph.recording.keeping import sessions

    found = [kept for kept in sessions() if kept.seconds > 0]
    if output is None:
        _list(found, json)
        return 0
    if session > len(found):
        many = f"only {len(found)} are" if found else "nothing is"
        raise CommandError(f"there is no session {session}: {many} kept. Play something with `nodegraph run` first.")
    kept = found[session - 1]
    seconds = min(60.0 * minutes, kept.seconds) if minutes else kept.seconds
    total = max(round(seconds * kept.rate), 1)
    result = write_sound_file(kept.last(seconds), output, kept.rate, kept.channels, total, "keeping")
    if json:
        print_json(result | {"started": kept.started, "title": kept.title})
    else:
        describe_file(result)
    return 0


def _list(found: list[RetrospectiveSession], json: bool) -> None:
    if json:
        rows = enumerate(found, 1)
        print_json([{"session": k, "started": s.started, "title": s.title, "seconds": s.seconds} for k, s in rows])
    elif found:
        columns((k, s.started, format_duration(s.seconds), s.title) for k, s in enumerate(found, 1))
    else:
        print_line("nothing is kept yet. Play something with `nodegraph run`.")
