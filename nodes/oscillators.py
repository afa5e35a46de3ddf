"""Oscillators: a phase that runs from 0 to 1, and a wave drawn over it.

All audio oscillators take linear frequency modulation (``fm``, Hz added to ``frequency``) and phase
modulation (``pm``, cycles), both through zero, and start again at a rising edge of ``reset``.

The band-limited forms replace each jump or corner of the wave by that of a band-limited one: the naive
wave plus a short residual around it. The kernel is the cubic B-spline, two samples to each side, after
Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms using
integrated polynomial interpolation (J. Acoust. Soc. Am., 2012). It attenuates the top octave gently
(-3.6 dB at a quarter of the sample rate) in return for deep suppression of aliases.
"""

import numpy as np

from nodegraph.maths import clip, cos_turn, floor, log2, next_random, read_double, rising_edge, sin_turn, uniform, wrap
from nodegraph.node import Choice, In, Node, Out, State, Table


def step_residual(distance):
    """Band-limited minus ideal unit step, ``distance`` samples after the step (negate it before the step).

    The integral of the cubic B-spline from ``distance`` on, in truncated powers; 0 from 2 samples on.
    """
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    outer = outer * outer
    inner = inner * inner
    return (inner * inner * 4.0 - outer * outer) * 0.041666666666666664


def corner_residual(distance):
    """Band-limited minus ideal corner of slope 1 per sample, ``distance`` samples away on either side.

    The integral of :func:`step_residual`.
    """
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    outer2 = outer * outer
    inner2 = inner * inner
    return (outer2 * outer2 * outer - 4.0 * inner2 * inner2 * inner) * 0.008333333333333333


def pulse_kernel(distance):
    """The cubic B-spline, a band-limited impulse, ``distance`` samples away on either side."""
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    return (outer * outer * outer - 4.0 * inner * inner * inner) * 0.16666666666666666


def period_of(frequency, fm, pm, last_pm, dt):
    """Samples in one cycle at the current speed of the phase, at least 2."""
    return 1.0 / clip(abs((frequency + fm) * dt + (pm - last_pm)), 1e-9, 0.5)


def jump(phase, period):
    """Residual of an upward unit step at phase 0, from the steps behind and ahead of ``phase``."""
    return step_residual(phase * period) - step_residual((1.0 - phase) * period)


def corner(phase, period):
    """Residual of a corner at phase 0 whose slope rises by 1 per cycle."""
    return (corner_residual(phase * period) + corner_residual((1.0 - phase) * period)) / period


