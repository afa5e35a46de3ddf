"""Numbers and logic: constants, knobs, arithmetic, comparison, gates, sample and hold, pitch, formulas."""

import numpy as np

from nodegraph.blocks.expression import compile_expression
from nodegraph.blocks.tuning import KEYBOARD, SCALE, tuned_note, tuning_problem, tuning_table
from nodegraph.maths import (
    clip,
    divide,
    exp2,
    floor,
    hz_to_note,
    log2,
    next_random,
    note_to_hz,
    read_double,
    rising_edge,
    uniform,
    wrap,
)
from nodegraph.maths import db_to_gain as gain_of
from nodegraph.node import Choice, Example, In, Node, Option, Out, State, Table

VALUE = In(0.0, min=-20000.0, max=20000.0, doc="input signal")
LOW = In(0.0, min=-20000.0, max=20000.0, doc="lower limit")
HIGH = In(1.0, min=-20000.0, max=20000.0, doc="upper limit")
GATE = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="gate; rising edges count")
RESET = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge resets to 0")


class Constant(Node):
    """Outputs a constant number: ``y = value``."""

    words = (
        "value, sig~, DC, float, fixed value, number box, int, message, message box, K2A, offset, voltage, numbox, DC "
        "offset, Konstante, Zahl, nombre, constante, num, static value, nbx, number"
    )
    example = Example(vary="", heard="value")

    value = In(1.0, min=-20000.0, max=20000.0, smooth=False, doc="number to output")
    out = Out(doc="constant value")

    def tick(value):
        return value


class Knob(Node):
    """Outputs a number set by a knob or slider: 0 to 1 becomes ``low`` to ``high``, linear or logarithmic; smoothed.

    linear: ``low + (high - low) x``; log: ``low (high / low)^x``, for pitch and time, with both ends above 0.
    """

    words = (
        "number, dial, slider, fader, hslider, vslider, pot, potentiometer, control, parameter, live.dial, nexus, "
        "EZSlider, rotary, hsl, vsl, number box, user control, adjust, Regler, Drehregler, Schieberegler, Poti, "
        "potentiomètre, curseur, bouton, GUI, range slider, macro, macro knob, manual, value control, variable, "
        "numbox, MouseX, crossfader, setting, nbx, hradio, encoder knob"
    )
    example = Example(heard="value")

    value = In(0.5, unit="ratio", min=0.0, max=1.0, doc="knob position, 0 to 1")
    low = Option(0.0, min=-20000.0, max=20000.0, doc="output at 0")
    high = Option(1.0, min=-20000.0, max=20000.0, doc="output at 1")
    taper = Choice("linear", "log", doc="taper of the range")
    label = Option("", kind="text", doc="displayed name")
    out = Out(doc="value from low to high")

    def tick(value, low, high, taper):
        x = clip(value, 0.0, 1.0)
        if taper == 0:
            return low + (high - low) * x
        start = max(low, 1e-6)
        return start * exp2(x * log2(max(high, 1e-6) / start))


class Button(Node):
    """Outputs a gate from a button: 1 while pressed, 0 otherwise, exact to the sample."""

    words = (
        "bang, bng, push button, press, click, trigger button, momentary, key press, T2K, play button, switch, "
        "Taster, Knopf, bouton, tap, push, manual gate, manual trigger"
    )
    example = Example(inputs={"pressed": "gate"})

    pressed = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="1 while pressed")
    label = Option("", kind="text", doc="displayed name")
    out = Out(unit="gate", doc="0 or 1")

    def tick(pressed):
        return 1.0 if pressed > 0.5 else 0.0


class Add(Node):
    """Adds two signals (plus), for a mix or an offset: ``a + b``."""

    words = (
        "plus, +, sum, offset, bias, addition, mix two, BinaryOpUGen, combine, DC offset, sig +, plus sign, addieren, "
        "transposition"
    )

    a, b = VALUE, VALUE
    interchangeable = (("a", "b"),)
    out = Out(doc="sum of the two signals")

    def tick(a, b):
        return a + b


