"""The computer's keyboard as a piano, two rows of it.

The lower rows (Z S X D C …) begin at C, the upper ones (Q 2 W 3 E …) an octave above, as in trackers. Keys are
named by the letters of a US keyboard in their places, whatever is printed on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LOWER = "ZSXDCVGBHNJM,L.;/"
UPPER = "Q2W3ER5T6Y7UI9O0P[=]"
KEYS: dict[str, int] = {key: step for step, key in enumerate(LOWER)} | {
    key: 12 + step for step, key in enumerate(UPPER)
}
"""Semitones above the lowest C."""

DOWN, UP = "PageDown", "PageUp"  # by an octave
LOWEST, HIGHEST = 0, 9  # octaves that MIDI has


@dataclass(frozen=True)
class Piano:
    """What is held down: key → MIDI note. ``octave`` 4 begins at middle C (60); ``velocity`` is 1–127."""

    octave: int = 4
    velocity: int = 100
    channel: int = 1
    held: dict[str, int] = field(default_factory=dict)


def pressed(piano: Piano, key: str) -> tuple[Piano, list[bytes]]:
    """The piano after a key went down, and the messages to send. Keys that repeat, or are no notes, send none."""
    if key in (DOWN, UP):
        octave = min(max(piano.octave + (1 if key == UP else -1), LOWEST), HIGHEST)
        return Piano(octave, piano.velocity, piano.channel, piano.held), []
    step = KEYS.get(key.upper())
    if step is None or key.upper() in piano.held:
        return piano, []
    note = 12 * (piano.octave + 1) + step
    if note > 127:
        return piano, []
    held = {**piano.held, key.upper(): note}
    message = bytes((0x90 + piano.channel - 1, note, piano.velocity))
    return Piano(piano.octave, piano.velocity, piano.channel, held), [message]


def released(piano: Piano, key: str) -> tuple[Piano, list[bytes]]:
    """The piano after a key came up: it ends the note that it began, in whatever octave that was."""
    note = piano.held.get(key.upper())
    if note is None:
        return piano, []
    held = {other: at for other, at in piano.held.items() if other != key.upper()}
    still = note in held.values()
    message = [] if still else [bytes((0x80 + piano.channel - 1, note, 0))]
    return Piano(piano.octave, piano.velocity, piano.channel, held), message


def let_go(piano: Piano) -> tuple[Piano, list[bytes]]:
    """The piano after the window lost the keyboard: nothing is held any more."""
    messages = [bytes((0x80 + piano.channel - 1, note, 0)) for note in sorted(set(piano.held.values()))]
    return Piano(piano.octave, piano.velocity, piano.channel), messages