FREQUENCY = In(440.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pitch")
FM = In(0.0, unit="Hz", min=-5000.0, max=5000.0, doc="linear frequency modulation, added to frequency")
PM = In(0.0, unit="cycles", min=-1.0, max=1.0, doc="phase modulation, added to the phase")
AMPLITUDE = In(1.0, unit="ratio", min=0.0, max=1.0, doc="peak of the wave")
RESET = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge restarts the cycle")


class Phasor(Node):
    """The bare phase: a ramp from 0 to 1, ``φ[n+1] = φ[n] + f / sr`` less its whole cycles.

    Puckette, The Theory and Technique of Electronic Music, ch. 1.
    """

    frequency = In(1.0, unit="Hz", min=-20000.0, max=20000.0, doc="cycles in a second; runs back below 0")
    reset = RESET
    out = Out(unit="cycles", doc="phase, 0 to 1")
    phase, last_reset = State(), State()

    def tick(frequency, reset, phase, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        return phase, wrap(phase + frequency * dt), reset


class Sine(Node):
    """A sine wave, ``A sin(2π(φ + pm))`` with ``φ' = frequency + fm``.

    With a sine wired to ``fm`` or ``pm`` it is an operator of Chowning, The synthesis of complex audio
    spectra by means of frequency modulation (J. Audio Eng. Soc., 1973).
    """

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    out = Out(doc="sine wave")
    phase, last_reset = State(), State()

    def tick(frequency, fm, pm, amplitude, reset, phase, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        out = amplitude * sin_turn(phase + pm)
        return out, wrap(phase + (frequency + fm) * dt), reset


class Saw(Node):
    """A rising sawtooth, ``A (2φ - 1)``; band-limited by smoothing the jump at φ = 0.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the textbook wave with all its aliases")
    out = Out(doc="sawtooth wave, upwards")
    phase, last_pm, last_reset = State(), State(), State()

    def tick(frequency, fm, pm, amplitude, reset, quality, phase, last_pm, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        p = wrap(phase + pm)
        wave = 2.0 * p - 1.0
        if quality == 0:
            wave = wave - 2.0 * jump(p, period_of(frequency, fm, pm, last_pm, dt))
        return amplitude * wave, wrap(phase + (frequency + fm) * dt), pm, reset


class Square(Node):
    """A pulse wave: ``A`` while ``φ < width``, ``-A`` for the rest; band-limited at both edges.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    frequency, fm, pm = FREQUENCY, FM, PM
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="part of the cycle that is high")
    amplitude, reset = AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the textbook wave with all its aliases")
    out = Out(doc="pulse wave")
    phase, last_pm, last_reset = State(), State(), State()

    def tick(frequency, fm, pm, width, amplitude, reset, quality, phase, last_pm, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        width = clip(width, 0.0, 1.0)
        p = wrap(phase + pm)
        wave = 1.0 if p < width else -1.0
        if quality == 0:
            period = period_of(frequency, fm, pm, last_pm, dt)
            wave = wave + 2.0 * (jump(p, period) - jump(wrap(p - width), period))
        return amplitude * wave, wrap(phase + (frequency + fm) * dt), pm, reset


class Triangle(Node):
    """A triangle wave that starts at 0 and rises, ``A (1 - 4|φ' - ½|)`` with ``φ' = φ + ¼``.

    Band-limited at its corners by the integrated kernel (polyBLAMP): Esqueda, Välimäki & Bilbao, Rounding
    corners with BLAMP (Proc. DAFx, 2016).
    """

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the textbook wave with all its aliases")
    out = Out(doc="triangle wave")
    phase, last_pm, last_reset = State(), State(), State()

    def tick(frequency, fm, pm, amplitude, reset, quality, phase, last_pm, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        p = wrap(phase + pm + 0.25)
        wave = 1.0 - 4.0 * abs(p - 0.5)
        if quality == 0:
            period = period_of(frequency, fm, pm, last_pm, dt)
            wave = wave + 8.0 * (corner(p, period) - corner(wrap(p + 0.5), period))
        return amplitude * wave, wrap(phase + (frequency + fm) * dt), pm, reset


class Impulse(Node):
    """One pulse of height ``A`` in each cycle, the first at once. Its spectrum is flat.

    Naive: one sample long, at the first sample of the cycle. Band-limited: the cubic B-spline at the exact
    time of the cycle's start.
    """

    frequency = In(1.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pulses in a second")
    amplitude, reset = AMPLITUDE, RESET
    quality = Choice("naive", "band_limited", doc="band_limited: a smooth pulse, for tones")
    out = Out(doc="pulses")
    phase = State(1.0)
    last_reset = State()

    def tick(frequency, amplitude, reset, quality, phase, last_reset, dt):
        phase = 1.0 if rising_edge(reset, last_reset) else phase
        step = clip(frequency * dt, 0.0, 1.0)
        p = wrap(phase)
        if quality == 0:
            wave = 1.0 if phase >= 1.0 else 0.0
        else:
            period = 1.0 / clip(step, 1e-9, 0.5)
            wave = pulse_kernel(p * period) + pulse_kernel((1.0 - p) * period)
        return amplitude * wave, p + step, reset


def simple_wave(p, shape):
    """Sine, triangle, saw, ramp down or square (``shape`` 0 to 4) at the phase ``p``, naive: for slow waves."""
    if shape == 0:
        return sin_turn(p)
    if shape == 1:
        return 1.0 - 4.0 * abs(wrap(p + 0.25) - 0.5)
    if shape == 2:
        return 2.0 * p - 1.0
    if shape == 3:
        return 1.0 - 2.0 * p
    return 1.0 if p < 0.5 else -1.0


class Lfo(Node):
    """A slow wave for modulation: ``offset + A wave(φ + phase)``.

    The waves are naive, as slow ones may be; ``random`` holds a new random value in each cycle, ``drift``
    runs smoothly from one to the next.
    """

    frequency = In(1.0, unit="Hz", min=0.001, max=100.0, taper="log", doc="cycles in a second")
    amplitude = In(1.0, min=-10000.0, max=10000.0, doc="depth: peak of the wave")
    offset = In(0.0, min=-10000.0, max=10000.0, doc="added to the wave")
    phase = In(0.0, unit="cycles", min=0.0, max=1.0, doc="where in the cycle it starts")
    reset = RESET
    shape = Choice("sine", "triangle", "saw", "ramp_down", "square", "random", "drift", doc="the wave")
    polarity = Choice("bipolar", "unipolar", doc="-1 to 1, or 0 to 1")
    out = Out(doc="the wave")
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


# --- wavetable ------------------------------------------------------------------------------------

TABLE_LENGTH = 2048
HARMONICS = 512
LEVELS = 10  # level k holds HARMONICS / 2**k harmonics
FRAMES = 4


def spectra(name):
    """Amplitudes and phases (turns) of the harmonics 1 … HARMONICS of each frame of a table set."""
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
    hertz = 110.0 * n  # drawn for a voice at 110 Hz
    peaks = [[g / (1.0 + ((hertz - f) / 90.0) ** 2) for f, g in zip(v, (1.0, 0.6, 0.3))] for v in vowels]
    return [(sum(formants) + 0.05 / n, n * n * 0.013) for formants in peaks]


def wavetables(settings, sr):
    """The set as one array: frame by frame, level by level, each one cycle and its first sample again."""
    rows = []
    for amplitudes, phases in spectra(settings["tables"]):
        bins = np.zeros(TABLE_LENGTH // 2 + 1, complex)
        bins[1 : HARMONICS + 1] = amplitudes * np.exp(2j * np.pi * (phases - 0.25)) * TABLE_LENGTH / 2
        peak = np.abs(np.fft.irfft(bins)).max()
        for level in range(LEVELS):
            kept = bins / peak
            kept[(HARMONICS >> level) + 1 :] = 0.0
            wave = np.fft.irfft(kept)
            rows.append(np.append(wave, wave[0]))
    return np.concatenate(rows).astype(np.float32)


class Wavetable(Node):
    """Reads a stored cycle at any pitch, and morphs through a row of them.

    Each cycle is stored at ten levels with half the harmonics of the one before; the level read is the
    richest whose harmonics all stay below half the sample rate. Between samples and between neighbouring
    cycles it interpolates linearly. Bristow-Johnson, Wavetable synthesis 101 (AES, 1996).
    """

    frequency, fm, pm = FREQUENCY, FM, PM
    position = In(0.0, unit="ratio", min=0.0, max=1.0, doc="place in the row of cycles, first to last")
    amplitude, reset = AMPLITUDE, RESET
    tables = Choice(
        "classic", "pulse", "organ", "vowel",
        doc="classic: sine, triangle, square, saw; pulse: ever narrower; organ: drawbars; vowel: a e i u",
    )  # fmt: skip
    out = Out(doc="the wave")
    table = Table(wavetables)
    phase, last_pm, last_reset = State(), State(), State()

    def tick(
        frequency, fm, pm, position, amplitude, reset, phase, last_pm, last_reset, dt, table
    ):  # fmt: skip
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        speed = clip(abs((frequency + fm) * dt + (pm - last_pm)), 1e-9, 0.5)
        level = int(clip(floor(log2(speed * (2.0 * HARMONICS)) + 0.999999), 0.0, LEVELS - 1.0))
        place = clip(position, 0.0, 1.0) * (FRAMES - 1.0)
        frame = int(min(place, FRAMES - 2.0))
        sample = wrap(phase + pm) * TABLE_LENGTH
        index = int(min(sample, TABLE_LENGTH - 1.0))
        between = sample - index
        near = (frame * LEVELS + level) * (TABLE_LENGTH + 1) + index
        far = near + LEVELS * (TABLE_LENGTH + 1)
        a = read_double(table, near)
        b = read_double(table, far)
        a = a + (read_double(table, near + 1) - a) * between
        b = b + (read_double(table, far + 1) - b) * between
        wave = a + (b - a) * (place - frame)
        return amplitude * wave, wrap(phase + (frequency + fm) * dt), pm, reset