class Subtract(Node):
    """Subtracts one signal from another (minus): ``a - b``."""

    words = (
        "minus, -, -~, sub, difference, subtraction, phase cancel, null test, invert, inverse, negative, inverter, "
        "polarity, phase invert, flip, subtrahieren, soustraire, differenz"
    )

    a, b = VALUE, VALUE
    out = Out(doc="difference of the two signals")

    def tick(a, b):
        return a - b


class Multiply(Node):
    """Multiplies two signals (times), for gain, volume or ring modulation: ``a * b``."""

    words = (
        "times, *, ring mod, ring modulator, ring modulation, gain, volume, AM, amplitude modulation, product, "
        "multiplication, BinaryOpUGen, scale, scaling, attenuate, amplify, multiplier, modulate, four quadrant, "
        "dalek, multiplizieren, modulation en anneau, attenuverter, *=, level, x, 8vert, spigot, unity gain, mute "
        "gate"
    )

    a = VALUE
    b = In(1.0, min=-20000.0, max=20000.0, doc="factor")
    interchangeable = (("a", "b"),)
    out = Out(doc="product of the two signals")

    def tick(a, b):
        return a * b


class Divide(Node):
    """Divides one signal by another: ``a / b``, or 0 if b is 0."""

    words = "/, division, ratio, divided by, quotient, over, reciprocal, inverse, half, attenuate, teilen, diviser"

    a = VALUE
    b = In(1.0, min=-20000.0, max=20000.0, doc="divisor")
    out = Out(doc="quotient of the two signals")

    def tick(a, b):
        return clip(divide(a, b), -1e30, 1e30)


class MapRange(Node):
    """Maps one range to another: ``from_low … from_high`` becomes ``to_low … to_high``.

    linear: a straight line; log: equal input steps become equal ratios (both output ends above 0).
    """

    words = (
        "scale, map, LinLin, LinExp, range, rescale, zmap, convert range, remap, unipolar, bipolar, attenuverter, "
        "offset scale, range map, translate, skalieren, mapping, normalise, ExpLin, transform, multiply and add, "
        "adjust range, MulAdd, attenuvert, cv scale"
    )

    value = VALUE
    from_low = In(-1.0, min=-20000.0, max=20000.0, doc="input value that is mapped to to_low")
    from_high = In(1.0, min=-20000.0, max=20000.0, doc="input value that is mapped to to_high")
    to_low = In(0.0, min=-20000.0, max=20000.0, doc="output at from_low")
    to_high = In(1.0, min=-20000.0, max=20000.0, doc="output at from_high")
    taper = Choice("linear", "log", doc="linear, or by equal ratios")
    ends = Choice("open", "held", doc="open: continues beyond the range; held: limited to it")
    out = Out(doc="signal in the new range")

    def tick(value, from_low, from_high, to_low, to_high, taper, ends):
        x = clip(divide(value - from_low, from_high - from_low), -1e6, 1e6)
        if ends == 1:
            x = clip(x, 0.0, 1.0)
        if taper == 0:
            return to_low + (to_high - to_low) * x
        start = max(to_low, 1e-6)
        return start * exp2(clip(x * log2(max(to_high, 1e-6) / start), -60.0, 60.0))


class Clip(Node):
    """Limits a signal to ``low`` … ``high``: clipped, wrapped around or folded at the ends (waveshaper, wavefolder)."""

    words = (
        "fold, wrap, wavefolder, folder, clipping, hard clip, limit, limits, pong~, clamp, range, min max, minimum "
        "maximum, clipper, hard limit, folding, West Coast, Buchla, wavefold, distortion, truncate, min, max, "
        "constrain, restrict, modulo, saturate, bound, foldback, Mirror, zigzag~, trunc~"
    )

    value = VALUE
    low = In(-1.0, min=-20000.0, max=20000.0, doc="lower limit")
    high = HIGH
    mode = Choice("clip", "wrap", "fold", doc="treatment of values beyond the limits")
    out = Out(doc="limited signal")

    def tick(value, low, high, mode):
        width = max(high - low, 0.0)
        x = divide(value - low, width)
        if mode == 0:
            return clip(value, low, max(low, high))
        if mode == 1:
            return low + width * wrap(x)
        return low + width * (1.0 - abs(1.0 - 2.0 * wrap(0.5 * x)))


