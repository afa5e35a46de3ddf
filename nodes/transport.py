"""Musical time: play, pause, rewind, loop, and what keeps to the bar.

A transport says where it is as two signals, the number of the bar and the place in it: together they are exact for
hours, and whoever reads them keeps time after any jump.
"""

from nodegraph.maths import clip, floor, rising_edge, wrap
from nodegraph.node import Choice, In, Node, Out, State

from .oscillators import simple_wave

BAR = In(0.0, unit="bars", min=0.0, max=1000000.0, smooth=False, doc="number of the bar, from a transport")
PHASE = In(0.0, unit="cycles", min=0.0, max=1.0, smooth=False, doc="place in the bar, from a transport")
TEMPO = In(120.0, unit="bpm", min=1.0, max=400.0, doc="beats in a minute")


class Transport(Node):
    """Where the music is. It moves on while ``play`` is high, by ``tempo / 60`` beats in a second.

    A rising edge of ``rewind`` goes to ``position``. With ``loop_end`` above ``loop_start`` it goes back whenever it
    reaches the end of the loop. Positions count beats from 0.
    """

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="moves on while above 0.5")
    rewind = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge goes to position")
    position = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="where rewind goes to")
    tempo = TEMPO
    meter = In(4.0, unit="beats", min=1.0, max=64.0, smooth=False, doc="beats in a bar")
    loop_start = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="where the loop begins")
    loop_end = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="where it ends; no loop at 0")
    run = Out(unit="gate", doc="high while it moves on: for the play of players")
    jump = Out(unit="gate", doc="high for a sample after each jump and at the start: for restart and reset")
    bar = Out(unit="bars", doc="number of the bar, from 0")
    phase = Out(unit="cycles", doc="place in the bar, 0 to 1")
    beat = Out(unit="beats", doc="position in beats")
    seconds = Out(unit="s", doc="position at this tempo: for the position of players")
    bpm = Out(unit="bpm", doc="the tempo, for note_length")
    at, last_rewind, started = State(), State(), State()

    def tick(play, rewind, position, tempo, meter, loop_start, loop_end, at, last_rewind, started, dt):
        jumps = rising_edge(rewind, last_rewind) | (started == 0.0)
        at = position if jumps else at
        loops = (loop_end > loop_start) & (at >= loop_end) & (play > 0.5)
        length = loop_end - loop_start
        at = loop_start + wrap((at - loop_end) / max(length, 1e-9)) * length if loops else at
        bars = at / max(meter, 1.0)
        run = 1.0 if play > 0.5 else 0.0
        seconds = 60.0 * at / max(tempo, 1e-3)
        jump = 1.0 if jumps | loops else 0.0
        following = at + run * tempo * dt * 0.016666666666666666
        return run, jump, floor(bars), wrap(bars), at, seconds, tempo, following, rewind, 1.0


class BeatClock(Node):
    """Gates that keep to the bar: ``division`` of them in each, wherever the transport jumps.

    ``swing`` delays every second gate: 0 is even, 1/3 is a triplet feel.
    """

    bar, phase = BAR, PHASE
    division = In(16.0, min=0.0625, max=192.0, smooth=False, doc="gates in a bar; 16 are sixteenths")
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="part of each step for which the gate is high")
    swing = In(0.0, unit="ratio", min=0.0, max=0.75, doc="how late every second gate comes, in steps")
    run = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="silent while low: the transport stands")
    out = Out(unit="gate", doc="high for the first part of each step")
    step = Out(doc="number of the step, from 0")
    place = Out(unit="cycles", doc="place in the step, 0 to 1")

    def tick(bar, phase, division, width, swing, run):
        pairs = 0.5 * division * (bar + phase)
        pair = wrap(pairs)
        long = 0.5 + 0.5 * clip(swing, 0.0, 0.75)
        first = pair < long
        place = (pair if first else pair - long) / (long if first else 1.0 - long)
        gate = 1.0 if (place < clip(width, 0.001, 0.999)) & (run > 0.5) else 0.0
        return gate, 2.0 * floor(pairs) + (0.0 if first else 1.0), place


class BeatLfo(Node):
    """A wave that keeps to the bar: ``offset + A wave(cycles (bar + phase))``."""

    bar, phase = BAR, PHASE
    cycles = In(1.0, min=0.015625, max=64.0, taper="log", smooth=False, doc="cycles in a bar; 1/4 takes four bars")
    amplitude = In(1.0, min=-10000.0, max=10000.0, doc="depth: peak of the wave")
    offset = In(0.0, min=-10000.0, max=10000.0, doc="added to the wave")
    shift = In(0.0, unit="cycles", min=0.0, max=1.0, doc="where in the cycle the bar begins")
    shape = Choice("sine", "triangle", "saw", "ramp_down", "square", doc="the wave")
    polarity = Choice("bipolar", "unipolar", doc="-1 to 1, or 0 to 1")
    out = Out(doc="the wave")

    def tick(bar, phase, cycles, amplitude, offset, shift, shape, polarity):
        wave = simple_wave(wrap(cycles * (bar + phase) + shift), shape)
        return offset + amplitude * (0.5 + 0.5 * wave if polarity == 1 else wave)


class NoteLength(Node):
    """How long a note lasts at a tempo: ``60 beats / tempo`` seconds. For delays, envelopes and LFOs."""

    tempo = TEMPO
    beats = In(0.5, unit="beats", min=0.001, max=256.0, taper="log", smooth=False, doc="1 is a quarter note")
    seconds = Out(unit="s", doc="its length")
    frequency = Out(unit="Hz", doc="how many of them in a second")

    def tick(tempo, beats):
        rate = max(tempo, 1e-3) / (60.0 * max(beats, 1e-6))
        return 1.0 / rate, rate
