"""Tunings in the file formats of Scala: scales (.scl) and keyboard mappings (.kbm).

Op de Coul, Scala, https://www.huygens-fokker.org/scala/scl_format.html and mappings.html.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

KEYS = 128
MAX_BYTES = 1 << 20
MAX_NOTES = 4096  # of a scale, and keys of a mapping
MAX_CENTS = 100_000.0
EQUAL = tuple(100.0 * k for k in range(1, 13))  # cents
MIDDLE_C = 60
MIDDLE_C_HZ = 261.6255653005986
LOWEST_HZ, HIGHEST_HZ = 1e-3, 1e6
LOWEST_PITCH, HIGHEST_PITCH = -200.0, 300.0  # semitones, within the range of float32 in Hz


class TuningError(ValueError):
    """A file that is no tuning; the message is one line that begins with the name of the file."""


@dataclass(frozen=True)
class KeyboardMapping:
    """The keys of a scale: ``degrees`` of the keys from ``middle`` on, None for silent keys, () for one after another.

    ``octave`` is the degree at which the mapping repeats. Keys outside ``first`` to ``last`` keep equal temperament.
    Key ``reference`` has ``frequency`` Hz.
    """

    first: int = 0
    last: int = KEYS - 1
    middle: int = MIDDLE_C
    reference: int = MIDDLE_C
    frequency: float = MIDDLE_C_HZ
    octave: int = 0
    degrees: tuple[int | None, ...] = ()


def tuned_keys(scale: tuple[float, ...], mapping: KeyboardMapping) -> list[float]:
    """Return the pitch of each MIDI key in semitones, 69 for 440 Hz; a key without a note has that of the key below.

    ``scale`` has the cents of the degrees from 1 on; the last is the interval at which the scale repeats. Raises
    TuningError if the reference key has no note.
    """
    start = _semitones(scale, mapping, mapping.reference)
    if start is None:
        raise TuningError(f"the reference key {mapping.reference} has no note. Map it, or choose another.")
    origin = 69.0 + 12.0 * math.log2(mapping.frequency / 440.0) - start
    pitches: list[float] = []
    for key in range(KEYS):
        found = _semitones(scale, mapping, key) if mapping.first <= key <= mapping.last else None
        is_silent = mapping.first < key <= mapping.last and found is None
        pitch = origin + found if found is not None else pitches[-1] if is_silent else float(key)
        pitches.append(min(max(pitch, LOWEST_PITCH), HIGHEST_PITCH))
    return pitches


def _semitones(scale: tuple[float, ...], mapping: KeyboardMapping, key: int) -> float | None:
    """Return the semitones from the middle key to a key, or None if it has no note."""
    degree: int | None = key - mapping.middle
    if mapping.degrees:
        turns, place = divmod(key - mapping.middle, len(mapping.degrees))
        degree = mapping.degrees[place]
        if degree is None:
            return None
        degree += turns * (mapping.octave or len(scale))
    assert degree is not None
    periods, step = divmod(degree, len(scale))
    return (periods * scale[-1] + (scale[step - 1] if step else 0.0)) / 100.0


def read_scale(path: Path) -> tuple[float, ...]:
    """Return the cents of the degrees of a scale file, from degree 1 on. Raises TuningError."""
    lines = _lines(path)
    if len(lines) < 2:
        raise TuningError(f"'{path.name}' is not a Scala scale: a description, a number of notes, pitches. Correct it.")
    count = _whole(path, lines[1], "the number of notes", 1, MAX_NOTES)
    pitches = lines[2 : 2 + count]
    if len(pitches) < count:
        raise TuningError(f"'{path.name}' has {len(pitches)} pitches, but should have {count}. Correct the file.")
    return tuple(_cents(path, line) for line in pitches)


def read_mapping(path: Path) -> KeyboardMapping:
    """Return the mapping in a file. Raises TuningError."""
    lines = _lines(path)
    if len(lines) < 7:
        raise TuningError(f"'{path.name}' is not a Scala keyboard mapping: seven numbers and the keys. Correct it.")
    size = _whole(path, lines[0], "the size of the map", 0, MAX_NOTES)
    names = ("the first key", "the last key", "the middle key", "the reference key")
    first, last, middle, reference = (_whole(path, lines[1 + k], names[k], 0, KEYS - 1) for k in range(4))
    frequency = _number(path, lines[5], "the reference frequency", LOWEST_HZ, HIGHEST_HZ)
    octave = _whole(path, lines[6], "the degree of the octave", 0, MAX_NOTES)
    keys = [line.split()[0] if line.split() else "x" for line in lines[7 : 7 + size]]
    degrees = [None if key in "xX" else _whole(path, key, "a key", -MAX_NOTES, MAX_NOTES) for key in keys]
    degrees += [None] * (size - len(degrees))
    return KeyboardMapping(first, last, middle, reference, frequency, octave, tuple(degrees))


def _lines(path: Path) -> list[str]:
    """Return the lines of a file that are no comments."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TuningError(f"'{path.name}' cannot be read ({error.strerror}). Check the name.") from None
    if len(text) > MAX_BYTES or b"\0" in text:
        raise TuningError(f"'{path.name}' is not a text file of Scala. Name a .scl or .kbm file.")
    return [line for line in text.decode("utf-8", "replace").splitlines() if not line.lstrip().startswith("!")]


def _cents(path: Path, line: str) -> float:
    """Return the cents of a pitch: with a point they are cents, otherwise a ratio such as 3/2."""
    word = (line.split() or [""])[0]
    try:
        if "." in word:
            cents = float(word)
        else:
            over, _, under = word.partition("/")
            cents = 1200.0 * math.log2(int(over) / int(under or 1))
    except (ValueError, ZeroDivisionError, OverflowError):
        cents = math.nan
    if not abs(cents) <= MAX_CENTS:
        raise TuningError(
            f"'{path.name}': a pitch must be cents such as 701.955 or a ratio such as 3/2, got '{word[:40]}'."
        )
    return cents


def _number(path: Path, line: str, name: str, low: float, high: float) -> float:
    word = (line.split() or [""])[0]
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise TuningError(f"'{path.name}': {name} must lie in {low:g}–{high:g}, got '{word[:40]}'. Correct the file.")
    return value


def _whole(path: Path, line: str, name: str, low: int, high: int) -> int:
    value = _number(path, line, name, low, high)
    if value != int(value):
        raise TuningError(f"'{path.name}': {name} must be a whole number, got {value:g}. Correct the file.")
    return int(value)