class Compare(Node):
    """Compares two signals: 1 while ``a`` is above (or below) ``b``, otherwise 0.

    With hysteresis the output returns to 0 only when ``a`` is that far on the other side of ``b``: Schmitt's trigger
    (1938).
    """

    words = (
        ">, <, greater than, less than, comparator, greater, less, threshold, if, test, schmitt trigger, Schmitt, "
        "larger, smaller, equals, ==, condition, gate from signal, Vergleich, when, more than, switch, thresh~, "
        "above, below, InRange, moses, DetectSilence"
    )
    example = Example(inputs={"b": ""})

    a, b = VALUE, VALUE
    hysteresis = In(0.0, min=0.0, max=20000.0, doc="distance beyond b at which the output returns to 0")
    relation = Choice("above", "at_least", "below", "at_most", doc="a > b, a ≥ b, a < b or a ≤ b")
    out = Out(unit="gate", doc="0 or 1")
    state = State()

    def tick(a, b, hysteresis, relation, state):
        excess = (a - b if relation < 2 else b - a) + (max(hysteresis, 0.0) if state > 0.5 else 0.0)
        if relation == 0 or relation == 2:
            state = 1.0 if excess > 0.0 else 0.0
        else:
            state = 1.0 if excess >= 0.0 else 0.0
        return state, state


class Logic(Node):
    """Combines two gates: and, or, exclusive or, and their inversions. With ``b`` at 0, "nor" is "not a"."""

    words = (
        "AND, OR, XOR, NOT, NAND, boolean, logic gate, &&, ||, gate logic, invert gate, and gate, or gate, combine "
        "gates, bool, not gate, !, Logik, both gates"
    )

    a, b = GATE, GATE
    operation = Choice("and", "or", "xor", "nand", "nor", "xnor", doc="logic operation")
    interchangeable = (("a", "b"),)
    example = Example(inputs={"a": "gate", "b": "gate"})
    out = Out(unit="gate", doc="0 or 1")

    def tick(a, b, operation):
        p = 1 if a > 0.5 else 0
        q = 1 if b > 0.5 else 0
        if operation % 3 == 0:
            r = p & q
        elif operation % 3 == 1:
            r = p | q
        else:
            r = p ^ q
        return float(r if operation < 3 else 1 - r)


class Trigger(Node):
    """Outputs a trigger, one sample of 1, at each rising edge of a gate, at each falling edge, or at both."""

    words = (
        "trig, edge, edge detector, Trig1, bang~, gate to trigger, change, rising edge, one shot, note on, note off, "
        "pulse generator, falling edge, threshold~, Auslöser, gate edge, déclencheur, T2A, onebang, Changed"
    )
    example = Example(heard="sound")

    gate = GATE
    edge = Choice("rising", "falling", "both", doc="edges that trigger")
    out = Out(unit="gate", doc="1 for one sample at each edge")
    last_gate = State()

    def tick(gate, edge, last_gate):
        up = 1.0 if rising_edge(gate, last_gate) and edge != 1 else 0.0
        down = 1.0 if (gate <= 0.5) & (last_gate > 0.5) and edge != 0 else 0.0
        return up + down, gate


class Toggle(Node):
    """Switches between 0 and 1 at each rising edge, as a flip-flop."""

    words = (
        "flip-flop, switch, on off, on/off, tgl, latch, ToggleFF, checkbox, latching switch, Schalter, interrupteur, "
        "divide by two, sustain pedal, bypass, mute switch"
    )

    gate, reset = GATE, RESET
    out = Out(unit="gate", doc="0 or 1")
    state, last_gate, last_reset = State(), State(), State()

    def tick(gate, reset, state, last_gate, last_reset):
        state = 1.0 - state if rising_edge(gate, last_gate) else state
        state = 0.0 if rising_edge(reset, last_reset) else state
        return state, state, gate, reset


class Counter(Node):
    """Counts rising edges: 0, 1, 2, … and back to 0 at ``count``."""

    words = (
        "count, count up, Stepper, PulseCount, step counter, increment, index, tally, Zähler, compteur, edge counter, "
        "accumulate, number of hits"
    )

    gate, reset = GATE, RESET
    count = In(8.0, min=1.0, max=1000000.0, smooth=False, doc="number of values before it returns to 0")
    out = Out(doc="number of edges, modulo count")
    number, last_gate, last_reset = State(), State(), State()

    def tick(gate, reset, count, number, last_gate, last_reset):
        number = number + 1.0 if rising_edge(gate, last_gate) else number
        number = number if number < count else 0.0
        number = 0.0 if rising_edge(reset, last_reset) else number
        return number, number, gate, reset


