"""The computer's keyboard as a piano: letters are notes while it is on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nodegraph.midi.keyboard import DOWN, KEYS, UP, Piano, pressed, release_all, released

from ..command import command, in_status, on
from ..desk import Desk, State
from ..events import KeyReleased
from ..outside import outside
from ..sound.protocol import Sounding

PORT = "keyboard"  # its name for the port setting of midi_in
OCTAVES = {"pagedown": DOWN, "pageup": UP}


@dataclass
class PianoKeys(State):
    """The piano, while the letter keys play notes."""

    piano: Piano | None = None
    lasting = True


def is_on(desk: Desk) -> bool:
    """Whether the letter keys play notes."""
    return desk.state(PianoKeys).piano is not None


@command("Piano keys", "ctrl+shift+k", menu="Sound", section=2, checked=is_on)
def piano_keys(desk: Desk, argument: object) -> None:
    """Play notes with Z S X … and Q 2 W …, Page Up and Page Down change the octave; chosen again, they are letters."""
    keys = desk.state(PianoKeys)
    if keys.piano is not None:
        _send(desk, *release_all(keys.piano))
        keys.piano = None
        desk.say("The letter keys are commands again.")
        return
    keys.piano = Piano()
    hint = "" if "midi_in" in desk.types else " No block hears them yet: add a midi_in."
    desk.say(f"The letter keys play notes. Ctrl+Shift+K ends that.{hint}")


def plays(desk: Desk, key: str) -> bool:
    """Play a key that went down, if it is one of the piano's and the piano is on."""
    piano = desk.state(PianoKeys).piano
    name = OCTAVES.get(key, key.upper())
    if piano is None or (name not in KEYS and key not in OCTAVES):
        return False
    _send(desk, *pressed(piano, name))
    return True


@on(KeyReleased)
def came_up(desk: Desk, event: KeyReleased) -> None:
    """A key ends the note that it began."""
    piano = desk.state(PianoKeys).piano
    if piano is not None:
        _send(desk, *released(piano, event.name))


def _send(desk: Desk, piano: Piano, messages: list[bytes]) -> None:
    desk.state(PianoKeys).piano = piano
    for message in messages:
        outside(desk).reach(desk).hear(PORT, message, time.perf_counter())


@in_status("piano")
def piano_status(desk: Desk, state: Sounding) -> str:
    """The octave that the lower row of keys begins at."""
    piano = desk.state(PianoKeys).piano
    return f"piano keys from C{piano.octave}" if piano is not None else ""
