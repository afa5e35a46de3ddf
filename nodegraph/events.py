"""Events in equations: notes, controllers and clocks, each with its sample.

A ``block`` gets an event port as a list of at most 256 events per quantum, in order of time. An event is a MIDI
message (``status`` with its channel in the low four bits, two data bytes) with its ``offset`` in the quantum and a
``value`` with more resolution than the bytes: semitones for a note, 0 to 1 for a controller or pressure, −1 to 1
for pitch bend. :func:`count` and :func:`event` read a list, :func:`send` adds to one;
:func:`next_event_offset` splits the quantum at its events.

In memory a list is an array of doubles: a header of five, then five for each event. Events that a block sends beyond
``CAPACITY`` are queued for the start of the next quantum; events beyond ``MAX_WAITING`` are lost and counted.
"""

from __future__ import annotations

from typing import Any

from nodegraph.native.words import as_f64

Events = Any  # the doubles of a list, from ``words.as_f64``

CAPACITY = 256  # events of one list per quantum
MAX_WAITING = 512  # events in a list, including those for the next quantum

# The header of a list: events of this quantum, events held, number of late and of lost events so far.
READY, HELD, LATE, LOST = range(4)
# The fields of an event.
OFFSET, STATUS, DATA1, DATA2, VALUE = range(5)
FIELDS = 5
BYTES = 8 * FIELDS * (MAX_WAITING + 1)

# Kinds of messages that have a channel: status & 0xF0.
NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
# System messages.
SONG_POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
# Controllers with a fixed meaning.
PEDAL, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123


def count(events: Events) -> int:
    """Return the number of events of a list in this quantum."""
    return int(events[READY])


def event(events: Events, k: int) -> tuple[int, int, int, int, float]:
    """Return event ``k`` of a list: (offset, status, data1, data2, value), all ints but the last."""
    at = FIELDS * (k + 1)
    status, data1, data2 = int(events[at + STATUS]), int(events[at + DATA1]), int(events[at + DATA2])
    return int(events[at + OFFSET]), status, data1, data2, events[at + VALUE]


def next_event_offset(events: Events, k: int, samples: int) -> int:
    """Return the offset of event ``k``, or ``samples`` if there is no such event."""
    return int(events[FIELDS * (k + 1) + OFFSET]) if k < int(events[READY]) else samples


def message_kind(status: int) -> int:
    """Return the status of a message without its channel."""
    return status & 0xF0 if status < 0xF0 else status


def send(events: Events, offset: int, status: int, data1: int, data2: int, value: float) -> None:
    """Add an event to an output list, which stays in order of time, and at one sample in the order of sending."""
    held = int(events[HELD])
    if held >= MAX_WAITING:
        events[LOST] += 1.0
        return
    at = FIELDS * (held + 1)
    while at > FIELDS and events[at - FIELDS + OFFSET] > offset:
        for k in range(FIELDS):
            events[at + k] = events[at - FIELDS + k]
        at -= FIELDS
    events[at + OFFSET] = float(offset)
    events[at + STATUS] = float(status)
    events[at + DATA1] = float(data1)
    events[at + DATA2] = float(data2)
    events[at + VALUE] = value
    events[HELD] = float(held + 1)


def begin_list(address: int) -> None:
    """Prepare a list for a new quantum: drop the events of the last one, move queued events to the front."""
    events = as_f64(address)
    ready, held = int(events[READY]), int(events[HELD])
    waiting = held - ready
    if ready > 0:
        for k in range(FIELDS, FIELDS * (waiting + 1)):
            events[k] = events[k + FIELDS * ready]
    for k in range(waiting):
        events[FIELDS * (k + 1) + OFFSET] = 0.0
    events[LATE] += float(waiting)
    events[HELD] = float(waiting)
    events[READY] = 0.0


def end_list(address: int) -> None:
    """Complete a list: store the number of events of this quantum in its header."""
    events = as_f64(address)
    events[READY] = float(min(int(events[HELD]), CAPACITY))
