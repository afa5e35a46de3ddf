"""Blocks whose kernels access one sample beyond their delay line, to show that guard pages find them."""

from nodegraph.maths import read_double
from nodegraph.node import In, Line, Node, Out, State


class OneAfter(Node):
    """A delay of 64 samples whose position leaves the line before it returns to the start."""

    audio = In(0.0, doc="signal")
    out = Out(doc="the signal, later")
    line = Line(lambda settings, sr: 64)
    position = State(0)

    def tick(audio, line, line_size, position):
        out = read_double(line, position)
        line[position] = audio
        return out, 0 if position >= line_size else position + 1


class OneBefore(Node):
    """A delay that reads the sample before the first one of its line."""

    audio = In(0.0, doc="signal")
    out = Out(doc="the signal, later")
    line = Line(lambda settings, sr: 1024)
    position = State(0)

    def tick(audio, line, line_size, position):
        out = read_double(line, position - 1)
        line[position] = audio
        return out, 0 if position + 1 >= line_size else position + 1
