"""Musical time: a transport, and clocks and LFOs that follow its bars.

A transport outputs its position as two signals, the bar number and the phase in the bar. Together they stay exact for
hours, and blocks that read them stay in time after a jump.
"""

import numpy as np

from nodegraph.maths import clip, floor, rising_edge, wrap
from nodegraph.node import Axis, Choice, Example, In, Node, Out, State

from .oscillators import modulation_curve, simple_wave
from .sequencing import step_gate

BAR = In(0.0, unit="bars", min=0.0, max=1000000.0, smooth=False, doc="bar number, from a transport")
PHASE = In(0.0, unit="cycles", min=0.0, max=1.0, smooth=False, doc="position in the bar, from a transport")
TEMPO = In(120.0, unit="bpm", min=1.0, max=400.0, doc="beats per minute")


class Transport(Node):
    """Outputs the position in the music: while ``play`` is high, it advances by ``tempo / 60`` beats per second.

    A rising edge of ``rewind`` jumps to ``position``. If ``loop_end`` is above ``loop_start``, the position returns to
    ``loop_start`` at the end of the loop. Positions count beats from 0; the tempo is in bpm.
    """

    words = (
        "tempo, BPM, play, song position, timeline, bar, bars, beats, play button, DAW, playhead, start stop, stop, "
        "time signature, position, counter bars, plugsync~, TempoClock, pause, rewind, loop region, master tempo, "
        "global tempo"
    )
    example = Example(output="phase", heard="value")

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="advances while above 0.5")
    rewind = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="position that rewind jumps to")
    tempo = TEMPO
    meter = In(4.0, unit="beats", min=1.0, max=64.0, smooth=False, doc="beats per bar")
    loop_start = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="start of the loop")
    loop_end = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="end of the loop; 0 is no loop")
    run = Out(unit="gate", doc="high while the position advances; for play of file players")
    jump = Out(unit="gate", doc="high for one sample after a jump and at the start; for restart and reset")
    bar = Out(unit="bars", doc="bar number, from 0")
    phase = Out(unit="cycles", doc="position in the bar, 0 to 1")
    beat = Out(unit="beats", doc="position in beats")
    seconds = Out(unit="s", doc="position at this tempo; for position of file players")
    bpm = Out(unit="bpm", doc="tempo; for note_length")
    at, lost, last_rewind, started = State(), State(), State(), State()

    def tick(play, rewind, position, tempo, meter, loop_start, loop_end, at, lost, last_rewind, started, dt):
        jumps = rising_edge(rewind, last_rewind) | (started == 0.0)
        at, lost = (position, 0.0) if jumps else (at, lost)
        loops = (loop_end > loop_start) & (at >= loop_end) & (play > 0.5)
        length = loop_end - loop_start
        at = loop_start + wrap((at - loop_end) / max(length, 1e-9)) * length if loops else at
        bars = at / max(meter, 1.0)
        run = 1.0 if play > 0.5 else 0.0
        seconds = 60.0 * at / max(tempo, 1e-3)
        jump = 1.0 if jumps | loops else 0.0
        step = run * tempo * dt / 60.0 - lost
        following = at + step
        lost = (following - at) - step  # by rounding (Kahan), which would add up to milliseconds a day
        return run, jump, floor(bars), wrap(bars), at, seconds, tempo, following, lost, rewind, 1.0


