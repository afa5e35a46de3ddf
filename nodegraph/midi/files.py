"""Read and write standard MIDI files. After Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).

``mido`` reads the file; :mod:`.salvage` reads files that mido rejects. Times are integers in a unit so small that
times across tempo changes are exact: 1 / (1,000,000 × ticks per quarter note) s.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .salvage import MAX_DELTA, Track, salvage_tracks

if TYPE_CHECKING:
    from mido import Message, MidiFile

MAX_FILE_BYTES = 16 << 20  # the messages use about a hundred times as much memory
MAX_SECONDS = 7 * 24 * 3600
DEFAULT_TEMPO = 500_000  # µs per quarter note
MAX_TICKS = 0x7FFF  # ticks per quarter note
SUSTAIN_PEDAL = 64


class MidiFileError(Exception):
    """A MIDI file that cannot be played; the message is one line for the user."""


class MidiReceiver(Protocol):
    """A receiver of MIDI messages, such as an engine."""

    rate: float

    def send(self, message: Message, at: int, port: str) -> None:
        """Receive a message for sample ``at``."""


@dataclass
class MidiScore:
    """A piece: messages in order, with their times in units of 1 / ``units_per_second`` s.

    The attribute ``time`` of the messages is not used.
    """

    messages: list[tuple[int, Message]]
    length: int
    units_per_second: int
    problems: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The duration in seconds, up to the end of the longest track."""
        return float(Fraction(self.length, self.units_per_second))

    def at_rate(self, rate: float) -> Iterator[tuple[int, Message]]:
        """Yield the messages, each with the sample nearest to its exact time."""
        samples, units = (Fraction(rate) / self.units_per_second).as_integer_ratio()
        for time, message in self.messages:
            yield (2 * time * samples + units) // (2 * units), message

    def play(self, receiver: MidiReceiver, start: float = 0.0, port: str = "") -> None:
        """Send the piece to an engine; it begins ``start`` s after the engine's sample 0."""
        first = round(start * receiver.rate)
        for sample, message in self.at_rate(receiver.rate):
            receiver.send(message, first + sample, port)


# -- reading -------------------------------------------------------------------------------------------------


def read_midi_file(path: Path) -> MidiScore:
    """Read a standard MIDI file (.mid or .rmi). Raises MidiFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise MidiFileError(f"{path}: cannot be read ({error.strerror}).") from None
    if len(data) > MAX_FILE_BYTES:
        raise MidiFileError(f"{path}: is larger than {MAX_FILE_BYTES >> 20} MB. Split it.")
    return parse_midi_file(data, path.name)


def parse_midi_file(data: bytes, name: str) -> MidiScore:
    """Parse the bytes of a standard MIDI file. Raises MidiFileError."""
    data = _without_riff(data)
    if data[:4] != b"MThd" or len(data) < 14:
        raise MidiFileError(f"'{name}' is not a standard MIDI file. Export it as one (.mid).")
    kind, declared, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    tracks = _mido_tracks(data)
    problems: list[str] = []
    if tracks is None:
        tracks, problems = salvage_tracks(data, name)
    if len(tracks) < declared and not problems:
        problems.append(f"'{name}' is truncated: it has {len(tracks)} of {declared} tracks, which are played.")
    return _score(tracks, kind, division, name, problems)


def score_of(file: MidiFile, name: str = "the MIDI file") -> MidiScore:
    """Return the piece in a ``mido.MidiFile``. Raises MidiFileError."""
    return _score(_with_ticks(file), file.type, file.ticks_per_beat & 0xFFFF, name, [])


def _without_riff(data: bytes) -> bytes:
    """Return the MIDI file in an RMID file: its chunk ``data``, which may follow others."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    at = 12
    while data[at : at + 4] not in (b"data", b""):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return data[at + 8 :]


def _mido_tracks(data: bytes) -> list[Track] | None:
    """Return the tracks as read by mido, or None if mido fails or misreads a time."""
    from mido import KeySignatureError, MidiFile

    if re.search(rb"[\x80-\xff]{1024}", data):
        return None  # mido reads a number of any length, in quadratic time
    try:
        file = MidiFile(file=io.BytesIO(data), clip=True)
    except (EOFError, OSError, ValueError, LookupError, KeySignatureError):
        return None
    for message in (message for track in file.tracks for message in track):
        # mido sets the time of unknown meta messages to 0
        if message.type == "unknown_meta" or message.time > MAX_DELTA:
            return None
    return _with_ticks(file) or None


def _with_ticks(file: MidiFile) -> list[Track]:
    return [list(zip(accumulate(message.time for message in track), track)) for track in file.tracks]


