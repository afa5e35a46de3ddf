"""Oscillators: a phase from 0 to 1, and a waveform as a function of it.

All audio oscillators have linear frequency modulation (``fm``, Hz added to ``frequency``) and phase
modulation (``pm``, cycles), both through zero, and restart at a rising edge of ``reset``.

The band-limited forms add a short residual to the naive wave around each jump or corner. The kernel is the
cubic B-spline, two samples to each side, after Välimäki, Pekonen & Nam, Perceptually informed synthesis of
bandlimited classical waveforms using integrated polynomial interpolation (J. Acoust. Soc. Am., 2012). It
attenuates the top octave slightly (-3.6 dB at a quarter of the sample rate) and suppresses aliases strongly.
"""

import numpy as np

from nodegraph.maths import clip, cos_turn, floor, log2, next_random, read_double, rising_edge, sin_turn, uniform, wrap
from nodegraph.node import Choice, In, Node, Out, State, Table


def step_residual(distance):
    """Return band-limited minus ideal unit step, ``distance`` samples after the step (negate it before the step).

    The integral of the cubic B-spline from ``distance`` on, in truncated powers; 0 beyond 2 samples.
    """
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    outer = outer * outer
    inner = inner * inner
    return (inner * inner * 4.0 - outer * outer) * 0.041666666666666664


def corner_residual(distance):
    """Return band-limited minus ideal corner of slope 1 per sample, ``distance`` samples away on either side.

    The integral of :func:`step_residual`.
    """
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    outer2 = outer * outer
    inner2 = inner * inner
    return (outer2 * outer2 * outer - 4.0 * inner2 * inner2 * inner) * 0.008333333333333333


def pulse_kernel(distance):
    """Return the cubic B-spline, a band-limited impulse, ``distance`` samples away on either side."""
    outer = max(2.0 - distance, 0.0)
    inner = max(1.0 - distance, 0.0)
    return (outer * outer * outer - 4.0 * inner * inner * inner) * 0.16666666666666666


def period_of(frequency, fm, pm, last_pm, dt):
    """Return the samples per cycle at the current speed of the phase, at least 2."""
    return 1.0 / clip(abs((frequency + fm) * dt + (pm - last_pm)), 1e-9, 0.5)


def jump(phase, period):
    """Return the residual of an upward unit step at phase 0, from the steps before and after ``phase``."""
    return step_residual(phase * period) - step_residual((1.0 - phase) * period)


def corner(phase, period):
    """Return the residual of a corner at phase 0 whose slope rises by 1 per cycle."""
    return (corner_residual(phase * period) + corner_residual((1.0 - phase) * period)) / period