class BeatClock(Node):
    """Outputs ``division`` gates per bar, in time with a transport even after a jump.

    ``swing`` delays every second gate: 0 is even, 1/3 is a triplet feel. If the transport jumps while the gate is high,
    the gate is low for one sample first.
    """

    words = (
        "bar clock, synced clock, transport clock, tempo synced gates, beat gates, metronome synced, division, grid, "
        "sync clock"
    )
    example = Example(inputs={"phase": "phasor"}, vary="", heard="gate")

    bar, phase = BAR, PHASE
    division = In(16.0, min=0.0625, max=192.0, smooth=False, doc="gates per bar; 16 is sixteenth notes")
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="fraction of each step for which the gate is high")
    swing = In(0.0, unit="ratio", min=0.0, max=0.75, doc="delay of every second gate, in steps")
    run = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="no gates while low, as with a stopped transport")
    out = Out(unit="gate", doc="high for the first part of each step")
    step = Out(doc="step number, from 0")
    place = Out(unit="cycles", doc="position in the step, 0 to 1")
    last_pairs, last_gate = State(), State()

    def tick(bar, phase, division, width, swing, run, last_pairs, last_gate):
        pairs = 0.5 * division * (bar + phase)
        pair = wrap(pairs)
        long = 0.5 + 0.5 * clip(swing, 0.0, 0.75)
        first = pair < long
        place = (pair if first else pair - long) / (long if first else 1.0 - long)
        begins = (pairs < last_pairs) | (floor(pairs) != floor(last_pairs)) | (first != (wrap(last_pairs) < long))
        gate = step_gate(place, width, begins, last_gate) if run > 0.5 else 0.0
        return gate, 2.0 * floor(pairs) + (0.0 if first else 1.0), place, pairs, gate


def shown_bars(cycles):
    """Return the bars of a drawn wave with ``cycles`` in a bar: one, or as many as a cycle takes."""
    return max(1.0, 1.0 / max(cycles, 1e-3))


class BeatLfo(Node):
    """Generates a slow wave in time with a transport: ``offset + A wave(cycles (bar + phase) + shift)``."""

    words = (
        "synced LFO, tempo synced LFO, bar LFO, sync LFO, wobble, tempo LFO, wobble bass, LFO sync, dubstep wobble, "
        "tempo sync"
    )
    example = Example(inputs={"phase": "phasor"}, vary="", heard="value")

    bar, phase = BAR, PHASE
    cycles = In(1.0, min=0.015625, max=64.0, taper="log", smooth=False, doc="cycles per bar; 1/4 takes four bars")
    amplitude = In(1.0, min=-10000.0, max=10000.0, doc="depth: peak of the wave")
    offset = In(0.0, min=-10000.0, max=10000.0, doc="added to the wave")
    shift = In(0.0, unit="cycles", min=0.0, max=1.0, doc="phase of the wave at the start of a bar")
    shape = Choice("sine", "triangle", "saw", "ramp_down", "square", doc="waveform")
    polarity = Choice("bipolar", "unipolar", doc="wave from -1 to 1, or from 0 to 1")
    out = Out(doc="low-frequency wave")

    def tick(bar, phase, cycles, amplitude, offset, shift, shape, polarity):
        wave = simple_wave(wrap(cycles * (bar + phase) + shift), shape)
        return offset + amplitude * (0.5 + 0.5 * wave if polarity == 1 else wave)

    display = "curves"

    def drawing(cycles, amplitude, offset, shift, shape, polarity):
        bars = np.linspace(0.0, shown_bars(cycles), 513)
        waves = np.array([simple_wave(wrap(cycles * place + shift), shape) for place in bars])
        return modulation_curve(Axis("time", 0.0, float(bars[-1]), "bars"), waves, amplitude, offset, polarity)

    def dot(bar, phase, cycles, out):
        return (bar + phase) % shown_bars(cycles), out


class NoteLength(Node):
    """Converts a note length to seconds at a tempo, ``60 beats / tempo``, for delays, envelopes and LFOs."""

    words = (
        "note value, note duration, dotted, triplet, quarter note, eighth note, beats to seconds, delay time, BPM to "
        "ms, sync delay time, duration, note time, Notenwert, translate, musical time, tempo to seconds, sync time"
    )
    example = Example(output="frequency", heard="hertz")

    tempo = TEMPO
    beats = In(0.5, unit="beats", min=0.001, max=256.0, taper="log", smooth=False, doc="note length; 1 is a quarter")
    seconds = Out(unit="s", doc="duration of the note")
    frequency = Out(unit="Hz", doc="notes per second")

    def tick(tempo, beats):
        rate = max(tempo, 1e-3) / (60.0 * max(beats, 1e-6))
        return 1.0 / rate, rate
