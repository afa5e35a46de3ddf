"""Effects by modulation: chorus, flanger, phaser, tremolo, frequency shift."""

from nodegraph.maths import clip, cos_turn, exp2, lerp, sin_turn, sqrt, tan_turn, wrap
from nodegraph.node import Choice, Example, In, Line, Node, Out, State

from .delays import cubic_tap, next_position, ring_tap
from .mixing import lane_of, side_of

AUDIO = In(0.0, doc="dry signal")
RATE = In(0.5, unit="Hz", min=0.01, max=20.0, taper="log", doc="frequency of the modulation")
DEPTH = In(0.5, unit="ratio", min=0.0, max=1.0, doc="range of the modulation")
MIX = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is dry, 1 the effect only")
FEEDBACK = In(0.5, unit="ratio", min=-0.95, max=0.95, doc="part of the output that returns; below 0 inverted")
SIDES, VOICES = 2, 3
CHORUS_DELAY, CHORUS_DEPTH = 0.018, 0.008  # s
FLANGER_LEAST, FLANGER_RANGE = 0.0005, 0.0075  # s
LOWEST_NOTCH, NOTCH_OCTAVES = 150.0, 5.0  # Hz at the bottom of the sweep, and its range


class Chorus(Node):
    """Makes one voice sound like several, wide in stereo: three delayed copies per side, each out of tune in turn.

    ``y = dry cos θ + sin θ Σ x[n - d_k(n)] / √3``; the delays are 18 ± 8 ms at full depth, a sixth of a cycle apart.
    """

    words = (
        "ensemble, unison, detune, doubler, double, thicken, thick, widen, Juno, Dimension D, string ensemble, "
        "fatten, rich, chorale, choir effect, ADT, lush, detuned copies, Schwebung, épaissir, symphonic, multi voice"
    )
    example = Example(plot="spectrum")

    audio = In(0.0, doc="dry signal; even lanes are on the left, odd ones on the right, a single one on both")
    rate, depth, mix = RATE, DEPTH, MIX
    out = Out(doc="two lanes, left and right")
    line = Line(lambda settings, sr: int((CHORUS_DELAY + CHORUS_DEPTH) * sr) + 8)
    position, phase = State(0), State()

    def lanes(inputs, settings):
        return {"out": SIDES}

    def block(audio, rate, depth, mix, out, line, position, phase, sr, dt):
        size = line.shape[1]
        for i in range(out.shape[0]):
            theta = 0.25 * clip(lane_of(mix, i, 0), 0.0, 1.0)
            reach = CHORUS_DEPTH * clip(lane_of(depth, i, 0), 0.0, 1.0)
            for side in range(SIDES):
                dry = side_of(audio, i, side)
                voices = 0.0
                for k in range(VOICES):
                    turn = phase[0] + (2.0 * k + side) / (SIDES * VOICES)
                    voices += ring_tap(line, side, 0, size, position[0], (CHORUS_DELAY + reach * sin_turn(turn)) * sr)
                line[side, position[0]] = dry
                out[i, side] = cos_turn(theta) * dry + sin_turn(theta) * voices / sqrt(VOICES)
            position[0] = next_position(position[0], size)
            phase[0] = wrap(phase[0] + lane_of(rate, i, 0) * dt)


class Flanger(Node):
    """Sweeps a comb of notches through a sound, like a jet: ``w = x + g w[n - d]``, ``y = x + m (w[n - d] - x)``.

    The delay moves between 0.5 and 8 ms at full depth. ``phase`` sets the start of the sweep, for example 0 and 0.25 in
    two lanes for stereo.
    """

    words = "jet, flange, flanging, jet plane, airplane, swoosh, metallic sweep, comb sweep, through zero"
    example = Example(inputs={"audio": "noise"}, plot="spectrum")

    audio, rate, depth, feedback, mix = AUDIO, RATE, DEPTH, FEEDBACK, MIX
    phase = In(0.0, unit="cycles", min=0.0, max=1.0, doc="offset of the sweep")
    out = Out(doc="flanged signal")
    line = Line(lambda settings, sr: int((FLANGER_LEAST + FLANGER_RANGE) * sr) + 8)
    position, cycle = State(0), State()

    def tick(audio, rate, depth, feedback, mix, phase, line, line_size, position, cycle, sr, dt):
        height = 0.5 - 0.5 * cos_turn(cycle + phase)
        delay = FLANGER_LEAST + FLANGER_RANGE * clip(depth, 0.0, 1.0) * height
        back = cubic_tap(line, line_size, position, delay * sr)
        line[position] = audio + clip(feedback, -0.95, 0.95) * back
        return lerp(audio, back, mix), next_position(position, line_size), wrap(cycle + rate * dt)


