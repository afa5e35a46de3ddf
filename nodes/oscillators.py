"""Oscillators: a phase from 0 to 1, and a waveform as a function of it.

All audio oscillators have linear frequency modulation (``fm``, Hz added to ``frequency``) and phase
modulation (``pm``, cycles), both through zero, and restart at a rising edge of ``reset``.

The band-limited forms add a short residual to the mathematical wave around each jump or corner: the difference that a
low-pass makes to it, with both sides known because the phase tells when the next jump will come. Välimäki, Pekonen &
Nam, Perceptually informed synthesis of bandlimited classical waveforms (J. Acoust. Soc. Am., 2012) use a cubic spline.
Here, the filter is one whose response is 0 above half the sample rate: a jump in a cycle of 16 samples has eight
partials, and residuals of one jump follow from their Fourier series. Shorter cycles have fewer partials, in tables of
their own. At 44.1 kHz the waves lose 0.4 dB at 15 kHz, and the aliases of a saw of up to 5 kHz lie 70 dB below it.
"""

import numpy as np

from nodegraph.maths import (
    TURN_MASK,
    centred_turns,
    clip,
    cos_turn,
    floor,
    log2,
    next_random,
    pulse_samples,
    read_double,
    rising_edge,
    sin_turn,
    sin_turn_single,
    sqrt,
    turn_bits,
    turns,
    uniform,
    wrap,
)
from nodegraph.node import Axis, Choice, Curves, Example, In, Node, Option, Out, State, Table, Wired
from nodegraph.spectral.band_limited_steps import (
    POINTS,
    ROW,
    ROWS_PER_SPEED,
    SHORTEST,
    corner_residuals,
    pulses,
    step_residuals,
)
from nodegraph.spectral.wavetables import (
    HARMONICS,
    HEADER,
    LENGTH,
    OCTAVES,
    file_problem,
    harmonics_of_file,
    wavetable,
)

SYNC_SAMPLES = 6.0
ONE, TWO, FOUR = np.float32(1.0), np.float32(2.0), np.float32(4.0)


def at_phase(table, phase, speed):
    """Return a table at a phase, linearly interpolated, the same before and after the jump; beyond REACH its end."""
    row = int(clip((speed - SHORTEST) * ROWS_PER_SPEED + 0.999999, 0.0, (0.5 - SHORTEST) * ROWS_PER_SPEED))
    place = min(min(phase, 1.0 - phase) * POINTS / min(speed, SHORTEST), 1.0 * ROW)
    index = int(place)
    start = row * (ROW + 1) + index
    near = read_double(table, start)
    return near + (read_double(table, start + 1) - near) * (place - index)


def speed_of(step, pm, last_pm):
    """Return the current speed of the phase in cycles per sample, at most ½."""
    return clip(abs(step + pm - last_pm), 1e-9, 0.5)


def start_phase(start, seed):
    """Return the phase at which a lane starts."""
    return uniform(next_random(seed)) if start == 1 else 0.0


STARTED = TURN_MASK + 1
"""Added to the phase of a wave with a random start after its first sample; it changes no fraction."""


def advance(phase, step, start):
    """Return a phase, as ``turn_bits``, after a step in cycles."""
    phase = (phase + turn_bits(step)) & TURN_MASK
    return phase | STARTED if start == 1 else phase


def restarted(phase, old, since, seed, step, start, reset, last_reset, synced):
    """Return phase (as ``turn_bits``), phase of the wave before the latest restart, and samples since then.

    A wired reset restarts the cycle between two samples, when it crosses ½; one that jumps from 0 to 1, as gates do,
    restarts it at this sample.
    """
    first = start_phase(start, seed)
    if start == 1 and phase < STARTED:
        phase = turn_bits(first)
    if not rising_edge(reset, last_reset):
        return phase, old, since
    if synced == 0:
        return turn_bits(first), old, since
    is_gate = (reset >= 1.0) & (last_reset <= 0.0)
    late = 0.0 if is_gate else (reset - 0.5) / max(reset - last_reset, 1e-9)
    return turn_bits(first + late * step), turns(phase), late


