"""Signals converted to MIDI, and MIDI sent to ports."""

import numpy as np

from nodegraph.blocks.midi_sender import LOST, MESSAGE, NOW, PUT, RING, SAMPLE, TAKEN, MidiSender
from nodegraph.events import CONTROL, NOTE_OFF, NOTE_ON, count, event, send
from nodegraph.maths import clip, nearest, read_double
from nodegraph.node import EventIn, EventOut, Example, Helper, In, Node, Option, State

CHANNEL = Option(1, min=1, max=16, doc="MIDI channel to send on")


class MidiOut(Node):
    """Sends events to MIDI ports while the patch plays live.

    With a ``port`` it sends to all ports whose name contains it; without, it opens a virtual port named after the node,
    to which other programs can connect. Removing the block ends its sounding notes. The player's ``sent()`` returns the
    sent messages, and ``render --midi-out`` writes them to a file.
    """

    words = "MIDI output, send MIDI, hardware synth, external synth, drum machine, MIDI send, outboard"

    events = EventIn(doc="MIDI messages to send")
    port = Option("", kind="port", doc="part of the name of the ports to send to; empty opens a virtual port")
    sender = Helper(MidiSender)

    def block(events, ring, marks):
        for k in range(count(events)):
            offset, status, data1, data2, _ = event(events, k)
            if marks[PUT] - marks[TAKEN] >= RING:
                marks[LOST] += 1
                continue
            at = 2 * (marks[PUT] & (RING - 1))
            ring[at + SAMPLE] = marks[NOW] + offset
            ring[at + MESSAGE] = status | data1 << 8 | data2 << 16
            marks[PUT] += 1
        marks[NOW] += 64


class NoteOut(Node):
    """Converts a gate and a pitch to notes: a rising edge starts a note, which ends with the gate. Lanes are voices."""

    words = "send notes, CV to MIDI, play external synth, MIDI notes out, makenote, MIDI note out, gate to MIDI"

    gate = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="high while the note is held")
    pitch = In(60.0, unit="semitones", min=0.0, max=127.0, smooth=False, doc="note number when the gate rises")
    velocity = In(0.8, unit="ratio", min=0.0, max=1.0, smooth=False, doc="velocity when the gate rises")
    channel = CHANNEL
    out = EventOut(doc="MIDI notes")
    sounding, last_gate = State(-1), State()  # 128 × channel + key, or -1

    def block(gate, pitch, velocity, channel, out, sounding, last_gate):
        for lane in range(sounding.shape[0]):
            for i in range(gate.shape[0]):
                now = lane_of(gate, i, lane)
                if now <= 0.5 and sounding[lane] >= 0:
                    key = sounding[lane] & 127
                    send(out, i, NOTE_OFF | sounding[lane] >> 7, key, 64, float(key))
                    sounding[lane] = -1
                elif now > 0.5 and last_gate[lane] <= 0.5:
                    note = clip(lane_of(pitch, i, lane), 0.0, 127.0)
                    loud = int(clip(nearest(127.0 * lane_of(velocity, i, lane)), 1.0, 127.0))
                    key = int(nearest(note))
                    send(out, i, NOTE_ON | channel - 1, key, loud, note)
                    sounding[lane] = 128 * (channel - 1) + key
                last_gate[lane] = now


class ControlOut(Node):
    """Sends a controller when its value changes, at most ``rate`` times per second."""

    words = "CC out, ctlout, send CC, MIDI CC out, controller out, send controller"
    example = Example(inputs={"value": "rise"}, heard="controls")

    value = In(0.0, unit="ratio", min=0.0, max=1.0, doc="controller value, 0 to 1")
    number = Option(1, min=0, max=127, doc="controller number; 1 is the modulation wheel")
    rate = Option(200.0, unit="Hz", min=1.0, max=2000.0, doc="highest number of messages per second")
    channel = CHANNEL
    out = EventOut(doc="controller messages")
    sent, wait = State(-1), State()

    def block(value, number, rate, channel, out, sent, wait, sr):
        for i in range(value.shape[0]):
            now = int(clip(nearest(127.0 * read_double(value, (i, 0))), 0.0, 127.0))
            wait[0] = max(wait[0] - 1.0, 0.0)
            if now != sent[0] and wait[0] == 0.0:
                send(out, i, CONTROL | channel - 1, number, now, now / 127.0)
                sent[0], wait[0] = now, sr / rate


def lane_of(signal, i, lane):
    """Return sample ``i`` of a lane; a signal of one lane is used for every lane."""
    return np.float64(signal[i, lane if signal.shape[1] > 1 else 0])
