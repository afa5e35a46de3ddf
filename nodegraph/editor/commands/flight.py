"""Flight log: records a performance that `nodegraph replay` reproduces sample by sample."""

from __future__ import annotations

from pathlib import Path

from ..command import command, in_status
from ..desk import Desk
from ..sound.protocol import SoundState
from .sound import sound_name


@command("Record flight log…", menu="Sound", section=1, checked=lambda desk: bool(desk.sound_state.flight))
def toggle_flight_log(desk: Desk, payload: object) -> None:
    """Restart the engine and log the whole performance; run again to finish the log."""
    if desk.refresh_sound_state().flight:
        desk.sound.set_flight_log(None)
        return

    def begin(path: Path) -> None:
        desk.sound.set_flight_log(path if path.suffix else path.with_suffix(".flight"))
        desk.notify("Engine restarted, flight log started.")

    desk.ask_file("flight", "Flight log", begin, ".flight", save=True, name=sound_name(desk, "take", ".flight"))


@in_status("flight")
def flight_status(desk: Desk, state: SoundState) -> str:
    """Return the name of the open flight log."""
    return f"logging {state.flight}" if state.flight else ""