class Phaser(Node):
    """Sweeps three notches through a sound: six all-passes of first order, mixed with the dry signal.

    Each has ``H(z) = (a - z⁻¹) / (1 - a z⁻¹)``, ``a = (1 - tan πf/sr) / (1 + tan πf/sr)``: a quarter of a cycle late at
    ``f``, which moves over five octaves from 150 Hz at full depth. At mix 0.5 the notches are deepest. The feedback has
    no delay: with the output ``a⁶ x + y₀``, where ``y₀`` is that for ``x = 0``, ``x = (audio + g y₀) / (1 - g a⁶)``.
    """

    words = (
        "phasing, phase shifter, phaseshift, Phase 90, sweep, Small Stone, swirl, Uni-Vibe, swoosh, Leslie, phase "
        "effect, notch sweep, psychedelic, allpass sweep"
    )
    example = Example(inputs={"audio": "noise"}, plot="spectrum")

    audio, rate, depth, feedback, mix = AUDIO, RATE, DEPTH, FEEDBACK, MIX
    phase = In(0.0, unit="cycles", min=0.0, max=1.0, doc="offset of the sweep")
    out = Out(doc="phased signal")
    s1, s2, s3, s4, s5, s6 = (State() for _ in range(6))
    cycle = State()

    def tick(audio, rate, depth, feedback, mix, phase, s1, s2, s3, s4, s5, s6, cycle, dt):
        height = 0.5 - 0.5 * cos_turn(cycle + phase)
        frequency = LOWEST_NOTCH * exp2(NOTCH_OCTAVES * clip(depth, 0.0, 1.0) * height)
        t = tan_turn(0.5 * frequency * dt)
        a = (1.0 - t) / (1.0 + t)
        b, g = sqrt(1.0 - a * a), clip(feedback, -0.95, 0.95)
        of_states = -b * (s6 + a * (s5 + a * (s4 + a * (s3 + a * (s2 + a * s1)))))
        x = (audio + g * of_states) / (1.0 - g * a * a * a * a * a * a)
        y1, s1 = rotated(x, s1, a)
        y2, s2 = rotated(y1, s2, a)
        y3, s3 = rotated(y2, s3, a)
        y4, s4 = rotated(y3, s4, a)
        y5, s5 = rotated(y4, s5, a)
        y6, s6 = rotated(y5, s6, a)
        return lerp(audio, y6, mix), s1, s2, s3, s4, s5, s6, wrap(cycle + rate * dt)


class Tremolo(Node):
    """Makes a sound softer and louder in turn: ``y = x (1 - depth (1 - cos 2π(ft + phase)) / 2)``, or triangular.

    With the phases 0 and 0.5 in two lanes it pans a sound to and fro (auto-pan); their sum is constant at full depth.
    """

    words = (
        "autopan, trem, AM, amplitude modulation, volume wobble, wobble, tremolo effect, pulse volume, Leslie, "
        "rotary, rotary speaker, vibrato amp, shiver, trembling, volume modulation, helicopter, pulsate"
    )

    audio = In(0.0, doc="signal whose level is modulated")
    rate = In(5.0, unit="Hz", min=0.01, max=50.0, taper="log", doc="frequency of the modulation")
    depth = DEPTH
    phase = In(0.0, unit="cycles", min=0.0, max=1.0, doc="offset of the modulation; a list such as 0, 0.5 makes lanes")
    shape = Choice("sine", "triangle", doc="shape of the modulation")
    out = Out(doc="modulated signal")
    cycle = State()

    def tick(audio, rate, depth, phase, shape, cycle, dt):
        turn = wrap(cycle + phase)
        fall = 0.5 - 0.5 * cos_turn(turn) if shape == 0 else 1.0 - 2.0 * abs(turn - 0.5)
        return audio * (1.0 - clip(depth, 0.0, 1.0) * fall), wrap(cycle + rate * dt)