def synced_wave(before, after, since):
    """Return the crossfade ``3t² - 2t³`` from the wave before a restart to the wave after it, in SYNC_SAMPLES.

    A product of two waves without aliases and a slow gain has few: at least 58 dB below a saw, weighted as heard (A).
    """
    t = clip(since * (1.0 / SYNC_SAMPLES), 0.0, 1.0)
    return after if t >= 1.0 else before + (after - before) * t * t * (3.0 - 2.0 * t)


def jump(phase, speed, steps):
    """Return the residual of an upward unit step at phase 0."""
    residual = at_phase(steps, phase, speed)
    return residual if phase < 0.5 else -residual


def corner(phase, speed, corners):
    """Return the residual of a corner at phase 0 whose slope rises by 1 per cycle."""
    return at_phase(corners, phase, speed) * min(speed / SHORTEST, 1.0)


def saw_wave(p, speed, steps):
    """Return ``2p - 1``, band-limited at its jump at phase 0."""
    return 2.0 * p - 1.0 - 2.0 * jump(p, speed, steps)


def saw_at(phase, pm, speed, steps, quality):
    """Return a saw at a phase as ``turn_bits``, naive in single precision."""
    if quality == 1:
        return np.float64(TWO * centred_turns(phase, pm - 0.5))
    return saw_wave(wrap(turns(phase) + pm), speed, steps)


def square_at(phase, pm, width, speed, steps, quality):
    """Return 1 below ``width`` and -1 above it, at a phase as ``turn_bits``, band-limited at both jumps or naive."""
    if quality == 1:
        return 1.0 if centred_turns(phase, pm - 0.5) < np.float32(width - 0.5) else -1.0
    p = wrap(turns(phase) + pm)
    wave = 1.0 if p < width else -1.0
    return wave + 2.0 * (jump(p, speed, steps) - jump(wrap(p - width), speed, steps))


def triangle_at(phase, pm, speed, corners, quality):
    """Return ``1 - 4|p - ½|``, ``p = phase + pm + ¼``, at a phase as ``turn_bits``, naive in single precision."""
    if quality == 1:
        return np.float64(ONE - FOUR * abs(centred_turns(phase, pm - 0.25)))
    p = wrap(turns(phase) + pm + 0.25)
    wave = 1.0 - 4.0 * abs(p - 0.5)
    return wave + 8.0 * (corner(p, speed, corners) - corner(wrap(p + 0.5), speed, corners))


