"""The computer keyboard as a piano with two rows of keys.

The lower row (Z S X D C …) begins at C, the upper row (Q 2 W 3 E …) an octave above, as in trackers. Keys are named
after the letters at their positions on a US keyboard, independent of the layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LOWER = "ZSXDCVGBHNJM,L.;/"
UPPER = "Q2W3ER5T6Y7UI9O0P[=]"
KEYS: dict[str, int] = {key: step for step, key in enumerate(LOWER)} | {
    key: 12 + step for step, key in enumerate(UPPER)
}
"""Semitones above the lowest C."""

DOWN, UP = "PageDown", "PageUp"  # change the octave
LOWEST, HIGHEST = 0, 9  # octaves of MIDI


@dataclass(frozen=True)
class KeyboardState:
    """The keys that are down: ``held`` maps keys to MIDI notes. Octave 4 begins at middle C (60); velocity is 1–127."""

    octave: int = 4
    velocity: int = 100
    channel: int = 1
    held: dict[str, int] = field(default_factory=dict)


def press(piano: KeyboardState, key: str) -> tuple[KeyboardState, list[bytes]]:
    """Return the piano after a key was pressed, and the messages to send; none for key repeat."""
    if key in (DOWN, UP):
        octave = min(max(piano.octave + (1 if key == UP else -1), LOWEST), HIGHEST)
        return KeyboardState(octave, piano.velocity, piano.channel, piano.held), []
    step = KEYS.get(key.upper())
    if step is None or key.upper() in piano.held:
        return piano, []
    note = 12 * (piano.octave + 1) + step
    if note > 127:
        return piano, []
    held = {**piano.held, key.upper(): note}
    message = bytes((0x90 + piano.channel - 1, note, piano.velocity))
    return KeyboardState(piano.octave, piano.velocity, piano.channel, held), [message]


def release(piano: KeyboardState, key: str) -> tuple[KeyboardState, list[bytes]]:
    """Return the piano after a key was released, and its note-off, also if the octave has changed since."""
    note = piano.held.get(key.upper())
    if note is None:
        return piano, []
    held = {other: at for other, at in piano.held.items() if other != key.upper()}
    is_held = note in held.values()
    message = [] if is_held else [bytes((0x80 + piano.channel - 1, note, 0))]
    return KeyboardState(piano.octave, piano.velocity, piano.channel, held), message


def release_all(piano: KeyboardState) -> tuple[KeyboardState, list[bytes]]:
    """Return the piano without pressed keys, and their note-offs, for a window that loses focus."""
    messages = [bytes((0x80 + piano.channel - 1, note, 0)) for note in sorted(set(piano.held.values()))]
    return KeyboardState(piano.octave, piano.velocity, piano.channel), messages
