"""Standard MIDI files: every message with its exact time. After Standard MIDI Files 1.0 (MIDI Manufacturers
Association, 1996).

Times are whole numbers of a unit so small that tempo changes add up without rounding (a tick of so many microseconds
is a whole number of 1 / (1,000,000 × ticks in a quarter) s). A file that is cut short or damaged gives what is whole,
and a sentence that says so; mido, which would give up on it, checks in the tests what is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from .messages import END_OF_EXCLUSIVE, EXCLUSIVE, length_of

if TYPE_CHECKING:
    from nodegraph.engine.core import Engine

META, END_OF_TRACK, SET_TEMPO = 0xFF, 0x2F, 0x51
USUAL_TEMPO = 500_000  # µs in a quarter note
_Placed = tuple[int, int, bytes]  # tick, track, message


class MidiFileError(Exception):
    """A file cannot be played at all; one line says why."""


@dataclass
class Score:
    """A piece: messages in order with their times in units, of which ``per_second`` are a second."""

    messages: list[tuple[int, bytes]]
    length: int
    per_second: int
    problems: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it is, with the rest after its last message."""
        return float(Fraction(self.length, self.per_second))

    def at_rate(self, rate: float) -> Iterator[tuple[int, bytes]]:
        """The messages with their samples, each the nearest to its exact time."""
        samples = Fraction(rate) / self.per_second
        for time, message in self.messages:
            yield int(time * samples + Fraction(1, 2)), message

    def play(self, engine: Engine, start: float = 0.0, port: str = "") -> None:
        """Send the piece to the ``midi_in`` blocks of an engine, from ``start`` s of its time on."""
        first = round(start * engine.rate)
        for sample, message in self.at_rate(engine.rate):
            engine.send_midi(message, first + sample, port)


def read_midi_file(path: Path) -> Score:
    """The piece in a standard MIDI file. Raises MidiFileError where there is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MidiFileError(f"{path}: cannot be read ({error.strerror}).") from None
    return parse_midi_file(data, path.name)


def parse_midi_file(data: bytes, name: str) -> Score:
    """The piece in the bytes of a standard MIDI file. Raises MidiFileError where they are none."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[20:]
    if data[:4] != b"MThd" or len(data) < 14:
        raise MidiFileError(f"'{name}' is not a standard MIDI file. Save it as one (.mid) in the program it is from.")
    kind, declared, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    problems: list[str] = []
    tracks = list(_tracks(data, name, problems))
    if len(tracks) < declared and not problems:
        problems.append(f"'{name}' is cut short: it has {len(tracks)} of {declared} tracks. These are played.")
    if kind == 2 and len(tracks) > 1:
        problems.append(f"'{name}' holds {len(tracks)} separate patterns (format 2); the first one is played.")
        tracks = tracks[:1]
    events = [(tick, number, message) for number, track in enumerate(tracks) for tick, message in track]
    events.sort(key=lambda event: event[:2])  # at one tick, in the order of the tracks and within them as they are
    messages, length, per_second = _timed(events, division, name)
    return Score([*messages, *_endings(messages)], length, per_second, problems)


def _tracks(data: bytes, name: str, problems: list[str]) -> Iterator[list[tuple[int, bytes]]]:
    at = 8 + int.from_bytes(data[4:8], "big")
    number = 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        at += 8
        if kind == b"MTrk":
            number += 1
            events, whole = _events(data[at : at + size])
            if at + size > len(data):
                problems.append(f"'{name}' is cut short in track {number}; what is whole is played.")
            elif not whole:
                problems.append(f"'{name}' is damaged in track {number}; what comes before that is played.")
            yield events
        at += size
    if at < len(data):
        problems.append(f"'{name}' is cut short after track {number}; what is whole is played.")


def _events(track: bytes) -> tuple[list[tuple[int, bytes]], bool]:
    """Messages of a track with their ticks (tempo and end as meta messages), and whether it is whole."""
    events: list[tuple[int, bytes]] = []
    at = tick = status = 0
    try:
        while at < len(track):
            delta, at = _variable(track, at)
            tick += delta
            first = track[at]
            if first == META:
                kind = track[at + 1]
                size, at = _variable(track, at + 2)
                body, at = _taken(track, at, size)
                if kind == END_OF_TRACK:
                    return [*events, (tick, bytes((META, END_OF_TRACK)))], True
                if kind == SET_TEMPO and size == 3:
                    events.append((tick, bytes((META, SET_TEMPO)) + body))
                status = 0
            elif first in (EXCLUSIVE, END_OF_EXCLUSIVE):
                size, at = _variable(track, at + 1)
                body, at = _taken(track, at, size)
                if first == EXCLUSIVE and body[-1:] == bytes((END_OF_EXCLUSIVE,)):
                    events.append((tick, bytes((EXCLUSIVE,)) + body))
                status = 0
            else:
                if first >= 0x80:
                    status, at = first, at + 1
                size = length_of(status) - 1
                if size < 0 or not status:
                    return events, False
                body, at = _taken(track, at, size)
                if any(byte >= 0x80 for byte in body):
                    return events, False
                events.append((tick, bytes((status,)) + body))
    except IndexError:
        return events, False
    return events, True  # nothing was cut off but the mark of the end


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where the next byte is."""
    value = 0
    for k in range(at, at + 4):
        value = value << 7 | data[k] & 0x7F
        if data[k] < 0x80:
            return value, k + 1
    raise IndexError


def _taken(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size], at + size


def _timed(events: list[_Placed], division: int, name: str) -> tuple[list[tuple[int, bytes]], int, int]:
    """Messages with their times in units, the time of the end, and the units in a second."""
    if division & 0x8000:  # frames of film, and ticks in each
        frames, ticks = 256 - (division >> 8), division & 0xFF
        tempo, per_second = (1001, 30_000 * ticks) if frames == 29 else (1, frames * ticks)
        follows_tempo = False
    else:
        tempo, per_second, follows_tempo = USUAL_TEMPO, 1_000_000 * division, True
    if per_second == 0:
        raise MidiFileError(f"'{name}' does not say how long a beat is. Save it again in the program it is from.")
    messages: list[tuple[int, bytes]] = []
    time = before = 0
    for tick, _, message in events:
        time += (tick - before) * tempo
        before = tick
        if message[0] != META:
            messages.append((time, message))
        elif follows_tempo and message[1] == SET_TEMPO:
            tempo = max(int.from_bytes(message[2:], "big"), 1)
    return messages, time, per_second


def _endings(messages: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Ends at the last message for notes that have none, and for pedals that were left down."""
    sounding: dict[bytes, int] = {}
    for _, message in messages:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (0x80, 0x90):
            end = bytes((0x80 | channel, message[1], 64))
            sounding[end] = int(kind == 0x90 and message[2] > 0)
        elif kind == 0xB0 and message[1] == 64:
            sounding[bytes((0xB0 | channel, 64, 0))] = int(message[2] >= 64)
    for end, on in sounding.items():
        if on:
            yield messages[-1][0], end