FREQUENCY = In(440.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pitch of the wave")
FM = In(0.0, unit="Hz", min=-5000.0, max=5000.0, doc="linear frequency modulation, added to frequency")
PM = In(0.0, unit="cycles", min=-1.0, max=1.0, doc="phase modulation, added to the phase")
AMPLITUDE = In(1.0, unit="ratio", min=0.0, max=1.0, doc="peak of the wave")
RESET = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge restarts the cycle: hard sync")
QUALITY = Choice("band_limited", "naive", doc="naive: the mathematical wave, with aliasing")
START = Choice(
    "zero", "random", in_unison="random", doc="phase at which cycles start; random: another one in each lane"
)


PHASES = np.linspace(0.0, 1.0, 129)  # of drawn cycles
DRAWN_HARMONICS = 64  # of a wavetable


def cycle_curve(wave, amplitude):
    """Return a wave of -1 to 1 at PHASES as the curve of an oscillator."""
    return Curves(Axis("phase", 0.0, 1.0), Axis("out", -1.0, 1.0), PHASES, {"": amplitude * wave})


class Phasor(Node):
    """Generates a phase, a ramp from 0 to 1: ``φ[n+1] = (φ[n] + f / sr) mod 1``.

    Puckette, The Theory and Technique of Electronic Music, ch. 1.
    """

    words = (
        "phase, LFSaw, ramp wave, Sweep, rampe, sawtooth phase, rate~, sync phase, index, playhead, position, ramp "
        "oscillator"
    )
    example = Example(vary="", heard="value")

    frequency = In(1.0, unit="Hz", min=-20000.0, max=20000.0, doc="cycles per second; negative runs backwards")
    reset = RESET
    out = Out(unit="cycles", doc="phase, 0 to 1")
    phase, last_reset = State(), State()

    def tick(frequency, reset, phase, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        return phase, wrap(phase + frequency * dt), reset


class Sine(Node):
    """Generates a sine wave, ``A sin(2π(φ + pm))`` with ``φ' = frequency + fm``.

    The wave is computed in single precision, with an error below -132 dB; the phase is an integer of 52 bits.
    With a sine wired to ``fm`` or ``pm`` it is an FM operator: Chowning, The synthesis of complex audio
    spectra by means of frequency modulation (J. Audio Eng. Soc., 1973).
    """

    words = (
        "osc~, sine wave, sin, SinOsc, cycle~, oscillator, VCO, tone, pure tone, FM, frequency modulation, operator, "
        "DX7, FM operator, PM, PMOsc, phase modulation, FSinOsc, beep, test tone, sinus, tuning fork, cosine, cos~, "
        "oscil, whistle, sub bass, sub oscillator, bell, theremin, Oszillator, oscillateur, sinusoïde, oscbank~, "
        "additive, additive synthesis, partial, harmonic, carrier, modulator, hum, kick, electric piano, voltage "
        "controlled oscillator, flute, Klang, Ton, Sinuston, DTMF, FM synth, sonar"
    )

    frequency, fm, pm, amplitude, reset, start = FREQUENCY, FM, PM, AMPLITUDE, RESET, START
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="sine wave")
    synced = Wired("reset")
    phase, last_reset, seed = State(0), State(), State(1, seeded=True)
    old, since = State(), State(SYNC_SAMPLES)

    def tick(
        frequency, fm, pm, amplitude, reset, start, synced, phase, last_reset, seed, old, since, dt
    ):  # fmt: skip
        step = (frequency + fm) * dt
        phase, old, since = restarted(phase, old, since, seed, step, start, reset, last_reset, synced)
        wave = sin_turn_single(phase, pm)
        if synced == 1:
            wave = synced_wave(sin_turn_single(turn_bits(old), pm), wave, since)
            old, since = wrap(old + step), since + 1.0
        return amplitude * wave, advance(phase, step, start), reset, seed, old, since

    display = "cycle"

    def drawing(amplitude):
        return cycle_curve(np.sin(2.0 * np.pi * PHASES), amplitude)


class Saw(Node):
    """Generates a rising sawtooth wave, ``A (2φ - 1)``, band-limited at the jump at φ = 0.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    words = (
        "sawtooth, osc, oscillator, VCO, LFSaw, VarSaw, bright wave, brass, sawtooth wave, sync saw, BlitB3Saw, "
        "analog oscillator, phasor saw, analogue oscillator, DCO, hard sync, sync, oscillator sync, voltage "
        "controlled oscillator, bass, lead, Sägezahn, Saegezahn, Oszillator, dents de scie, dent de scie, "
        "oscillateur, waveform, synth, synthesizer, tone, trance, string synth, onda"
    )

    frequency, fm, pm, amplitude, reset, start = FREQUENCY, FM, PM, AMPLITUDE, RESET, START
    quality = QUALITY
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="rising sawtooth wave")
    steps = Table(step_residuals)
    synced = Wired("reset")
    phase, last_pm, last_reset, seed = State(0), State(), State(), State(1, seeded=True)
    old, since = State(), State(SYNC_SAMPLES)

    def tick(
        frequency, fm, pm, amplitude, reset, start, quality, synced, steps,
        phase, last_pm, last_reset, seed, old, since, dt,
    ):  # fmt: skip
        step = (frequency + fm) * dt
        phase, old, since = restarted(phase, old, since, seed, step, start, reset, last_reset, synced)
        speed = speed_of(step, pm, last_pm)
        wave = saw_at(phase, pm, speed, steps, quality)
        if synced == 1:
            wave = synced_wave(saw_at(turn_bits(old), pm, speed, steps, quality), wave, since)
            old, since = wrap(old + step), since + 1.0
        return amplitude * wave, advance(phase, step, start), pm, reset, seed, old, since

    display = "cycle"

    def drawing(amplitude):
        return cycle_curve(2.0 * PHASES - 1.0, amplitude)


DETUNING = (-0.11002313, -0.06288439, -0.01952356, 0.0, 0.01991221, 0.06216538, 0.10745242)


class Supersaw(Node):
    """Generates seven saws at once, detuned and each at its own phase: the sound of trance leads and pads.

    Saw ``k`` runs at ``f (1 + d_k detune)``, ``d`` from -0.11 to 0.107; ``mix`` sets the level of the six at the sides,
    from that of the middle one alone. The detunings are those of Roland's JP-8000: Szabo, How to emulate the super saw
    (KTH, 2010). At a mix of 1 the power is that of one saw.
    """

    words = (
        "hypersaw, JP-8000, unison, unison saw, swarm, trance, trance lead, detuned saws, detune, fat saw, huge, pad, "
        "EDM, rave lead, hoover, wide saw, strings, string machine, seven saws, big lead, ensemble saw, lush pad"
    )
    example = Example(vary="detune", plot="spectrum")

    frequency = FREQUENCY
    detune = In(0.3, unit="ratio", min=0.0, max=1.0, doc="distance of the saws; 1 is about ±180 cents")
    mix = In(0.7, unit="ratio", min=0.0, max=1.0, doc="level of the six saws at the sides")
    amplitude = AMPLITUDE
    out = Out(doc="sum of seven saws")
    steps = Table(step_residuals)
    p0, p1, p2, p3, p4, p5, p6 = (State(-1.0) for _ in range(7))
    seed = State(1, seeded=True)

    def tick(frequency, detune, mix, amplitude, steps, p0, p1, p2, p3, p4, p5, p6, seed, dt):
        side = clip(mix, 0.0, 1.0)
        gain = amplitude / sqrt(1.0 + 6.0 * side * side)
        step, apart = frequency * dt, frequency * dt * clip(detune, 0.0, 1.0)
        w0, p0, seed = detuned_saw(p0, step + DETUNING[0] * apart, steps, seed)
        w1, p1, seed = detuned_saw(p1, step + DETUNING[1] * apart, steps, seed)
        w2, p2, seed = detuned_saw(p2, step + DETUNING[2] * apart, steps, seed)
        w3, p3, seed = detuned_saw(p3, step, steps, seed)
        w4, p4, seed = detuned_saw(p4, step + DETUNING[4] * apart, steps, seed)
        w5, p5, seed = detuned_saw(p5, step + DETUNING[5] * apart, steps, seed)
        w6, p6, seed = detuned_saw(p6, step + DETUNING[6] * apart, steps, seed)
        wave = w3 + side * (w0 + w1 + w2 + w4 + w5 + w6)
        return gain * wave, p0, p1, p2, p3, p4, p5, p6, seed


def detuned_saw(phase, step, steps, seed):
    """Return a saw that starts at a random phase, its next phase, and the next seed."""
    is_new = phase < 0.0
    seed = next_random(seed) if is_new else seed
    phase = uniform(seed) if is_new else phase
    return saw_wave(phase, speed_of(step, 0.0, 0.0), steps), wrap(phase + step), seed


class Square(Node):
    """Generates a square or pulse wave (PWM): ``A`` while ``φ < width``, then ``-A``; band-limited at both edges.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    words = (
        "pulse, square wave, pulse wave, PWM, pulse width, pulse width modulation, LFPulse, rect~, rectangle, "
        "rectangular, osc, oscillator, VCO, hollow, chip, chiptune, 8-bit, game, video game, clarinet wave, NES, "
        "Gameboy, sub oscillator, Rechteck, Puls, carré, onde carrée, duty cycle, DCO, bleep"
    )

    frequency, fm, pm = FREQUENCY, FM, PM
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="fraction of the cycle that is high (pulse width)")
    amplitude, reset, start, quality = AMPLITUDE, RESET, START, QUALITY
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="pulse wave")
    steps = Table(step_residuals)
    synced = Wired("reset")
    phase, last_pm, last_reset, seed = State(0), State(), State(), State(1, seeded=True)
    old, since = State(), State(SYNC_SAMPLES)

    def tick(
        frequency, fm, pm, width, amplitude, reset, start, quality, synced, steps,
        phase, last_pm, last_reset, seed, old, since, dt,
    ):  # fmt: skip
        width = clip(width, 0.0, 1.0)
        step = (frequency + fm) * dt
        phase, old, since = restarted(phase, old, since, seed, step, start, reset, last_reset, synced)
        speed = speed_of(step, pm, last_pm)
        wave = square_at(phase, pm, width, speed, steps, quality)
        if synced == 1:
            wave = synced_wave(square_at(turn_bits(old), pm, width, speed, steps, quality), wave, since)
            old, since = wrap(old + step), since + 1.0
        return amplitude * wave, advance(phase, step, start), pm, reset, seed, old, since

    display = "cycle"

    def drawing(width, amplitude):
        return cycle_curve(np.where(PHASES < width, 1.0, -1.0), amplitude)


