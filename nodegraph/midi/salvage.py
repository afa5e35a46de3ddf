"""Reading of truncated or damaged MIDI files, which mido rejects, up to the last complete event."""

from __future__ import annotations

from typing import Any

from .messages import END_OF_SYSEX, SYSEX, length_of

META, END_OF_TRACK = 0xFF, 0x2F
MAX_DELTA = (1 << 28) - 1  # ticks; the largest four-byte number

Track = list[tuple[int, Any]]  # ticks from the start, and a mido.Message or mido.MetaMessage


def salvage_tracks(data: bytes, name: str) -> tuple[list[Track], list[str]]:
    """Return the tracks of a MIDI file, each up to its first fault, and a line about each fault."""
    tracks: list[Track] = []
    problems: list[str] = []
    at = 8 + int.from_bytes(data[4:8], "big")
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        at += 8
        if kind == b"MTrk":
            track, complete = _read_track(data[at : at + size])
            tracks.append(track)
            if at + size > len(data):
                problems.append(f"'{name}' is truncated in track {len(tracks)}; its complete events are played.")
            elif not complete:
                problems.append(f"'{name}' is damaged in track {len(tracks)}; the events before that are played.")
        at += size
    if at < len(data):
        problems.append(f"'{name}' is truncated after track {len(tracks)}; its complete events are played.")
    return tracks, problems


def _read_track(data: bytes) -> tuple[Track, bool]:
    """Return the complete events of a track, and whether these are all; the end mark may be missing."""
    from mido import Message
    from mido.midifiles.meta import build_meta_message

    track: Track = []
    at = tick = status = 0
    try:
        while at < len(data):
            delta, at = _read_number(data, at)
            tick += delta
            first = data[at]
            if first == META:
                kind = data[at + 1]
                size, at = _read_number(data, at + 2)
                body, at = _read_bytes(data, at, size)
                try:
                    track.append((tick, build_meta_message(kind, body)))
                except Exception:  # an invalid text or key signature, which is not needed for playing
                    continue
                if kind == END_OF_TRACK:
                    break
            elif first in (SYSEX, END_OF_SYSEX):
                size, at = _read_number(data, at + 1)
                body, at = _read_bytes(data, at, size)
                inner = [min(byte, 127) for byte in body if byte not in (SYSEX, END_OF_SYSEX)]
                track.append((tick, Message("sysex", data=inner)))
            else:
                if first >= 0x80:  # else running status, which meta and system exclusive events do not end
                    status, at = first, at + 1
                size = length_of(status) - 1
                if size < 0:
                    return track, False
                body, at = _read_bytes(data, at, size)
                track.append((tick, Message.from_bytes([status, *(min(byte, 127) for byte in body)])))
    except IndexError:
        return track, False
    return track, True


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to four bytes, and the position after it."""
    value = 0
    for k in range(at, at + 4):
        value = value << 7 | data[k] & 0x7F
        if data[k] < 0x80:
            return value, k + 1
    raise IndexError


def _read_bytes(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size], at + size