def _score(tracks: Sequence[Track], kind: int, division: int, name: str, problems: list[str]) -> MidiScore:
    if kind == 2 and len(tracks) > 1:
        problems.append(f"'{name}' contains {len(tracks)} independent patterns (format 2); the first one is played.")
        tracks = tracks[:1]
    events = [(tick, number, message) for number, track in enumerate(tracks) for tick, message in track]
    events.sort(key=lambda event: event[:2])  # at one tick, by track
    events = list(_notes_off_first(events))
    events = sorted([*events, *_missing_ends(events)], key=lambda event: event[0])
    messages, length, units_per_second = _with_times(events, division, name)
    if length > MAX_SECONDS * units_per_second:
        length = MAX_SECONDS * units_per_second
        messages = [(time, message) for time, message in messages if time <= length]
        messages += [(length, end) for _, _, end in _missing_ends([(time, 0, message) for time, message in messages])]
        problems.append(f"'{name}' is longer than a week; its first week is played.")
    return MidiScore(messages, length, units_per_second, problems)


_Event = tuple[int, int, Any]  # tick, track, message


def _begins_note(message: Any) -> bool:
    return bool(message.type == "note_on" and message.velocity > 0)


def _notes_off_first(events: Sequence[_Event]) -> Iterator[_Event]:
    """Move the end of a note before the beginning of its key in another track at the same tick.

    Otherwise the new note is silent or not depending on the order of the tracks.
    """
    for _, events_at_tick in groupby(events, key=lambda event: event[0]):
        group = list(events_at_tick)
        if len(group) == 1:
            yield group[0]
            continue
        first_on: dict[tuple[int, int], int] = {}
        on_in_track = set()
        positions = []
        for position, (_, track, message) in enumerate(group):
            positions.append((position, 1))
            if message.type in ("note_on", "note_off"):
                key = message.channel, message.note
                if _begins_note(message):
                    first_on.setdefault(key, position)
                    on_in_track.add((track, key))
                elif key in first_on and (track, key) not in on_in_track:
                    positions[-1] = (first_on[key], 0)
        yield from (event for _, event in sorted(zip(positions, group), key=lambda entry: entry[0]))


def _missing_ends(events: Iterable[_Event]) -> Iterator[_Event]:
    """Yield note-offs and pedal releases, at the end of their track, for unended notes and pedals."""
    from mido import Message

    track_ends: dict[int, int] = {}
    unended: dict[tuple[int, int | str], tuple[int, Message]] = {}  # (channel, key or "pedal") → track, end message
    for tick, track, message in events:
        track_ends[track] = tick
        if message.type in ("note_on", "note_off"):
            unended.pop((message.channel, message.note), None)
            if _begins_note(message):
                end = Message("note_off", channel=message.channel, note=message.note)
                unended[message.channel, message.note] = track, end
        elif message.type == "control_change" and message.control == SUSTAIN_PEDAL:
            unended.pop((message.channel, "pedal"), None)
            if message.value >= 64:
                unended[message.channel, "pedal"] = track, message.copy(value=0)
    for track, end in unended.values():
        yield track_ends[track], track, end


def _with_times(events: Sequence[_Event], division: int, name: str) -> tuple[list[tuple[int, Message]], int, int]:
    """Return the messages with their times in units, the time of the end, and the units per second."""
    if division & 0x8000:  # SMPTE frames per second, and ticks per frame
        frames, ticks = 256 - (division >> 8), division & 0xFF
        tempo, units_per_second = (1001, 30_000 * ticks) if frames == 29 else (1, frames * ticks)
        follows_tempo = False
    else:
        tempo, units_per_second, follows_tempo = DEFAULT_TEMPO, 1_000_000 * division, True
    if units_per_second == 0:
        raise MidiFileError(f"'{name}' does not define the length of a beat. Export it again.")
    messages: list[tuple[int, Message]] = []
    time = before = 0
    for tick, _, message in events:
        time += (tick - before) * tempo
        before = tick
        if not message.is_meta:
            messages.append((time, message))
        elif follows_tempo and message.type == "set_tempo":
            tempo = max(message.tempo, 1)
    return messages, time, units_per_second


# -- writing -------------------------------------------------------------------------------------------------


def midi_file_of(messages: Iterable[Message], rate: float) -> MidiFile:
    """Build a ``mido.MidiFile`` of messages whose ``time`` is in seconds from the start.

    Times are rounded to samples at ``rate`` Hz. A tick is a sample (within 2 ppm if the rate is not even). Real-time
    messages, such as clocks, are omitted: MIDI files cannot contain them.
    """
    from mido import MetaMessage, MidiFile, MidiTrack

    halvings = 0
    while rate / 2 / 2**halvings > MAX_TICKS:
        halvings += 1
    ticks = max(round(rate / 2 / 2**halvings), 1)
    track = MidiTrack([MetaMessage("set_tempo", tempo=round(1_000_000 * ticks / rate))])
    before = 0
    for message in sorted(messages, key=lambda message: message.time):
        if not message.is_realtime:
            tick = round(message.time * rate)
            track.append(message.copy(time=tick - before))
            before = tick
    return MidiFile(type=0, ticks_per_beat=ticks, tracks=[track])


def encode_midi_file(messages: Iterable[Message], rate: float) -> bytes:
    """Return the bytes of the MIDI file that :func:`midi_file_of` builds."""
    buffer = io.BytesIO()
    midi_file_of(messages, rate).save(file=buffer)
    return buffer.getvalue()
