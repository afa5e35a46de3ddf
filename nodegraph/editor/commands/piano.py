"""The computer's keyboard as a piano: letters are notes while it is on."""

from __future__ import annotations

import time

from nodegraph.midi.keyboard import DOWN, KEYS, UP, Piano, let_go, pressed, released

from ..command import command, in_status, on
from ..desk import Desk
from ..events import KeyReleased
from ..outside import outside
from ..sound import Sounding

PORT = "keyboard"  # its name for the port setting of midi_in
OCTAVES = {"pagedown": DOWN, "pageup": UP}


@command("Piano keys", "ctrl+shift+k", menu="Sound", section=2, checked=lambda desk: "piano" in desk.memory)
def piano_keys(desk: Desk, argument: object) -> None:
    """Play notes with Z S X … and Q 2 W …, Page Up and Page Down change the octave; chosen again, they are letters."""
    if "piano" in desk.memory:
        _send(desk, *let_go(desk.memory["piano"]))
        del desk.memory["piano"]
        desk.say("The letter keys are commands again.")
        return
    desk.memory["piano"] = Piano()
    hint = "" if "midi_in" in desk.types else " No block hears them yet: add a midi_in."
    desk.say(f"The letter keys play notes. Ctrl+Shift+K ends that.{hint}")


def plays(desk: Desk, key: str) -> bool:
    """Play a key that went down, if it is one of the piano's and the piano is on."""
    piano: Piano | None = desk.memory.get("piano")
    name = OCTAVES.get(key, key.upper())
    if piano is None or (name not in KEYS and key not in OCTAVES):
        return False
    _send(desk, *pressed(piano, name))
    return True


@on(KeyReleased)
def came_up(desk: Desk, event: KeyReleased) -> None:
    """A key ends the note that it began."""
    if "piano" in desk.memory:
        _send(desk, *released(desk.memory["piano"], event.name))


def _send(desk: Desk, piano: Piano, messages: list[bytes]) -> None:
    desk.memory["piano"] = piano
    for message in messages:
        outside(desk).reach(desk).hear(PORT, message, time.perf_counter())


@in_status("piano")
def piano_status(desk: Desk, state: Sounding) -> str:
    """The octave that the lower row of keys begins at."""
    piano: Piano | None = desk.memory.get("piano")
    return f"piano keys from C{piano.octave}" if piano is not None else ""
