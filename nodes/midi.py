"""MIDI from outside, and what it says apart from notes: controllers, pitch bend, programs."""

from nodegraph.events import (
    BEND,
    CONTROL,
    KEY_PRESSURE,
    NOTE_OFF,
    NOTE_ON,
    PRESSURE,
    PROGRAM,
    RESET_CONTROLLERS,
    count,
    event,
    kind_of,
    send,
    until,
)
from nodegraph.maths import remaining
from nodegraph.node import EventIn, EventOut, In, Node, Option, Out, State

EVENTS = EventIn(doc="MIDI messages")
CHANNEL = Option(0, min=0, max=16, doc="MIDI channel that it listens to; 0 is all of them")
SMOOTH = In(0.01, unit="s", min=0.0, max=2.0, doc="time constant with which it follows; 0 is at once")


def hears(channel, status):
    """Whether a message is one of a channel, 1 to 16, or of any for 0."""
    return channel == 0 or status >= 0xF0 or (status & 0x0F) == channel - 1


def value_of(status, data1, data2):
    """What the data bytes say: semitones, 0 to 1, or −1 to 1 for pitch bend."""
    kind = kind_of(status)
    if kind == NOTE_ON or kind == NOTE_OFF:
        return float(data1)
    if kind == CONTROL or kind == KEY_PRESSURE:
        return data2 / 127.0
    if kind == PRESSURE:
        return data1 / 127.0
    if kind == BEND:
        return bend_of(data1, data2)
    return float(data1)


def bend_of(low, high):
    """−1 to 1 of the 14 bits of a pitch bend; its middle, 8192, is 0."""
    wide = float(128 * high + low) - 8192.0
    return wide / 8191.0 if wide > 0.0 else wide / 8192.0


class MidiIn(Node):
    """What arrives from MIDI ports, from MIDI files that are played into the patch, and from the keyboard."""

    device = "events"
    port = Option("", kind="port", doc="part of the name of the port that it listens to; nothing means all")
    channel = CHANNEL
    out = EventOut(doc="MIDI messages")

    def block(out, arrivals, ports, channel):
        for k in range(count(arrivals)):
            offset, status, data1, data2, port = event(arrivals, k)
            if hears(channel, status) and (ports[0] >> int(port)) & 1 == 1:
                send(out, offset, status, data1, data2, value_of(status, data1, data2))


class ControlChange(Node):
    """The value of a controller: a wheel, a fader, a pedal.

    A fine one has 14 bits, whose lower seven come from the controller 32 numbers further on. MIDI 1.0 Detailed
    Specification (1996).
    """

    events, channel = EVENTS, CHANNEL
    number = Option(1, min=0, max=127, doc="number of the controller; 1 is the modulation wheel")
    fine = Option(False, doc="14 bits, with controller number + 32, for numbers below 32")
    start = Option(0.0, min=0.0, max=1.0, doc="value until the controller is moved")
    smooth = SMOOTH
    out = Out(unit="ratio", doc="value, 0 to 1")
    level, target = State(), State()
    high, low, moved = State(0), State(0), State(0)

    def block(events, channel, number, fine, start, smooth, out, level, target, high, low, moved, dt):
        if moved[0] == 0:
            level[0] = target[0] = start
        wide = fine and number < 32
        begin = 0
        for k in range(count(events) + 1):
            end = until(events, k, out.shape[0])
            for i in range(begin, end):
                level[0] = follow(level[0], target[0], smooth[i, 0], dt)
                out[i, 0] = level[0]
            begin = end
            if k == count(events):
                break
            _, status, data1, data2, _ = event(events, k)
            if kind_of(status) == CONTROL and hears(channel, status):
                if data1 == number:
                    high[0], low[0], moved[0] = data2, 0, 1
                elif wide and data1 == number + 32:
                    low[0], moved[0] = data2, 1
                if moved[0] == 1:
                    target[0] = (128 * high[0] + low[0]) / 16383.0 if wide else high[0] / 127.0


def follow(level, target, time, dt):
    """One sample of a one-pole low-pass that comes to rest at its target."""
    level = target + (level - target) * remaining(time, dt)
    return level if abs(level - target) > 1e-6 else target