# All-passes in z^-2 of two chains whose phases differ by 90°, within 0.1° from 20 Hz to 22.03 kHz at 44.1 kHz: the
# elliptic half-band filter of order 25, turned by a quarter of the sample rate.
ALL_PASSES = (
    0.0944556192071673, 0.3154219310093884, 0.5491561624726856, 0.7291621121961176,
    0.8461212620798958, 0.9153242779475271, 0.954239187401376, 0.9755459134687752,
    0.9870777586939501, 0.9933404856779563, 0.9968599324418105, 0.9990799111816739,
)  # fmt: skip


class FrequencyShifter(Node):
    """Shifts all frequencies by the same number of Hz, which makes harmonic sounds inharmonic: ``Re(X e^(2πi f t))``.

    The analytic signal X has two chains of all-passes as real and imaginary part, 90° apart; the other sideband is
    60 dB softer from 20 Hz on. ``down`` is shifted by ``-frequency``. Harmonics below 0 Hz are reflected. After Bode,
    Electronic sound modulator (J. Audio Eng. Soc., 1965); Schüssler & Steffen, Halfband filters and Hilbert
    transformers (1998).
    """

    words = (
        "freq shift, Bode, Hilbert, SSB, single sideband, barber pole, ring mod, complex modulation, hilbert "
        "transform, fshift~, inharmonic, heterodyne, Frequenzschieber, dalek"
    )
    example = Example(plot="spectrum")

    audio = In(0.0, doc="signal to shift")
    frequency = In(100.0, unit="Hz", min=-5000.0, max=5000.0, doc="shift; below 0 downwards")
    out = Out(doc="shifted signal")
    down = Out(doc="signal shifted the other way")
    s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12 = (State() for _ in range(12))  # of the previous sample
    t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12 = (State() for _ in range(12))  # of the sample before it
    late, cycle = State(), State()

    def tick(
        audio, frequency, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12,
        t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, late, cycle, dt,
    ):  # fmt: skip
        y, n1 = turned(audio, t1, ALL_PASSES[0])
        y, n3 = turned(y, t3, ALL_PASSES[2])
        y, n5 = turned(y, t5, ALL_PASSES[4])
        y, n7 = turned(y, t7, ALL_PASSES[6])
        y, n9 = turned(y, t9, ALL_PASSES[8])
        imaginary, n11 = turned(y, t11, ALL_PASSES[10])
        y, n2 = turned(audio, t2, ALL_PASSES[1])
        y, n4 = turned(y, t4, ALL_PASSES[3])
        y, n6 = turned(y, t6, ALL_PASSES[5])
        y, n8 = turned(y, t8, ALL_PASSES[7])
        y, n10 = turned(y, t10, ALL_PASSES[9])
        y, n12 = turned(y, t12, ALL_PASSES[11])
        a, b = late * cos_turn(cycle), imaginary * sin_turn(cycle)
        return (
            a + b, a - b, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12,
            s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, y, wrap(cycle + frequency * dt),
        )  # fmt: skip


def turned(x, state, a):
    """Return the output and the state of the all-pass ``(a - z⁻²) / (1 - a z⁻²)``; ``state`` is two samples old."""
    y = a * x + state
    return y, a * y - x


def rotated(x, state, a):
    """Return the output and the state of an all-pass of first order, a rotation that keeps the energy at any ``a``."""
    b = sqrt(1.0 - a * a)
    return a * x - b * state, b * x + a * state