class Triangle(Node):
    """Generates a triangle wave that starts at 0 and rises, ``A (1 - 4|φ' - ½|)`` with ``φ' = φ + ¼``.

    Band-limited at its corners by the integrated kernel (polyBLAMP): Esqueda, Välimäki & Bilbao, Rounding
    corners with BLAMP (Proc. DAFx, 2016).
    """

    words = (
        "triangle wave, tri, LFTri, osc, oscillator, VCO, VarSaw, soft wave, Dreieck, onde triangulaire, mellow, NES "
        "bass, flute, onde"
    )

    frequency, fm, pm, amplitude, reset, start = FREQUENCY, FM, PM, AMPLITUDE, RESET, START
    quality = QUALITY
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="triangle wave")
    corners = Table(corner_residuals)
    synced = Wired("reset")
    phase, last_pm, last_reset, seed = State(0), State(), State(), State(1, seeded=True)
    old, since = State(), State(SYNC_SAMPLES)

    def tick(
        frequency, fm, pm, amplitude, reset, start, quality, synced, corners,
        phase, last_pm, last_reset, seed, old, since, dt,
    ):  # fmt: skip
        step = (frequency + fm) * dt
        phase, old, since = restarted(phase, old, since, seed, step, start, reset, last_reset, synced)
        speed = speed_of(step, pm, last_pm)
        wave = triangle_at(phase, pm, speed, corners, quality)
        if synced == 1:
            wave = synced_wave(triangle_at(turn_bits(old), pm, speed, corners, quality), wave, since)
            old, since = wrap(old + step), since + 1.0
        return amplitude * wave, advance(phase, step, start), pm, reset, seed, old, since

    display = "cycle"

    def drawing(amplitude):
        return cycle_curve(1.0 - 4.0 * np.abs((PHASES + 0.25) % 1.0 - 0.5), amplitude)