class SampleHold(Node):
    """Samples ``value`` at each rising edge of ``gate`` and holds it (S&H, bitcrusher), or tracks it while high."""

    words = (
        "hold, S&H, S+H, sample and hold, sah, samphold~, latch, Gate, freeze value, track and hold, random voltage, "
        "stepped, sample rate reduce, SnH, hold value, stairs, halten, stairstep, R2D2, keep value, store value, "
        "pitch hold"
    )

    value, gate = VALUE, GATE
    mode = Choice("sample", "track", doc="sample: at the edge; track: while the gate is high")
    out = Out(doc="held value")
    held, last_gate = State(), State()

    def tick(value, gate, mode, held, last_gate):
        take = rising_edge(gate, last_gate) if mode == 0 else gate > 0.5
        held = value if take else held
        return held, held, gate


SCALES = {
    "chromatic": range(12),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major_pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole_tone": (0, 2, 4, 6, 8, 10),
    "octaves": (0,),
}


def nearest_notes(settings, sr):
    """Return the nearest note of the scale for each half semitone of the octave above the root."""
    notes = np.array([n + octave for octave in (-12, 0, 12) for n in SCALES[settings["scale"]]])
    middles = np.arange(24) / 2 + 0.25
    return notes[np.argmin(np.abs(middles[:, None] - notes), axis=1)].astype(np.float32)


class Quantise(Node):
    """Quantises a pitch to the nearest note of a scale.

    Notes are MIDI numbers (60 is middle C, 69 is 440 Hz), or frequencies in equal temperament.
    """

    words = (
        "quantizer, quantiser, quantize, scale, scale quantizer, snap, snap to scale, pitch quantizer, major, minor, "
        "pentatonic, key, in tune, tuning, musical scale, DegreeToKey, round notes, Tonleiter, gamme, quantification, "
        "correct notes, note snap, mode dorian, diatonic, round, chromatic, autotune, in key, correct pitch, "
        "quantisation, Quantisierung"
    )
    example = Example(vary="value", heard="note")

    value = In(60.0, min=-20000.0, max=20000.0, doc="pitch as a note number or in Hz")
    root = In(0.0, unit="semitones", min=-12.0, max=12.0, smooth=False, doc="first note of the scale; 0 is C")
    scale = Choice(*SCALES, doc="notes of the scale")
    pitch = Choice("note", "hertz", doc="unit of the pitch, in and out")
    out = Out(doc="pitch of the nearest note")
    table = Table(nearest_notes)

    def tick(value, root, pitch, table):
        root = floor(root + 0.5)
        note = (value if pitch == 0 else hz_to_note(max(value, 1.0))) - root
        octave = 12.0 * floor(note * 0.08333333333333333)
        cell = int(clip(2.0 * (note - octave), 0.0, 23.0))
        note = root + octave + read_double(table, cell)
        return note if pitch == 0 else note_to_hz(note)


class NoteToFrequency(Node):
    """Converts a note to a frequency in Hz (mtof): ``440 · 2^((note - 69 + bend) / 12)``, or as Scala files tune it.

    A note between two keys is between their pitches; ``bend`` is in semitones of equal temperament.
    """

    words = (
        "mtof, midicps, MIDI to frequency, note to Hz, note, V/oct, volt per octave, 1V/oct, midi to Hz, pitch to "
        "frequency, tuning, transpose, note number, key to frequency, scala, microtonal, temperament, A440, tune, "
        "just intonation, scale tuning, semitone, Stimmung, Tonhöhe, accordage, microtuning, MIDI note, frequency "
        "from note, note name, frequency, Frequenz, fréquence, pitch"
    )
    example = Example(values={"note": 57.0})

    note = In(69.0, unit="note", min=0.0, max=127.0, smooth=False, doc="MIDI note number; 60 is middle C")
    bend = In(0.0, unit="semitones", min=-24.0, max=24.0, doc="added to the note")
    scale, keyboard = SCALE, KEYBOARD
    out = Out(unit="Hz", doc="frequency of the note")
    tuning = Table(tuning_table)

    def tick(note, bend, tuning, tuning_size):
        return note_to_hz(clip(tuned_note(note, tuning, tuning_size) + bend, -200.0, 300.0))

    def check(settings):
        return tuning_problem(settings)


