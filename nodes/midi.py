"""MIDI input, and controllers, pitch bend, pressure and program changes as signals."""

from nodegraph.blocks.voice_allocation import smooth_towards
from nodegraph.events import (
    BEND,
    CONTROL,
    KEY_PRESSURE,
    PRESSURE,
    PROGRAM,
    RESET_CONTROLLERS,
    count,
    event,
    message_kind,
    next_event_offset,
    send,
)
from nodegraph.maths import decay_factor, read_double
from nodegraph.node import EventIn, EventOut, Example, In, Node, Option, Out, State

EVENTS = EventIn(doc="MIDI messages")
CHANNEL = Option(0, min=0, max=16, doc="MIDI channel to receive; 0 is all channels")
SMOOTH = In(0.005, unit="s", min=0.0, max=2.0, doc="time constant of smoothing; 0 is none")


def matches_channel(channel, status):
    """Return whether ``channel`` (1 to 16, 0 for all) receives a message. All receive system messages."""
    return channel == 0 or status >= 0xF0 or (status & 0x0F) == channel - 1


def message_value(status, data1, data2):
    """Return the value of the data bytes: semitones, 0 to 1, or −1 to 1 for pitch bend."""
    kind = message_kind(status)
    if kind == CONTROL or kind == KEY_PRESSURE:
        return data2 / 127.0
    if kind == PRESSURE:
        return data1 / 127.0
    if kind == BEND:
        wide = float(128 * data2 + data1) - 8192.0
        return wide / 8191.0 if wide > 0.0 else wide / 8192.0
    return float(data1)


class MidiIn(Node):
    """Receives MIDI from ports and keyboards, MIDI files, the on-screen piano keys and ``send`` of the Python API."""

    words = (
        "MIDI, keyboard, piano, keys, key, note in, MIDI keyboard, MIDIdef, MIDI CV, midi input, synth keyboard, play "
        "notes, controller, piano roll, kslider, makenote, note input, computer keyboard, Klavier, Tastatur, Tasten, "
        "clavier, piano keyboard, external keyboard, Noten, MIDI to CV, pads, keystation, teclado, midi thru"
    )

    device = "events"
    port = Option("", kind="port", doc="part of the name of the ports to receive from; empty is all")
    channel = CHANNEL
    out = EventOut(doc="MIDI messages")

    def block(out, arrivals, ports, channel):
        for k in range(count(arrivals)):
            offset, status, data1, data2, port = event(arrivals, k)
            if matches_channel(channel, status) and (ports[0] >> int(port)) & 1 == 1:
                send(out, offset, status, data1, data2, message_value(status, data1, data2))


class ControlChange(Node):
    """Outputs the value of a MIDI controller (CC), such as a wheel, a fader or a pedal.

    ``fine`` adds the controller 32 numbers above as the lower seven of 14 bits. MIDI 1.0 Detailed Specification (1996).
    """

    words = (
        "CC, MIDI CC, ctlin, controller, mod wheel, modulation wheel, wheel, MIDI controller, knob box, fader box, "
        "CCIn, pedal, sustain pedal, expression pedal, breath, MIDI learn, MIDI fader, Drehregler, contrôleur, "
        "hardware knob, foot pedal, Modulationsrad, nanokontrol"
    )
    example = Example(vary="", inputs={"events": "controls"}, heard="value")

    events, channel = EVENTS, CHANNEL
    number = Option(1, min=0, max=127, doc="controller number; 1 is the modulation wheel")
    fine = Option(False, doc="14 bits, with controller number + 32; for numbers below 32")
    start = Option(0.0, min=0.0, max=1.0, doc="value until the controller moves")
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
            end = next_event_offset(events, k, out.shape[0])
            ramp_to(out, begin, end, level, target[0], smooth, dt)
            begin = end
            if k == count(events):
                break
            _, status, data1, data2, _ = event(events, k)
            if message_kind(status) == CONTROL and matches_channel(channel, status):
                if data1 == number:
                    high[0], low[0], moved[0] = data2, 0, 1
                elif wide and data1 == number + 32:
                    low[0], moved[0] = data2, 1
                if moved[0] == 1:
                    target[0] = (128 * high[0] + low[0]) / 16383.0 if wide else high[0] / 127.0

    def lanes(inputs, settings):
        return {"out": 1}


class PitchBend(Node):
    """Outputs the pitch bend wheel of a channel in semitones, from −``range`` to ``range``."""

    words = "wheel, bend, bendin, pitch wheel, bender, whammy, vibrato arm, Tonhöhenrad, ribbon"
    example = Example(vary="", heard="value")

    events, channel = EVENTS, CHANNEL
    range = Option(2.0, unit="semitones", min=0.0, max=96.0, doc="bend at the end of the wheel")
    smooth = SMOOTH
    out = Out(unit="semitones", doc="pitch bend, to add to a pitch")
    level, target = State(), State()

    def block(events, channel, range, smooth, out, level, target, dt):
        follow_message(events, channel, BEND, range, smooth, out, level, target, dt)

    def lanes(inputs, settings):
        return {"out": 1}


class ChannelPressure(Node):
    """Outputs the channel pressure (aftertouch), from 0 to 1."""

    words = "aftertouch, touchin, pressure, touch, poly pressure, Druck, press"
    example = Example(vary="", heard="value")

    events, channel, smooth = EVENTS, CHANNEL, SMOOTH
    out = Out(unit="ratio", doc="pressure, 0 to 1")
    level, target = State(), State()

    def block(events, channel, smooth, out, level, target, dt):
        follow_message(events, channel, PRESSURE, 1.0, smooth, out, level, target, dt)

    def lanes(inputs, settings):
        return {"out": 1}


class ProgramChange(Node):
    """Outputs the number of the latest program change, 0 to 127, to switch between sounds."""

    words = "pgmin, program, preset change, patch change, bank, bank select, preset"
    example = Example(heard="value")

    events, channel = EVENTS, CHANNEL
    start = Option(0, min=0, max=127, doc="number before the first program change")
    out = Out(doc="program number, from 0")
    chosen, moved = State(), State(0)

    def block(events, channel, start, out, chosen, moved):
        if moved[0] == 0:
            chosen[0] = float(start)
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, out.shape[0])
            out[begin:end, 0] = chosen[0]
            begin = end
            if k < count(events):
                _, status, data1, _, _ = event(events, k)
                if message_kind(status) == PROGRAM and matches_channel(channel, status):
                    chosen[0], moved[0] = float(data1), 1


def follow_message(events, channel, kind, scale, smooth, out, level, target, dt):
    """Follow the value of one kind of message, times ``scale``; a controller reset sets it to 0."""
    begin = 0
    for k in range(count(events) + 1):
        end = next_event_offset(events, k, out.shape[0])
        ramp_to(out, begin, end, level, target[0], smooth, dt)
        begin = end
        if k < count(events):
            _, status, data1, _, value = event(events, k)
            if matches_channel(channel, status) and message_kind(status) == kind:
                target[0] = scale * value
            elif matches_channel(channel, status) and message_kind(status) == CONTROL and data1 == RESET_CONTROLLERS:
                target[0] = 0.0


def ramp_to(out, begin, end, level, target, smooth, dt):
    """Write samples of a value that approaches a target."""
    for i in range(begin, end):
        if level[0] != target:
            level[0] = smooth_towards(level[0], target, decay_factor(read_double(smooth, (i, 0)), dt))
        out[i, 0] = level[0]
