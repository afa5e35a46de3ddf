"""Small MIDI files, written by mido or byte by byte."""

from __future__ import annotations

from dataclasses import dataclass, field

import mido
import numpy as np

BEAT = 0.5  # seconds at 120 bpm


def write_piece(path, notes, beats=None, channel=0):
    """Write notes (beat, beats, key) to a MIDI file and return ``path``; ``beats`` is the length of the piece."""
    events = []
    for start, length, key in notes:
        events.append((start, 1, mido.Message("note_on", channel=channel, note=key, velocity=100)))
        events.append((start + length, 0, mido.Message("note_off", channel=channel, note=key, velocity=64)))
    file, track, now = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack(), 0
    for beat, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(480 * beat)
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(round(480 * (beats or 0)) - now, 0)))
    file.tracks.append(track)
    file.save(path)
    return path


def file_bytes(*tracks, kind=0, division=480):
    """Return a MIDI file with tracks given as bytes or as hex digits."""
    data = b"MThd" + bytes((0, 0, 0, 6)) + b"".join(n.to_bytes(2, "big") for n in (kind, len(tracks), division))
    for track in tracks:
        body = bytes.fromhex(track) if isinstance(track, str) else track
        data += b"MTrk" + len(body).to_bytes(4, "big") + body
    return data


def variable_length(number):
    """Return a number as the one to four bytes of a MIDI file."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


@dataclass
class Generated:
    """A random MIDI file; ``tracks`` are lists of (tick, message, end of its event in ``data``)."""

    kind: int
    division: int
    data: bytes = b""
    tracks: list[list[tuple[int, object, int]]] = field(default_factory=list)

    def up_to(self, end):
        """Return for each track (tick, message) of the events that are complete in the first ``end`` bytes."""
        return [[(tick, message) for tick, message, at in track if at <= end] for track in self.tracks]


def generate(seed):
    """Return a random file of any type, in ticks or SMPTE frames, partly in running status; all notes are ended.

    Each track has a separate channel, so that no two tracks play the same key.
    """
    rng = np.random.default_rng(seed)
    kind = int(rng.integers(3))
    smpte = rng.random() < 0.3
    frames = 256 - int(rng.choice([24, 25, 29, 30]))
    division = (
        frames << 8 | int(rng.choice([1, 4, 40, 100])) if smpte else int(rng.choice([1, 24, 96, 480, 960, 32767]))
    )
    file = Generated(kind, division)
    bodies = [random_track(rng, channel) for channel in range(1 if kind == 0 else int(rng.integers(1, 6)))]
    file.data = file_bytes(
        *(b"".join(data for _, _, data in events) for events in bodies), kind=kind, division=division
    )
    at = 14
    for events in bodies:
        at += 8
        file.tracks.append([])
        for tick, message, data in events:
            at += len(data)
            file.tracks[-1].append((tick, message, at))
    return file


def random_track(rng, channel):
    """Return random events as (tick, message, bytes)."""
    down, events, tick, running = [], [], 0, None
    for _ in range(int(rng.integers(5, 60))):
        delta = int(rng.choice([0, 1, 100, int(rng.integers(0, 20_000))]))
        message = random_message(rng, channel, down)
        tick += delta
        data = bytes(message.bytes())
        if message.is_meta:
            pass
        elif message.type == "sysex":
            data, running = b"\xf0" + variable_length(len(data) - 1) + data[1:], None
        elif data[0] == running and rng.random() < 0.7:
            data = data[1:]
        else:
            running = data[0]
        events.append((tick, message, variable_length(delta) + data))
    for key in down:
        message = mido.Message("note_off", channel=channel, note=key)
        events.append((tick, message, b"\x00" + bytes(message.bytes())))
    end = int(rng.integers(0, 1000))
    message = mido.MetaMessage("end_of_track")
    return [*events, (tick + end, message, variable_length(end) + bytes(message.bytes()))]


def random_message(rng, channel, down):
    """Return a random message of a track; ``down`` are the keys that are down."""

    def number(high=128):
        return int(rng.integers(high))

    def note_on():
        down.append(number())
        return mido.Message("note_on", channel=channel, note=down[-1], velocity=1 + number(127))

    def note_off():
        key = down.pop(number(len(down)))
        down[:] = [other for other in down if other != key]
        return mido.Message(
            *("note_on",) if rng.random() < 0.5 else ("note_off",), channel=channel, note=key, velocity=0
        )

    if rng.random() < 0.6:
        return note_off() if down and rng.random() < 0.5 else note_on()
    makers = [
        lambda: mido.Message("control_change", channel=channel, control=number(64), value=number()),
        lambda: mido.Message("program_change", channel=channel, program=number()),
        lambda: mido.Message("pitchwheel", channel=channel, pitch=number(16384) - 8192),
        lambda: mido.Message("aftertouch", channel=channel, value=number()),
        lambda: mido.Message("polytouch", channel=channel, note=number(), value=number()),
        lambda: mido.Message("sysex", data=[number() for _ in range(number(200))]),
        lambda: mido.MetaMessage("set_tempo", tempo=1 + number(2_000_000)),
        lambda: mido.MetaMessage("lyrics", text="la" * number(90)),
        lambda: mido.MetaMessage("key_signature", key="Bb"),
        lambda: mido.MetaMessage("time_signature", numerator=3, denominator=8),
    ]
    return makers[number(len(makers))]()
