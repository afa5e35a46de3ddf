"""Small MIDI files."""

from __future__ import annotations

import mido

BEAT = 0.5  # s, at 120 bpm


def write_piece(path, notes, beats=None, channel=0):
    """Notes are (beat, beats, key); ``beats`` is the length of the piece. Returns ``path``."""
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
