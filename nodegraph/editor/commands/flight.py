"""The flight log: a performance that `nodegraph replay` gives again, sample by sample."""

from __future__ import annotations

from pathlib import Path

from ..command import command, in_status
from ..desk import Desk
from ..sound.protocol import SoundState
from .sound import sound_name


@command("Log this performance…", menu="Sound", section=1, checked=lambda desk: bool(desk.sound_state.flight))
def toggle_flight_log(desk: Desk, payload: object) -> None:
    """Begin the sound anew and log all that is played and edited; chosen again, the log is finished."""
    if desk.refresh_sound_state().flight:
        desk.sound.set_flight_log(None)
        return

    def begin(path: Path) -> None:
        desk.sound.set_flight_log(path if path.suffix else path.with_suffix(".flight"))
        desk.notify("The sound begins anew, and all that is played and edited is logged.")

    desk.ask_file("flight", "Log to", begin, ".flight", save=True, name=sound_name(desk, "take", ".flight"))


@in_status("flight")
def flight_status(desk: Desk, state: SoundState) -> str:
    """The log that is being written."""
    return f"logging {state.flight}" if state.flight else ""
