"""Voice allocation: MIDI notes played on lanes."""

from nodegraph.blocks.tuning import KEYBOARD, SCALE, tuned_note, tuning_problem, tuning_table
from nodegraph.blocks.voice_allocation import (
    FADE_OUT,
    FADE_SECONDS,
    GATE,
    GATE_IS_NEW,
    LEVEL,
    MAX_VOICES,
    NO_FADE,
    NO_ZONE,
    NOTE,
    PITCH,
    RELEASE_VELOCITY,
    SINCE_RELEASE,
    SIZE,
    SMOOTH_BEND,
    SMOOTH_PRESSURE,
    SMOOTH_TIMBRE,
    SMOOTHING_SECONDS,
    VELOCITY,
    VOICE_SIZE,
    advance_sample,
    end_orphaned_notes,
    in_zone,
    is_changing,
    receive,
)
from nodegraph.events import NOTE_ON, count, event, message_kind, next_event_offset
from nodegraph.maths import decay_factor, note_to_hz, read_double
from nodegraph.node import Choice, EventIn, Example, In, Memory, Node, Option, Out, Table

OUTPUTS = ("frequency", "pitch", "gate", "velocity", "pressure", "timbre", "release", "level")


class Notes(Node):
    """Converts notes to the signals of one voice or of several (poly); each voice is a lane.

    A new key takes the voice whose key was released first. If all keys are down it steals a voice: the oldest or the
    quietest, and first a voice that only the pedal holds. A sounding voice fades out within 3 ms before it is reused:
    its gate is low for that time, its velocity glides to the new value, and ``level`` falls to 0 and rises again.
    Multiply the voice by ``level``, so that the old note does not sound in the new one.

    mono plays the latest key that is down; legato does the same without a new attack while a key is down. In MPE mode
    each note has a separate channel, with its bend (by 48 semitones), pressure and timbre. Set ``glide`` for
    portamento. ``scale`` and ``keyboard`` tune the keys by files of Scala; bends are in semitones of equal temperament.

    MIDI 1.0 Detailed Specification (1996); MIDI Polyphonic Expression (MIDI Manufacturers Association, 2018).
    """

    words = (
        "voice, voices, poly, polyphony, polyphonic, voice allocator, voice allocation, glide, portamento, mono "
        "synth, legato, monophonic, MIDI to CV, note, clone, gate, note on, velocity, MPE, sustain pedal, keyboard "
        "voices, unison, CV gate, voice manager, MIDI-CV, V-poly, play chords, poly synth, mono, sustain, Noten, "
        "Stimmen, polyphon, polyphonie, voix, chord player, key tracking, voice stealing, duophonic, paraphonic, note "
        "priority, aftertouch, midi notes"
    )
    example = Example(vary="")

    allocates_voices = "voices"
    events = EventIn(doc="MIDI messages")
    glide = In(0.0, unit="s", min=0.0, max=10.0, doc="duration of the slide from one note of a voice to the next")
    transpose = In(
        0.0, unit="semitones", min=-48.0, max=48.0, doc="added to the pitch; one lane per voice, or one for all"
    )
    tail = In(1.0, unit="s", min=0.0, max=60.0, doc="longest time that a voice sounds after its key is released")
    play = Choice("poly", "mono", "legato", doc="one voice per key, one voice, or one voice with tied notes")
    steal = Choice("oldest", "quietest", doc="voice that is stolen if all keys are down")
    mpe = Choice("off", "lower", "upper", doc="MPE zone: channels upwards from 1, or downwards from 16")
    voices = Option(8, min=1, max=MAX_VOICES, doc="maximum number of voices in poly mode")
    channel = Option(0, min=0, max=16, doc="MIDI channel to receive; 0 is all channels; unused with MPE")
    low_key = Option(0, min=0, max=127, doc="lowest key to play; 60 is middle C")
    high_key = Option(127, min=0, max=127, doc="highest key to play")
    bend_range = Option(2.0, unit="semitones", min=0.0, max=96.0, doc="pitch bend at the end of the wheel")
    scale, keyboard = SCALE, KEYBOARD
    members = Option(15, min=1, max=15, doc="note channels in the MPE zone")
    frequency = Out(unit="Hz", doc="pitch as a frequency")
    pitch = Out(unit="semitones", doc="note with bend, glide and transposition; 60 is middle C")
    gate = Out(unit="gate", doc="1 while the key is down or held by the pedal")
    velocity = Out(unit="ratio", doc="speed of the key press, 0 to 1")
    pressure = Out(unit="ratio", doc="pressure on the key, 0 to 1")
    timbre = Out(unit="ratio", doc="controller 74, 0 to 1")
    release = Out(unit="ratio", doc="speed of the key release, 0 to 1")
    level = Out(unit="ratio", doc="1, with a short dip to 0 when the voice is stolen for a new note")
    m = Memory(lambda settings: SIZE)
    tuning = Table(tuning_table)

    def lanes(inputs, settings):
        return dict.fromkeys(OUTPUTS, settings["voices"] if settings["play"] == "poly" else 1)

    def check(settings):
        return tuning_problem(settings)

    def block(
        events, glide, transpose, tail, play, steal, mpe, channel, low_key, high_key, bend_range, members,
        frequency, pitch, gate, velocity, pressure, timbre, release, level, m, tuning, tuning_size, sr, dt,
    ):  # fmt: skip
        samples, voices = gate.shape
        end_orphaned_notes(m, voices, play, channel, mpe, members)
        shifts = False
        for i in range(samples):
            for lane in range(transpose.shape[1]):
                shifts |= read_double(transpose, (i, lane)) != read_double(transpose, (0, lane))
        fade, smooth = dt / FADE_SECONDS, decay_factor(SMOOTHING_SECONDS, dt)
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, samples)
            if end > begin:
                for v in range(voices):
                    at = VOICE_SIZE * v
                    write_sample(
                        m, v, transpose, tuning, tuning_size, begin, frequency, pitch, gate, velocity, pressure, timbre,
                        release, level,
                    )  # fmt: skip
                    if m[at + GATE] == 0.0 and m[at + FADE_OUT] == NO_FADE:
                        m[at + SINCE_RELEASE] += float(end - begin)
                for out in (frequency, pitch, gate, velocity, pressure, timbre, release, level):
                    for i in range(begin + 1, end):
                        for v in range(voices):
                            out[i, v] = out[begin, v]
                for v in range(voices):
                    if shifts or is_changing(m, v, mpe, bend_range):
                        for i in range(begin, end):
                            advance_sample(m, v, mpe, read_double(glide, (i, 0)) * sr, bend_range, fade, smooth)
                            write_sample(
                                m, v, transpose, tuning, tuning_size, i, frequency, pitch, gate, velocity, pressure,
                                timbre, release, level,
                            )  # fmt: skip
                    m[VOICE_SIZE * v + GATE_IS_NEW] = 0.0
            begin = end
            if k == count(events):
                break
            _, status, data1, data2, value = event(events, k)
            accepted = channel == 0 or (status & 0x0F) == channel - 1
            if mpe != NO_ZONE:
                accepted = in_zone(m, mpe, members, status & 0x0F)
            if message_kind(status) == NOTE_ON:
                accepted &= low_key <= data1 <= high_key
            if accepted and status < 0xF0:
                i = min(end, samples - 1)
                receive(
                    m, voices, play, steal, mpe, read_double(tail, (i, 0)) * sr, read_double(glide, (i, 0)) * sr,
                    bend_range,
                    status, data1, data2, value,
                )  # fmt: skip


def write_sample(
    m, v, transpose, tuning, tuning_size, i, frequency, pitch, gate, velocity, pressure, timbre, release, level
):  # fmt: skip
    """Write sample ``i`` of a voice; the pitch before its first note is middle C."""
    at = VOICE_SIZE * v
    key = m[at + PITCH] if m[at + NOTE] > 0.0 else 60.0
    key += read_double(transpose, (i, min(v, transpose.shape[1] - 1)))
    semitones = tuned_note(key, tuning, tuning_size) + m[at + SMOOTH_BEND]
    frequency[i, v], pitch[i, v] = note_to_hz(semitones), semitones
    gate[i, v], velocity[i, v] = m[at + GATE], m[at + VELOCITY]
    level[i, v] = m[at + LEVEL] if m[at + NOTE] > 0.0 else 1.0
    pressure[i, v], timbre[i, v] = m[at + SMOOTH_PRESSURE], m[at + SMOOTH_TIMBRE]
    release[i, v] = m[at + RELEASE_VELOCITY]
