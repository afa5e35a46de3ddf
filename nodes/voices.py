"""Voices: keys that are pressed become lanes that sound."""

from nodegraph.blocks.voice_allocation import (
    BENT,
    FADE,
    GATE,
    LEAVES,
    LEVEL,
    MAX_VOICES,
    NO_ZONE,
    NOTE,
    PITCH,
    PRESS,
    QUIET,
    RELEASE,
    SIZE,
    SMOOTH,
    STAYS,
    TIMBRE,
    UNHEARD,
    VELOCITY,
    VOICE,
    advance_sample,
    end_orphaned_notes,
    in_zone,
    is_changing,
    receive,
)
from nodegraph.events import NOTE_ON, count, event, message_kind, next_event_offset
from nodegraph.maths import decay_factor, note_to_hz, read_double
from nodegraph.node import Choice, EventIn, In, Memory, Node, Option, Out

OUTPUTS = ("frequency", "pitch", "gate", "velocity", "pressure", "timbre", "release", "level")


class Notes(Node):
    """Plays notes on voices; each voice is a lane of everything that is wired behind it.

    A key takes the voice whose key has been up for longest. If none is up it steals one: the oldest, or that with the
    softest note, but first those that only the pedal holds. A voice that may still be heard falls silent within 3 ms
    before its new note: its gate is low for that time, its velocity glides to the new one, and ``level`` goes to 0
    and comes back. Multiply the voice by ``level``, and nothing of the old note is left in the new one.

    mono plays the latest of the keys that are down, legato does so without a new attack as long as one is down. With
    MPE each note has a channel of its own: bend (by 48 semitones), pressure and timbre belong to it alone. MIDI 1.0
    Detailed Specification (1996); MIDI Polyphonic Expression (MIDI Manufacturers Association, 2018).
    """

    allocates_voices = "voices"
    events = EventIn(doc="MIDI messages")
    glide = In(0.0, unit="s", min=0.0, max=10.0, doc="time from a voice's pitch to that of its next note")
    transpose = In(
        0.0, unit="semitones", min=-48.0, max=48.0, doc="added to the pitch; a lane for each voice, or one for all"
    )
    tail = In(1.0, unit="s", min=0.0, max=60.0, doc="how long a voice may be heard after its key is up")
    play = Choice("poly", "mono", "legato", doc="a voice for each key, one for all, or one whose notes are tied")
    steal = Choice("oldest", "quietest", doc="which voice is taken when all keys are down")
    mpe = Choice("off", "lower", "upper", doc="zone of channels with a note each: upwards from 1, downwards from 16")
    voices = Option(8, min=1, max=MAX_VOICES, doc="most keys that sound together, when poly")
    channel = Option(0, min=0, max=16, doc="MIDI channel that it listens to; 0 is all of them; unused with MPE")
    low_key = Option(0, min=0, max=127, doc="lowest key that is played; 60 is middle C")
    high_key = Option(127, min=0, max=127, doc="highest key that is played")
    bend_range = Option(2.0, unit="semitones", min=0.0, max=96.0, doc="how far the bend wheel goes")
    members = Option(15, min=1, max=15, doc="channels of the MPE zone that carry notes")
    frequency = Out(unit="Hz", doc="the pitch as a frequency")
    pitch = Out(unit="semitones", doc="the note with bend, glide and transposition; 60 is middle C")
    gate = Out(unit="gate", doc="1 while the key is down or held by the pedal")
    velocity = Out(unit="ratio", doc="how fast the key went down, 0 to 1")
    pressure = Out(unit="ratio", doc="pressure on the key, 0 to 1")
    timbre = Out(unit="ratio", doc="controller 74, 0 to 1")
    release = Out(unit="ratio", doc="how fast the key came up, 0 to 1")
    level = Out(unit="ratio", doc="1, and for a moment 0 where the voice is taken from one note for the next")
    m = Memory(lambda settings: SIZE)

    def lanes(inputs, settings):
        return dict.fromkeys(OUTPUTS, settings["voices"] if settings["play"] == "poly" else 1)

    def block(
        events, glide, transpose, tail, play, steal, mpe, channel, low_key, high_key, bend_range, members,
        frequency, pitch, gate, velocity, pressure, timbre, release, level, m, sr, dt,
    ):  # fmt: skip
        samples, voices = gate.shape
        end_orphaned_notes(m, voices, play, channel, mpe, members)
        shifts = False
        for i in range(samples):
            for lane in range(transpose.shape[1]):
                shifts |= read_double(transpose, (i, lane)) != read_double(transpose, (0, lane))
        fade, smooth = dt / FADE, decay_factor(SMOOTH, dt)
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, samples)
            if end > begin:
                for v in range(voices):
                    at = VOICE * v
                    write_sample(
                        m, v, transpose, begin, frequency, pitch, gate, velocity, pressure, timbre, release, level
                    )
                    if m[at + GATE] == 0.0 and m[at + LEAVES] == STAYS:
                        m[at + QUIET] += float(end - begin)
                for out in (frequency, pitch, gate, velocity, pressure, timbre, release, level):
                    for i in range(begin + 1, end):
                        for v in range(voices):
                            out[i, v] = out[begin, v]
                for v in range(voices):
                    if shifts or is_changing(m, v, mpe, bend_range):
                        for i in range(begin, end):
                            advance_sample(m, v, mpe, read_double(glide, (i, 0)) * sr, bend_range, fade, smooth)
                            write_sample(
                                m, v, transpose, i, frequency, pitch, gate, velocity, pressure, timbre, release, level
                            )
                    m[VOICE * v + UNHEARD] = 0.0
            begin = end
            if k == count(events):
                break
            _, status, data1, data2, value = event(events, k)
            wanted = channel == 0 or (status & 0x0F) == channel - 1
            if mpe != NO_ZONE:
                wanted = in_zone(m, mpe, members, status & 0x0F)
            if message_kind(status) == NOTE_ON:
                wanted &= low_key <= data1 <= high_key
            if wanted and status < 0xF0:
                i = min(end, samples - 1)
                receive(
                    m, voices, play, steal, mpe, read_double(tail, (i, 0)) * sr, read_double(glide, (i, 0)) * sr,
                    bend_range,
                    status, data1, data2, value,
                )  # fmt: skip


def write_sample(m, v, transpose, i, frequency, pitch, gate, velocity, pressure, timbre, release, level):
    """Sample ``i`` of a voice; one that has never played rests at middle C."""
    at = VOICE * v
    semitones = (m[at + PITCH] if m[at + NOTE] > 0.0 else 60.0) + m[at + BENT]
    semitones += read_double(transpose, (i, min(v, transpose.shape[1] - 1)))
    frequency[i, v], pitch[i, v] = note_to_hz(semitones), semitones
    gate[i, v], velocity[i, v] = m[at + GATE], m[at + VELOCITY]
    level[i, v] = m[at + LEVEL] if m[at + NOTE] > 0.0 else 1.0
    pressure[i, v], timbre[i, v], release[i, v] = m[at + PRESS], m[at + TIMBRE], m[at + RELEASE]
