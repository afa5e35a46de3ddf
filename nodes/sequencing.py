"""Rhythm and patterns: clocks, step sequencers, random steps. All of them act at rising edges of a gate."""

import numpy as np

from nodegraph.maths import clip, modulo, next_random, read_double, rising_edge, uniform, wrap
from nodegraph.node import Axis, Bars, Choice, Curves, Example, In, Line, Node, Option, Out, State, Table

CLOCK = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="each rising edge advances by one step")
RESET = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge returns to the start")
MAX_STEPS = 64


def step_gate(phase, width, begins, last_gate):
    """Return the gate of a step: high for ``width`` of it, and low at its first sample if it was high just before.

    Blocks that act at rising edges would otherwise miss a step that begins at a reset or a jump.
    """
    high = (phase < clip(width, 0.001, 0.999)) & ((last_gate < 0.5) | (not begins))
    return 1.0 if high else 0.0


class Clock(Node):
    """Generates ``division`` gates per beat, as a metronome at ``tempo`` bpm; the first comes immediately.

    ``swing`` delays every second gate: 0 is even, 1/3 is a triplet feel. If ``reset`` rises while the gate is high, the
    gate is low for one sample first.
    """

    words = (
        "metro, metronome, tempo, BPM, beat, beats, clock generator, timer, TempoClock, trigger generator, gate "
        "generator, tick, rhythm, time, sync, master clock, phasor clock, Takt, Metronom, Taktgeber, horloge, tap "
        "tempo, speed, sixteenth notes, quarter note, every beat, repeat, retrigger, rate, loadbang metro, swing, "
        "pulse, click track, vitesse, ritmo, loadbang"
    )

    tempo = In(120.0, unit="bpm", min=1.0, max=400.0, doc="beats per minute")
    division = In(4.0, min=0.0625, max=64.0, smooth=False, doc="gates per beat; 4 is sixteenth notes")
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="fraction of each step for which the gate is high")
    swing = In(0.0, unit="ratio", min=0.0, max=0.75, doc="delay of every second gate, in steps")
    reset = RESET
    interchangeable = (("tempo", "division"),)
    out = Out(unit="gate", doc="high for the first part of each step")
    phase = Out(unit="cycles", doc="position in the step, 0 to 1")
    pair, last_reset, last_gate = State(), State(), State()

    def tick(tempo, division, width, swing, reset, pair, last_reset, last_gate, dt):
        resets = rising_edge(reset, last_reset)
        pair = 0.0 if resets else pair  # 0 to 1 over two steps
        long = 0.5 + 0.5 * clip(swing, 0.0, 0.75)
        first = pair < long
        phase = (pair if first else pair - long) / (long if first else 1.0 - long)
        gate = step_gate(phase, width, resets, last_gate)
        return gate, phase, wrap(pair + tempo * division * dt * 0.008333333333333333), reset, gate


class ClockDivider(Node):
    """Passes every ``count``-th gate, starting with the first."""

    words = (
        "divider, divide clock, clock division, PulseDivider, every nth, subdivide, count beats, slower, half time, "
        "skip, /2, slow down clock, Stepper, Teiler, polyrhythm"
    )

    clock, reset = CLOCK, RESET
    count = In(2.0, min=1.0, max=1024.0, smooth=False, doc="number of gates for each one that passes")
    out = Out(unit="gate", doc="gates that pass")
    left, passing, last_clock, last_reset = State(), State(), State(), State()

    def tick(clock, reset, count, left, passing, last_clock, last_reset):
        left = 0.0 if rising_edge(reset, last_reset) else left
        step = rising_edge(clock, last_clock)
        passing = (1.0 if left < 0.5 else 0.0) if step else passing
        following = (count if left < 0.5 else left) - 1.0
        left = following if step else left
        return (passing if clock > 0.5 else 0.0), left, passing, clock, reset


def step_table(settings, sr):
    """Return the values and then the gates of the first 64 steps; missing gates are 1."""
    values = [float(v) for v in settings["steps"]][:MAX_STEPS] or [0.0]
    gates = [float(g) for g in settings["gates"]][: len(values)]
    return values + gates + [1.0] * (len(values) - len(gates))


class StepSequencer(Node):
    """Plays a list of values in a loop, one step per clock gate, for melodies and drum patterns.

    ``out`` holds the value of the step; ``gate`` follows the clock in steps whose gate is on. Values may be notes,
    frequencies, levels or other numbers.
    """

    words = (
        "sequencer, sequence, seq, step seq, melody, steps, drum, drums, drum machine, 303, bass line, pattern, riff, "
        "note sequence, Dseq, Demand, Pbind, Pseq, Select, coll, live.step, SEQ-3, 16 steps, ostinato, melodic "
        "sequencer, grid, Sequenzer, Melodie, séquenceur, groovebox, arrangement, notes in a row, techno, trigger "
        "pattern, tune, tracker, sequential switch, melodía"
    )
    example = Example(heard="note")
    display = "steps"
    drawn_bars = Bars("steps", levels="gates", playing="step")

    clock, reset = CLOCK, RESET
    steps = Option((60.0, 63.0, 67.0, 70.0), doc="values, up to 64")
    gates = Option((), doc="1 or 0 per step; a level between is a softer note; missing gates are 1")
    order = Choice("forward", "backward", "pendulum", "random", doc="order of the steps")
    out = Out(doc="value of the current step")
    gate = Out(unit="gate", doc="clock gates of the steps that play")
    step = Out(doc="step number, from 0")
    table = Table(step_table)
    current, last_clock, last_reset = State(), State(), State()
    count = State(0)
    seed = State(1, seeded=True)

    def tick(clock, reset, order, table, table_size, current, last_clock, last_reset, count, seed):
        size = table_size >> 1
        count = 0 if rising_edge(reset, last_reset) else count
        advance = rising_edge(clock, last_clock)
        round_trip = max(2 * size - 2, 1)
        if order == 0:
            following = count
            length = size
        elif order == 1:
            following = size - 1 - count
            length = size
        elif order == 2:
            following = min(count, round_trip - count)
            length = round_trip
        else:
            seed = next_random(seed) if advance else seed
            following = int(uniform(seed) * size)
            length = size
        current = float(following) if advance else current
        after = count + 1
        count = (0 if after >= length else after) if advance else count
        index = int(clip(current, 0.0, size - 1.0))
        on = read_double(table, size + index) if clock > 0.5 else 0.0
        return read_double(table, index), on, current, current, clock, reset, count, seed


