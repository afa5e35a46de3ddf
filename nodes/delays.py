"""Delay lines. A line is a ring of samples; blocks read it before they write the current sample.

Fractional delays are read between samples; see Laakso, Välimäki, Karjalainen & Laine, Splitting the unit
delay (IEEE Signal Processing Magazine, 1996).
"""

from nodegraph.maths import arctan2_turn, clip, cos_turn, read_double, sin_turn
from nodegraph.node import Choice, Example, In, Line, Node, Option, Out, State

AUDIO = In(0.0, doc="signal to delay")
FEEDBACK_LIMIT = 0.9999  # at 1 a constant input would grow without limit


def read_delayed(line, size, position, delay):
    """Return the sample written ``delay`` samples before ``position``; ``delay`` is an integer from 1 to ``size``."""
    index = position - delay
    return read_double(line, index + size if index < 0 else index)


def linear_tap(line, size, position, delay):
    """Return the line ``delay`` samples ago (1 to ``size - 1``), interpolated linearly."""
    delay = clip(delay, 1.0, size - 1.0)
    whole = int(delay)
    a = read_delayed(line, size, position, whole)
    b = read_delayed(line, size, position, whole + 1)
    return a + (b - a) * (delay - whole)


def cubic_tap(line, size, position, delay):
    """Return the line ``delay`` samples ago (2 to ``size - 2``), by cubic Lagrange interpolation of four samples."""
    delay = clip(delay, 2.0, size - 2.0)
    whole = int(delay)
    t = delay - whole
    a = read_delayed(line, size, position, whole - 1)
    b = read_delayed(line, size, position, whole)
    c = read_delayed(line, size, position, whole + 1)
    d = read_delayed(line, size, position, whole + 2)
    return lagrange(a, b, c, d, t)


def ring_tap(lines, lane, first, size, position, delay):
    """Return a ring of ``size`` samples from ``lines[lane, first]`` on, ``delay`` samples ago, as :func:`cubic_tap`."""
    delay = clip(delay, 2.0, size - 3.0)
    whole = int(delay)
    t = delay - whole
    a = ring_at(lines, lane, first, size, position - whole + 1)
    b = ring_at(lines, lane, first, size, position - whole)
    c = ring_at(lines, lane, first, size, position - whole - 1)
    d = ring_at(lines, lane, first, size, position - whole - 2)
    return lagrange(a, b, c, d, t)


def ring_at(lines, lane, first, size, index):
    """Return a sample of the ring at ``first``; ``index`` is less than ``size`` and may be negative once."""
    return read_double(lines, (lane, first + (index + size if index < 0 else index)))


def lagrange(a, b, c, d, t):
    """Return the cubic through four samples at a position ``t`` from ``b`` (0) to ``c`` (1)."""
    down, up, over = t - 1.0, t + 1.0, t - 2.0
    outer = (d * up - a * over) * t * down * 0.16666666666666666
    return outer + (b * down - c * t) * up * over * 0.5


def low_pass_delay(d, turn):
    """Return the samples by which the low-pass ``y = x + d (y[n-1] - x)`` delays a sine of ``turn`` cycles a sample."""
    return arctan2_turn(d * sin_turn(turn), 1.0 - d * cos_turn(turn)) / turn


def next_position(position, size):
    """Return the ring index after ``position``."""
    return 0 if position + 1 >= size else position + 1


class Delay(Node):
    """Repeats the input after ``time`` seconds, an echo: ``y[n] = w[n - sr·time]``, ``w = x + feedback y``.

    Modulate the time, at audio rate if needed, for chorus, flanger, vibrato and tape effects. The shortest delay is
    one sample, or two with cubic interpolation. Use a feedback wire for loops through other blocks.
    """

    words = (
        "echo, feedback delay, slapback, ping pong, delwrite~, delread~, vd~, tapin~, tapout~, DelayN, DelayL, "
        "DelayC, AllpassC, tape delay, delay line, comb delay, dub, repeat, Verzögerung, Verzoegerung, retard, tap, "
        "feedback, doubling, CombN delay, eco, retardo, multi tap"
    )
    example = Example(inputs={"audio": "plucks"}, values={"feedback": 0.5})

    audio = AUDIO
    time = In(0.25, unit="s", min=0.0, max=10.0, doc="delay time, limited to max_time")
    feedback = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="fraction of the output that is fed back")
    interpolation = Choice("linear", "cubic", "none", doc="interpolation between samples")
    max_time = Option(2.0, unit="s", min=0.001, max=60.0, doc="longest delay; sets the memory")
    out = Out(doc="delayed signal, without the dry signal")
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
    """Delays a signal by an exact number of samples: ``y[n] = x[n - samples]``."""

    words = "delay1, z, one sample delay, z-1, unit delay, rzero~, nudge, latency, align"
    example = Example(inputs={"audio": "plucks"}, values={"samples": 4410})

    audio = AUDIO
    samples = Option(1, unit="samples", min=1, max=480000, doc="delay time")
    out = Out(doc="delayed signal")
    line = Line(lambda settings, sr: max(int(settings["samples"]), 1))
    position = State(0)

    def tick(audio, line, line_size, position):
        out = read_double(line, position)
        line[position] = audio
        return out, next_position(position, line_size)
