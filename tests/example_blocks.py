"""Blocks for tests only. The fixture ``test_blocks`` registers them and removes them again."""

from nodegraph.events import count, event, next_event_offset, send
from nodegraph.maths import read_double
from nodegraph.node import Choice, EventIn, EventOut, In, Line, Node, Option, Out, State


class Fragile(Node):
    """Passes its input, or outputs NaN or Inf while ``broken`` is above 0.5."""

    audio = In(0.0, doc="signal")
    broken = In(0.0, min=0.0, max=1.0, smooth=False, doc="above 0.5 it fails")
    gives = Choice("nan", "inf", doc="value that it outputs if broken")
    out = Out(doc="the signal")
    count = State(0.0)

    def tick(audio, broken, gives, count):
        infinite = 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30 * 1e30
        wrong = infinite - infinite if gives == 0 else infinite
        return (wrong if broken > 0.5 else audio), count + 1.0


class From(Node):
    """Outputs 1 from sample ``start`` on, and 0 before it."""

    start = In(0.0, min=0.0, max=1e6, doc="first sample of the 1")
    out = Out(unit="gate", doc="0, then 1")
    count = State(0.0)

    def tick(start, count):
        return (1.0 if count >= start else 0.0), count + 1.0


class Late(Node):
    """Delays its input by ``samples`` and declares this latency."""

    audio = In(0.0, doc="signal")
    samples = Option(100, min=1, max=10000, doc="delay")
    out = Out(doc="the signal, later")
    line = Line(lambda settings, sr: settings["samples"])
    position = State(0)

    def latency(settings, sr):
        return settings["samples"]

    def tick(audio, line, line_size, position):
        out = read_double(line, position)
        line[position] = audio
        return out, 0 if position + 1 >= line_size else position + 1


class Echo(Node):
    """A comb filter that can be unstable: ``y[n] = x[n] + gain y[n - 64]``."""

    audio = In(0.0, doc="signal")
    gain = In(0.0, min=0.0, max=1e9, smooth=False, doc="part that returns")
    out = Out(doc="the sum")
    line = Line(lambda settings, sr: 64)
    position = State(0)

    def tick(audio, gain, line, position):
        out = audio + gain * read_double(line, position)
        line[position] = out
        return out, (position + 1) & 63


class Bits(Node):
    """Holds a number whose bits must not change when state is migrated between plans."""

    out = Out(doc="1 while the number is unchanged")
    number = State(0x7FA00001_7FA00001)

    def tick(number):
        return (1.0 if number == 0x7FA00001_7FA00001 else 0.0), number


class Steps(Node):
    """Passes a signal whose knob is not smoothed."""

    value = In(0.0, min=-1000.0, max=1000.0, smooth=False, doc="signal")
    out = Out(doc="the signal")

    def tick(value):
        return value


class Ramps(Node):
    """Passes a signal whose knob is smoothed."""

    value = In(0.0, min=-1000.0, max=1000.0, doc="signal")
    out = Out(doc="the signal")

    def tick(value):
        return value


class Burst(Node):
    """Repeats every event ``times`` times."""

    events = EventIn(doc="events")
    times = Option(2, min=0, max=10000, doc="how often")
    out = EventOut(doc="the repeated events")

    def block(events, times, out):
        for k in range(count(events)):
            offset, status, data1, data2, value = event(events, k)
            for _ in range(times):
                send(out, offset, status, data1, data2, value)


class Backwards(Node):
    """Sends the events of a quantum in reverse order."""

    events = EventIn(doc="events")
    out = EventOut(doc="the same events")

    def block(events, out):
        for k in range(count(events)):
            offset, status, data1, data2, value = event(events, count(events) - 1 - k)
            send(out, offset, status, data1, data2, value)


class Tally(Node):
    """Counts events, computes a digest of their contents and order, and passes its input."""

    events = EventIn(doc="events")
    audio = In(0.0, doc="signal")
    seen = Out(doc="events so far")
    digest = Out(doc="digest of the events, below 65521")
    through = Out(doc="the signal")
    number, sum = State(0), State(0)

    def block(events, audio, seen, digest, through, number, sum):
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, seen.shape[0])
            for i in range(begin, end):
                for lane in range(seen.shape[1]):
                    seen[i, lane], digest[i, lane] = number[0], sum[0]
                    through[i, lane] = audio[i, min(lane, audio.shape[1] - 1)]
            begin = end
            if k < count(events):
                _, status, data1, data2, value = event(events, k)
                number[0] += 1
                sum[0] = (sum[0] * 31 + status * 3 + data1 * 5 + data2 * 7 + int(value * 1000.0)) % 65521