def whole(value, low, high):
    """Return a value as a whole number between two limits."""
    return int(clip(value, low, high))


class Euclid(Node):
    """Spreads drum pulses over steps as evenly as possible: step k plays if ``(k · pulses) mod steps < pulses``.

    Toussaint, The Euclidean algorithm generates traditional musical rhythms (Bridges, 2005).
    """

    words = (
        "drum, Euclidean, Euclidean rhythm, drums, rhythm, rhythm generator, drum pattern, pattern, beat, beat maker, "
        "polyrhythm, bossa, son clave, groove, percussion pattern, Bjorklund, tresillo, trigger sequencer, gate "
        "sequencer, drum machine, Bjorklund pattern, Rhythmus, rythme, drum sequencer"
    )

    clock, reset = CLOCK, RESET
    pulses = In(3.0, min=0.0, max=64.0, smooth=False, doc="number of steps that play")
    steps = In(8.0, min=1.0, max=64.0, smooth=False, doc="steps in the pattern")
    rotation = In(0.0, min=0.0, max=64.0, smooth=False, doc="rotation of the pattern, in steps")
    out = Out(unit="gate", doc="clock gates of the steps that play")
    place, playing, last_clock, last_reset = State(), State(), State(), State()

    def tick(clock, reset, pulses, steps, rotation, place, playing, last_clock, last_reset):
        place = 0.0 if rising_edge(reset, last_reset) else place
        advance = rising_edge(clock, last_clock)
        length = float(int(clip(steps, 1.0, 64.0)))
        hits = float(int(clip(pulses, 0.0, length)))
        turned = place + float(int(clip(rotation, 0.0, 64.0)))
        on = 1.0 if modulo(turned * hits, length) < hits else 0.0
        playing = on if advance else playing
        after = place + 1.0 if place + 1.0 < length else 0.0
        place = after if advance else place
        return (playing if clock > 0.5 else 0.0), place, playing, clock, reset

    display = "curves"

    def drawing(pulses, steps, rotation):
        length, pulses, rotation = whole(steps, 1.0, 64.0), whole(pulses, 0.0, steps), whole(rotation, 0.0, 64.0)
        plays = [float((step + rotation) * pulses % length < pulses) for step in range(length)]
        places = (np.arange(length)[:, None] + [0.0, 0.0, 0.5, 0.5]).ravel()
        pulse = (np.array(plays)[:, None] * [0.0, 1.0, 1.0, 0.0]).ravel()
        x = Axis("step", 0.0, float(length))
        return Curves(x, Axis("gate", 0.0, 1.0), np.append(places, length), {"": np.append(pulse, 0.0)})

    def dot(steps, place, playing):
        length = whole(steps, 1.0, 64.0)
        return (place - 1.0) % length + 0.25, playing


class RandomSteps(Node):
    """Outputs a new random value between ``low`` and ``high`` at each clock gate, or a loop of them with ``memory``.

    With probability ``memory`` the value of ``length`` steps ago is repeated (at 1 the loop is locked); otherwise a
    new value is drawn. This is the shift register of Whitwell's Turing Machine (2012).
    """

    words = (
        "random, drunk, LFNoise0, LFNoise1, TRand, TExpRand, random notes, random walk, generative, aleatoric, chaos, "
        "random voltage, random melody, stepped random, random values, rand~, random number, turing machine, source "
        "of uncertainty, wander, unpredictable, sample and hold random, Zufall, Zufallszahl, zufällig, aléatoire, "
        "hasard, dice, shuffle, noise steps, fluctuation, jitter, humanize, probability, urn, Logistic, LFDNoise0, "
        "vary, brownian, azar"
    )
    example = Example(values={"low": 48.0, "high": 72.0}, vary="", heard="note")

    clock = CLOCK
    low = In(0.0, min=-20000.0, max=20000.0, doc="smallest value")
    high = In(1.0, min=-20000.0, max=20000.0, doc="largest value")
    memory = In(0.0, unit="ratio", min=0.0, max=1.0, doc="probability that the old value is repeated")
    length = In(8.0, unit="steps", min=1.0, max=64.0, smooth=False, doc="steps in the loop")
    out = Out(doc="current random value")
    loop = Line(lambda settings, sr: MAX_STEPS)
    held, last_clock = State(), State()
    place = State(0)
    seed = State(1, seeded=True)

    def tick(clock, low, high, memory, length, loop, held, last_clock, place, seed):
        advance = rising_edge(clock, last_clock)
        a = next_random(seed)
        b = next_random(a)
        size = int(clip(length, 1.0, MAX_STEPS))
        index = place if place < size else 0
        old = read_double(loop, index)
        # 0 marks a step that was never drawn; draws are 1 to 2
        fresh = (uniform(b) >= memory) | (old < 0.5)
        drawn = 1.0 + uniform(a) if fresh else old
        value = drawn if advance else old
        loop[index] = value
        held = read_double(loop, index) - 1.0 if advance else held
        place = index + 1 if advance else place
        seed = b if advance else seed
        return low + (high - low) * held, held, clock, place, seed