class Impulse(Node):
    """Generates one pulse of height ``A`` per cycle, the first one immediately, with a flat spectrum.

    Naive: from the first sample of the cycle on. Band-limited: low-passed, at the exact time of the cycle's start. A
    pulse lasts 1/44100 s, one sample at 44.1 kHz, so that it excites filters, strings and rooms equally at all sample
    rates; ``trigger`` is always one sample long.
    """

    words = (
        "pulse, click, impulse train, pulse train, blip, tick, spike, buzz, metronome click, train, delta, Dirac, "
        "Impuls, impulsion, clicks"
    )
    example = Example(vary="frequency", values={"frequency": 8.0})

    frequency = In(1.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pulses per second")
    amplitude, reset = AMPLITUDE, RESET
    quality = Choice("naive", "band_limited", doc="band_limited: a smooth pulse, for tones")
    out = Out(doc="pulse wave, 0 to A")
    pulse = Table(pulses)
    phase = State(1.0)
    last_reset, rest = State(), State()

    def tick(frequency, amplitude, reset, quality, pulse, phase, last_reset, rest, sr, dt):
        phase = 1.0 if rising_edge(reset, last_reset) else phase
        step = clip(frequency * dt, 0.0, 1.0)
        p = wrap(phase)
        samples = pulse_samples(sr)
        rest = samples if phase >= 1.0 else rest
        if quality == 0:
            wave = min(rest, 1.0)
        else:
            speed = speed_of(samples * step, 0.0, 0.0)
            wave = max(speed, SHORTEST) * at_phase(pulse, p, speed)
        return amplitude * wave, p + step, reset, max(rest - 1.0, 0.0)


def simple_wave(p, shape):
    """Return a naive sine, triangle, saw, ramp down or square (``shape`` 0 to 4) at phase ``p``, for slow waves."""
    if shape == 0:
        return sin_turn(p)
    if shape == 1:
        return 1.0 - 4.0 * abs(wrap(p + 0.25) - 0.5)
    if shape == 2:
        return 2.0 * p - 1.0
    if shape == 3:
        return 1.0 - 2.0 * p
    return 1.0 if p < 0.5 else -1.0


RANDOM = 5  # the first shape without a fixed cycle
RANDOM_CYCLES = 6  # that are drawn


def random_waves(shape, cycles):
    """Return an example of a random (5) or drifting (6) wave at cycles from 0; those of a node depend on its seed."""
    seed, values = 1, []
    for _ in range(RANDOM_CYCLES + 2):
        seed = next_random(seed)
        values.append(2.0 * uniform(seed) - 1.0)
    index = np.minimum(cycles.astype(int), RANDOM_CYCLES - 1)
    held, following = np.array(values)[index], np.array(values)[index + 1]
    return held if shape == RANDOM else held + (following - held) * (0.5 - 0.5 * np.cos(np.pi * (cycles - index)))


def modulation_curve(x, waves, amplitude, offset, polarity):
    """Return waves of -1 to 1, evenly spaced on an axis, as the output of a modulator."""
    waves = 0.5 + 0.5 * waves if polarity == 1 else waves
    ends = offset + amplitude * np.array([0.0 if polarity == 1 else -1.0, 1.0])
    low, high = (float(ends.min()), float(ends.max())) if amplitude else (offset - 1.0, offset + 1.0)
    places = np.linspace(x.low, x.high, len(waves))
    return Curves(x, Axis("out", low, high), places, {"": offset + amplitude * waves})


class Lfo(Node):
    """Generates a low-frequency wave for modulation, as vibrato or tremolo: ``offset + A wave(φ + phase)``.

    The waves are naive, because aliasing is inaudible at low frequencies. ``random`` holds a new random value per
    cycle; ``drift`` moves smoothly from one random value to the next.
    """

    words = (
        "low frequency oscillator, modulator, modulation, vibrato, wobble, LFSaw, LFPulse, LFTri, LFCub, sweep, slow "
        "oscillator, cycle, slow sine, motion, wobble bass, dubstep, modulate, movement, cyclic, slow wave, mod "
        "source, auto modulation, siren, alarm, rotor, vco slow"
    )
    example = Example(vary="frequency", heard="value")

    frequency = In(1.0, unit="Hz", min=0.001, max=100.0, taper="log", doc="cycles per second")
    amplitude = In(1.0, min=-10000.0, max=10000.0, doc="depth: peak of the wave")
    offset = In(0.0, min=-10000.0, max=10000.0, doc="added to the wave")
    phase = In(0.0, unit="cycles", min=0.0, max=1.0, doc="start phase")
    reset = RESET
    shape = Choice("sine", "triangle", "saw", "ramp_down", "square", "random", "drift", doc="waveform")
    polarity = Choice("bipolar", "unipolar", doc="wave from -1 to 1, or from 0 to 1")
    out = Out(doc="low-frequency wave")
    cycle, last_reset, last_phase, held, following = State(), State(), State(2.0), State(), State()
    seed = State(1, seeded=True)

    def tick(
        frequency, amplitude, offset, phase, reset, shape, polarity,
        cycle, last_reset, last_phase, held, following, seed, dt,
    ):  # fmt: skip
        cycle = 0.0 if rising_edge(reset, last_reset) else cycle
        p = wrap(cycle + phase)
        if shape >= 5:
            first = last_phase > 1.5
            fresh = p < last_phase
            start = next_random(seed) if first else seed
            held = (2.0 * uniform(start) - 1.0) if first else (following if fresh else held)
            seed = next_random(start) if fresh else seed
            following = (2.0 * uniform(seed) - 1.0) if fresh else following
        if shape < 5:
            wave = simple_wave(p, shape)
        elif shape == 5:
            wave = held
        else:
            wave = held + (following - held) * (0.5 - 0.5 * cos_turn(0.5 * p))
        if polarity == 1:
            wave = 0.5 + 0.5 * wave
        return offset + amplitude * wave, wrap(cycle + frequency * dt), reset, p, held, following, seed

    display = "curves"

    def drawing(frequency, amplitude, offset, phase, shape, polarity):
        cycles = np.linspace(0.0, 1.0 if shape < RANDOM else RANDOM_CYCLES, 257)
        is_random = shape >= RANDOM
        waves = random_waves(shape, cycles) if is_random else [simple_wave(wrap(p + phase), shape) for p in cycles]
        time = Axis("time", 0.0, float(cycles[-1]) / max(frequency, 1e-3), "s")
        return modulation_curve(time, np.array(waves), amplitude, offset, polarity)

    def dot(frequency, shape, cycle, out):
        return (cycle / max(frequency, 1e-3), out) if shape < RANDOM else None


def spectra(name):
    """Return amplitudes and phases (turns) of the harmonics 1 … HARMONICS, for each cycle of a table set."""
    n = np.arange(1, HARMONICS + 1)
    odd = n % 2
    saw = -1.0 / n
    square = 2.0 * odd / n
    triangle = 2.5 * odd * (-1.0) ** (n // 2) / n**2
    sine = 1.0 * (n == 1)
    zero = np.zeros(HARMONICS)
    if name == "classic":
        return [(sine, zero), (triangle, zero), (square, zero), (saw, zero)]
    if name == "pulse":
        widths = [0.5, 0.3, 0.15, 0.05]
        return [(2.0 * np.sin(np.pi * n * w) / n, 0.25 - n * w / 2) for w in widths]
    if name == "organ":
        drawbars = [(1, 2), (1, 2, 3), (1, 2, 4, 8), (1, 2, 3, 4, 6, 8, 10, 12, 16)]
        return [(1.0 * np.isin(n, pipes), zero) for pipes in drawbars]
    vowels = [(650, 1080, 2650), (400, 1700, 2600), (290, 1870, 2800), (350, 600, 2700)]  # a e i u, Hz
    hertz = 110.0 * n  # formants are computed for a voice at 110 Hz
    peaks = [[g / (1.0 + ((hertz - f) / 90.0) ** 2) for f, g in zip(v, (1.0, 0.6, 0.3))] for v in vowels]
    return [(sum(formants) + 0.05 / n, n * n * 0.013) for formants in peaks]


def wave_harmonics(settings):
    """Return the harmonics of the cycles: those of the file, or of a set, each cycle with a largest sample of 1."""
    if settings["file"]:
        return harmonics_of_file(settings)
    found = [amplitudes * np.exp(2j * np.pi * (phases - 0.25)) for amplitudes, phases in spectra(settings["tables"])]
    waves = np.fft.irfft(np.pad(found, ((0, 0), (1, LENGTH // 2 - HARMONICS))), axis=1) * (LENGTH / 2)
    return np.array(found) / np.abs(waves).max(axis=1, keepdims=True)


class Wavetable(Node):
    """Plays stored single-cycle waves at any pitch and morphs between them, those of a set or of a sound file.

    Each cycle is stored with all its harmonics and at levels with fewer and fewer: eight per octave, fewer for a file
    of more than 20 cycles. The level with the most harmonics below half the sample rate is played, with linear
    interpolation between samples and between cycles. Bristow-Johnson, Wavetable synthesis 101 (AES, 1996).
    """

    words = (
        "wavetable synthesis, Osc, VOsc, VOsc3, tabosc4~, table, table oscillator, Serum, PPG, Vital, Massive, "
        "Waldorf, morph wave, wavetable oscillator, single cycle, wave~, 2d.wave~, oscillator, custom wave, draw "
        "wave, lookup oscillator, COsc, organ, table lookup, wave morph, vector"
    )

    frequency, fm, pm = FREQUENCY, FM, PM
    position = In(0.0, unit="ratio", min=0.0, max=1.0, doc="position in the table, from the first to the last cycle")
    amplitude, reset, start = AMPLITUDE, RESET, START
    tables = Choice(
        "classic", "pulse", "organ", "vowel",
        doc="classic: sine, triangle, square, saw; pulse: narrowing; organ: drawbars; vowel: a e i u",
    )  # fmt: skip
    file = Option("", kind="file", doc="sound file of one or several cycles, in the patch's folder, instead of a set")
    cycle = Option(2048, min=16, max=65536, unit="samples", doc="length of a cycle in the file; a shorter file is one")
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="wavetable wave")
    table = Table(lambda settings, sr: wavetable(wave_harmonics(settings)))
    synced = Wired("reset")
    phase, last_pm, last_reset, seed = State(0), State(), State(), State(1, seeded=True)
    old, since = State(), State(SYNC_SAMPLES)

    def check(settings):
        return file_problem(settings)

    def tick(
        frequency, fm, pm, position, amplitude, reset, start, synced, table,
        phase, last_pm, last_reset, seed, old, since, dt,
    ):  # fmt: skip
        step = (frequency + fm) * dt
        phase, old, since = restarted(phase, old, since, seed, step, start, reset, last_reset, synced)
        speed = speed_of(step, pm, last_pm)
        wave = table_wave(wrap(turns(phase) + pm), speed, position, table)
        if synced == 1:
            wave = synced_wave(table_wave(wrap(old + pm), speed, position, table), wave, since)
            old, since = wrap(old + step), since + 1.0
        return amplitude * wave, advance(phase, step, start), pm, reset, seed, old, since

    display = "cycle"

    def drawing(position, amplitude, tables, file):
        if file:
            return None
        bins = wave_harmonics({"tables": Wavetable.spec.choices["tables"].values[tables], "file": ""})
        place = min(max(position, 0.0), 1.0) * (len(bins) - 1)
        first = min(int(place), len(bins) - 2)
        mixed = bins[first] + (bins[first + 1] - bins[first]) * (place - first)
        wave = np.fft.irfft(np.append(0.0, mixed[:DRAWN_HARMONICS]), 128) * 64.0
        return cycle_curve(np.append(wave, wave[0]), amplitude)


def table_wave(p, speed, position, table):
    """Return a wavetable at phase ``p``, between its cycles according to ``position``."""
    cycles, per_octave = read_double(table, 0), read_double(table, 1)
    last = OCTAVES * per_octave
    level = clip(floor(log2(speed * (2.0 * HARMONICS)) * per_octave + 0.999999), 0.0, last)
    place = clip(position, 0.0, 1.0) * (cycles - 1.0)
    cycle = floor(min(place, cycles - 2.0))
    sample = p * LENGTH
    index = int(min(sample, LENGTH - 1.0))
    between = sample - index
    near = HEADER + int(cycle * (last + 1.0) + level) * (LENGTH + 1) + index
    far = near + int(last + 1.0) * (LENGTH + 1)
    a, b = read_double(table, near), read_double(table, far)
    a = a + (read_double(table, near + 1) - a) * between
    b = b + (read_double(table, far + 1) - b) * between
    return a + (b - a) * (place - cycle)