class FrequencyToNote(Node):
    """Converts a frequency in Hz to a note: ``69 + 12 log₂(f / 440)``."""

    words = (
        "ftom, cpsmidi, Hz to MIDI, frequency to MIDI, hertz to note, pitch number, note number, Hz to note, "
        "frequency to pitch"
    )
    example = Example(heard="note")

    frequency = In(440.0, unit="Hz", min=1.0, max=20000.0, taper="log", doc="frequency to convert")
    out = Out(unit="note", doc="MIDI note number, with fractions")

    def tick(frequency):
        return hz_to_note(max(frequency, 1e-3))


class DecibelsToGain(Node):
    """Converts a level in decibels to a gain factor: ``10^(dB / 20)``."""

    words = (
        "dB, decibel, decibels, dbamp, dbtoa, dbtorms, dB to linear, dB to amp, level dB, gain dB, dezibel, amplitude "
        "from dB, midiratio"
    )
    example = Example(values={"level": -20.0})

    level = In(0.0, unit="dB", min=-120.0, max=40.0, doc="level in decibels")
    out = Out(unit="ratio", doc="gain factor")

    def tick(level):
        return gain_of(clip(level, -400.0, 400.0))


class Chance(Node):
    """Passes each gate with a random chance of ``probability``; the random seed comes from the document."""

    words = (
        "probability, random gate, CoinGate, coin, coin toss, coin flip, Bernoulli, Bernoulli gate, random trigger, "
        "percent, skip, maybe, dropout, odds, Wahrscheinlichkeit, hasard, branches, random skip, chance gate, prob"
    )

    gate = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="input gates")
    probability = In(0.5, unit="ratio", min=0.0, max=1.0, doc="fraction of the gates that pass")
    out = Out(unit="gate", doc="gates that pass")
    passing, last_gate = State(), State()
    seed = State(1, seeded=True)

    def tick(gate, probability, passing, last_gate, seed):
        throw = rising_edge(gate, last_gate)
        following = next_random(seed)
        seed = following if throw else seed
        lucky = 1.0 if uniform(following) < probability else 0.0
        passing = lucky if throw else passing
        return (passing if gate > 0.5 else 0.0), passing, gate, seed


class Expression(Node):
    """Computes a formula for each sample, as a waveshaper or any signal: ``a * sin(tau * 3 * t) + b``.

    Names: the inputs a, b, c, d; t, seconds since the start; sr, the sample rate; pi, tau, e. Arithmetic
    + - * / % **, comparisons, and / or / not, ``x if condition else y``, and functions: sin cos tan
    (radians), sin_turn cos_turn (cycles), tanh exp exp2 log log2 log10 sqrt abs floor nearest wrap sign clip
    lerp smoothstep min max db_to_gain gain_to_db note_to_hz hz_to_note semitones_to_ratio.
    """

    words = (
        "expr, fexpr~, formula, math, maths, equation, code, function, calculate, calculator, vexpr, gen~, codebox, "
        "script, abs, absolute, square root, sqrt, power, pow, exp, log, round, modulo, mod, sin, cos, programming, "
        "Formel, Rechnung, formule, if, arithmetic, min, max, rectify, rectifier, user code, custom, %, ^, absolute "
        "value, algebra, bytebeat, negative, invert, rmstodb, powtodb, mstosamps~, Gendy, user formula"
    )

    a, b, c, d = (In(0.0, min=-20000.0, max=20000.0, doc="signal for the formula") for _ in range(4))
    text = Option("a + b", kind="text", doc="formula")
    out = Out(doc="value of the formula; 0 where it is not finite")
    count = State(0)

    def formula(settings):
        value = compile_expression(settings["text"], ("a", "b", "c", "d", "t", "sr"))

        def tick(a, b, c, d, count, sr, dt):
            return value(a, b, c, d, count * dt, sr), count + 1

        return tick