FREQUENCY = In(440.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pitch of the wave")
FM = In(0.0, unit="Hz", min=-5000.0, max=5000.0, doc="linear frequency modulation, added to frequency")
PM = In(0.0, unit="cycles", min=-1.0, max=1.0, doc="phase modulation, added to the phase")
AMPLITUDE = In(1.0, unit="ratio", min=0.0, max=1.0, doc="peak of the wave")
RESET = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge restarts the cycle")


class Phasor(Node):
    """Generates a phase, a ramp from 0 to 1: ``φ[n+1] = (φ[n] + f / sr) mod 1``.

    Puckette, The Theory and Technique of Electronic Music, ch. 1.
    """

    frequency = In(1.0, unit="Hz", min=-20000.0, max=20000.0, doc="cycles per second; negative runs backwards")
    reset = RESET
    out = Out(unit="cycles", doc="phase, 0 to 1")
    phase, last_reset = State(), State()

    def tick(frequency, reset, phase, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        return phase, wrap(phase + frequency * dt), reset


class Sine(Node):
    """Generates a sine wave, ``A sin(2π(φ + pm))`` with ``φ' = frequency + fm``.

    With a sine wired to ``fm`` or ``pm`` it is an FM operator: Chowning, The synthesis of complex audio
    spectra by means of frequency modulation (J. Audio Eng. Soc., 1973).
    """

    aliases = ("osc", "oscillator", "osc~", "sinosc", "cycle", "vco", "tone", "fm")

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="sine wave")
    phase, last_reset = State(), State()

    def tick(frequency, fm, pm, amplitude, reset, phase, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        out = amplitude * sin_turn(phase + pm)
        return out, wrap(phase + (frequency + fm) * dt), reset


class Saw(Node):
    """Generates a rising sawtooth wave, ``A (2φ - 1)``, band-limited at the jump at φ = 0.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    aliases = ("osc", "oscillator", "vco", "lfsaw")

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the mathematical wave, with aliasing")
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="rising sawtooth wave")
    phase, last_pm, last_reset = State(), State(), State()

    def tick(frequency, fm, pm, amplitude, reset, quality, phase, last_pm, last_reset, dt):
        phase = 0.0 if rising_edge(reset, last_reset) else phase
        p = wrap(phase + pm)
        wave = 2.0 * p - 1.0
        if quality == 0:
            wave = wave - 2.0 * jump(p, period_of(frequency, fm, pm, last_pm, dt))
        return amplitude * wave, wrap(phase + (frequency + fm) * dt), pm, reset


class Square(Node):
    """Generates a square or pulse wave (PWM): ``A`` while ``φ < width``, then ``-A``; band-limited at both edges.

    Välimäki, Pekonen & Nam, Perceptually informed synthesis of bandlimited classical waveforms (2012).
    """

    aliases = ("osc", "oscillator", "vco", "pulse", "pwm", "rect")

    frequency, fm, pm = FREQUENCY, FM, PM
    width = In(0.5, unit="cycles", min=0.01, max=0.99, doc="fraction of the cycle that is high (pulse width)")
    amplitude, reset = AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the mathematical wave, with aliasing")
    interchangeable = (("frequency", "fm"),)
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
    """Generates a triangle wave that starts at 0 and rises, ``A (1 - 4|φ' - ½|)`` with ``φ' = φ + ¼``.

    Band-limited at its corners by the integrated kernel (polyBLAMP): Esqueda, Välimäki & Bilbao, Rounding
    corners with BLAMP (Proc. DAFx, 2016).
    """

    aliases = ("osc", "oscillator", "vco", "tri", "lftri")

    frequency, fm, pm, amplitude, reset = FREQUENCY, FM, PM, AMPLITUDE, RESET
    quality = Choice("band_limited", "naive", doc="naive: the mathematical wave, with aliasing")
    interchangeable = (("frequency", "fm"),)
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
    """Generates one pulse of height ``A`` per cycle, the first one immediately, with a flat spectrum.

    Naive: one sample long, at the first sample of the cycle. Band-limited: the cubic B-spline at the exact
    time of the cycle's start.
    """

    frequency = In(1.0, unit="Hz", min=0.01, max=20000.0, taper="log", doc="pulses per second")
    amplitude, reset = AMPLITUDE, RESET
    quality = Choice("naive", "band_limited", doc="band_limited: a smooth pulse, for tones")
    out = Out(doc="pulse wave, 0 to A")
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


class Lfo(Node):
    """Generates a low-frequency wave for modulation, as vibrato or tremolo: ``offset + A wave(φ + phase)``.

    The waves are naive, because aliasing is inaudible at low frequencies. ``random`` holds a new random value per
    cycle; ``drift`` moves smoothly from one random value to the next.
    """

    aliases = ("vibrato", "modulator")

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


TABLE_LENGTH = 2048
HARMONICS = 512
LEVELS = 10  # level k holds HARMONICS / 2**k harmonics
FRAMES = 4


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


def wavetables(settings, sr):
    """Return the set as one array, by cycle and level; each row ends with its first sample repeated."""
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
    """Plays stored single-cycle waves at any pitch and morphs between them.

    Each cycle is stored at ten levels, each with half the harmonics of the previous one. The level with the most
    harmonics below half the sample rate is played, with linear interpolation between samples and between cycles.
    Bristow-Johnson, Wavetable synthesis 101 (AES, 1996).
    """

    aliases = ("tabosc4", "vosc")

    frequency, fm, pm = FREQUENCY, FM, PM
    position = In(0.0, unit="ratio", min=0.0, max=1.0, doc="position in the table, from the first to the last cycle")
    amplitude, reset = AMPLITUDE, RESET
    tables = Choice(
        "classic", "pulse", "organ", "vowel",
        doc="classic: sine, triangle, square, saw; pulse: narrowing; organ: drawbars; vowel: a e i u",
    )  # fmt: skip
    interchangeable = (("frequency", "fm"),)
    out = Out(doc="wavetable wave")
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
