"""Computer keyboard as a MIDI keyboard: letter keys play notes while it is on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nodegraph.midi.keyboard import DOWN, KEYS, UP, KeyboardState, press, release, release_all

from ..command import command, in_status, on
from ..desk import Desk, State
from ..events import KeyReleased
from ..external import external_control
from ..sound.protocol import SoundState

PORT = "keyboard"  # port name, for the port setting of midi_in
OCTAVES = {"pagedown": DOWN, "pageup": UP}


@dataclass
class PianoKeys(State):
    """State of the piano keys; ``piano`` is None while they are off."""

    piano: KeyboardState | None = None
    is_per_patch = False


def is_on(desk: Desk) -> bool:
    """Return whether the letter keys play notes."""
    return desk.state(PianoKeys).piano is not None


@command("Piano keys", "ctrl+shift+k", menu="Sound", section=2, checked=is_on)
def piano_keys(desk: Desk, payload: object) -> None:
    """Play notes with Z S X … and Q 2 W …; Page Up and Page Down change the octave."""
    keys = desk.state(PianoKeys)
    if keys.piano is not None:
        _send(desk, *release_all(keys.piano))
        keys.piano = None
        desk.notify("Piano keys off.")
        return
    keys.piano = KeyboardState()
    hint = "" if "midi_in" in desk.types else " Add a midi_in block to receive them."
    desk.notify(f"Piano keys on. Ctrl+Shift+K turns them off.{hint}")


def play_key(desk: Desk, key: str) -> bool:
    """Play a pressed key; return False if the piano keys are off or the key is not one of them."""
    piano = desk.state(PianoKeys).piano
    name = OCTAVES.get(key, key.upper())
    if piano is None or (name not in KEYS and key not in OCTAVES):
        return False
    _send(desk, *press(piano, name))
    return True


@on(KeyReleased)
def on_key_released(desk: Desk, event: KeyReleased) -> None:
    """Send the note-off of a released key."""
    piano = desk.state(PianoKeys).piano
    if piano is not None:
        _send(desk, *release(piano, event.name))


def _send(desk: Desk, piano: KeyboardState, messages: list[bytes]) -> None:
    desk.state(PianoKeys).piano = piano
    for message in messages:
        external_control(desk).attach(desk).on_message(PORT, message, time.perf_counter())


@in_status("piano")
def piano_status(desk: Desk, state: SoundState) -> str:
    """Return the octave of the lower row of keys."""
    piano = desk.state(PianoKeys).piano
    return f"piano keys from C{piano.octave}" if piano is not None else ""
