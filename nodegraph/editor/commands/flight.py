"""The flight log: a performance that `nodegraph replay` gives again, sample by sample."""

from __future__ import annotations

from pathlib import Path

from ..command import command, in_status
from ..desk import Desk
from ..sound.protocol import Sounding
from .sounding import sound_name


@command("Log this performance…", menu="Sound", section=1, checked=lambda desk: bool(desk.sounding.flight))
def fly(desk: Desk, argument: object) -> None:
    """Begin the sound anew and log all that is played and edited; chosen again, the log is finished."""
    if desk.listen().flight:
        desk.sound.fly(None)
        return

    def begin(path: Path) -> None:
        desk.sound.fly(path if path.suffix else path.with_suffix(".flight"))
        desk.say("The sound begins anew, and all that is played and edited is logged.")

    desk.ask_file("flight", "Log to", begin, ".flight", save=True, name=sound_name(desk, "take", ".flight"))


@in_status("flight")
def flight_status(desk: Desk, state: Sounding) -> str:
    """The log that is being written."""
    return f"logging {state.flight}" if state.flight else ""
