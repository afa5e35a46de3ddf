"""Delay lines. A line is a ring of samples; its block reads the past before it writes the present.

Fractional delays are read between samples; see Laakso, Välimäki, Karjalainen & Laine, Splitting the unit
delay (IEEE Signal Processing Magazine, 1996).
"""

from nodegraph.maths import clip, read_double
from nodegraph.node import Choice, In, Line, Node, Option, Out, State

AUDIO = In(0.0, doc="sound to delay")
FEEDBACK_LIMIT = 0.9999  # at 1 a constant input would grow without end


def read_delayed(line, size, position, delay):
    """The sample written ``delay`` (a whole number, 1 to ``size``) samples before that at ``position``."""
    index = position - delay
    return read_double(line, index + size if index < 0 else index)


def linear_tap(line, size, position, delay):
    """The line ``delay`` samples ago, 1 to ``size - 1``, on the straight line between two samples."""
    delay = clip(delay, 1.0, size - 1.0)
    whole = int(delay)
    a = read_delayed(line, size, position, whole)
    b = read_delayed(line, size, position, whole + 1)
    return a + (b - a) * (delay - whole)


def cubic_tap(line, size, position, delay):
    """The line ``delay`` samples ago, 2 to ``size - 2``, on Lagrange's cubic through four samples."""
    delay = clip(delay, 2.0, size - 2.0)
    whole = int(delay)
    t = delay - whole
    a = read_delayed(line, size, position, whole - 1)
    b = read_delayed(line, size, position, whole)
    c = read_delayed(line, size, position, whole + 1)
    d = read_delayed(line, size, position, whole + 2)
    down, up, over = t - 1.0, t + 1.0, t - 2.0
    outer = (d * up - a * over) * t * down * 0.16666666666666666
    return outer + (b * down - c * t) * up * over * 0.5


def next_position(position, size):
    """The place in the ring after ``position``."""
    return 0 if position + 1 >= size else position + 1


class Delay(Node):
    """Repeats the sound ``time`` seconds later: ``y[n] = w[n - sr·time]``, ``w = x + feedback y``.

    The time may be modulated at audio rate (chorus, flanger, tape). The shortest is one sample (two with the
    cubic); for loops through other blocks use a feedback wire.
    """

    audio = AUDIO
    time = In(0.25, unit="s", min=0.0, max=10.0, doc="delay; held to max_time")
    feedback = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="part of the output that goes round again")
    interpolation = Choice("linear", "cubic", "none", doc="how it reads between samples")
    max_time = Option(2.0, unit="s", min=0.001, max=60.0, doc="length of the line")
    out = Out(doc="the delayed sound alone")
    line = Line(lambda settings, sr: int(settings["max_time"] * sr) + 4)
    position = State(0)

    def tick(audio, time, feedback, interpolation, line, line_size, position, sr):
        delay = time * sr
        if interpolation == 0:
            out = linear_tap(line, line_size, position, delay)
        elif interpolation == 1:
            out = cubic_tap(line, line_size, position, delay)
        else:
            out = read_delayed(line, line_size, position, int(clip(delay + 0.5, 1.0, line_size - 1.0)))
        line[position] = audio + clip(feedback, -FEEDBACK_LIMIT, FEEDBACK_LIMIT) * out
        return out, next_position(position, line_size)


class SampleDelay(Node):
    """Exactly ``samples`` samples later: ``y[n] = x[n - samples]``."""

    audio = AUDIO
    samples = Option(1, unit="samples", min=1, max=480000, doc="delay")
    out = Out(doc="the delayed sound")
    line = Line(lambda settings, sr: max(int(settings["samples"]), 1))
    position = State(0)

    def tick(audio, line, line_size, position):
        out = read_double(line, position)
        line[position] = audio
        return out, next_position(position, line_size)
