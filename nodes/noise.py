"""Noise generators. Each lane has a separate generator, seeded from the document, so noise is reproducible.

The generator is a 32-bit linear congruential generator with O'Neill's permutation (PCG: A family of simple fast
space-efficient statistically good algorithms for random number generation, 2014).
"""

import numpy as np

from nodegraph.maths import (
    LN_2,
    LN_1000,
    REFERENCE_RATE,
    cos_turn,
    decay_factor,
    log2,
    next_random,
    prewarp,
    pulse_samples,
    read_double,
    rising_edge,
    sqrt,
    uniform,
)
from nodegraph.node import Choice, Example, In, Node, Out, State, Table

AMPLITUDE = In(1.0, unit="ratio", min=0.0, max=1.0, doc="level of the noise (A)")
SQRT_3 = 1.7320508075688772


class WhiteNoise(Node):
    """Generates white noise: independent random samples, with a flat spectrum.

    Uniform: values in ±A, RMS 0.577 A. Gaussian: standard deviation A / 4, by the Box-Muller transform
    ``sqrt(-2 ln u) cos(2πv)``.
    """

    words = (
        "noise, noise generator, hiss, static, random signal, noise source, ClipNoise, GrayNoise, hi-hat, snare, "
        "wind, random audio, rauschen, weißes Rauschen, bruit, bruit blanc, generator, nois, source, ruido"
    )
    example = Example(plot="spectrum")

    amplitude = AMPLITUDE
    distribution = Choice("uniform", "gaussian", doc="distribution of the samples")
    out = Out(doc="white noise")
    seed = State(1, seeded=True)

    def tick(amplitude, distribution, seed):
        seed = next_random(seed)
        u = uniform(seed)
        if distribution == 0:
            noise = 2.0 * u - 1.0
        else:
            seed = next_random(seed)
            noise = 0.25 * sqrt(-2.0 * LN_2 * log2(1.0 - u)) * cos_turn(uniform(seed))
        return amplitude * noise, seed


POLES = 8


def pink_filter(settings, sr):
    """Return one-pole filters whose sum falls by 3 dB per octave from 10 Hz to 0.45 ``sr``.

    The table holds poles, gains and the direct gain, scaled to RMS 1 for white noise of RMS 1. The gains are a
    least-squares fit to ``1 / sqrt(jf)`` in relative error.
    """
    corners = np.geomspace(5.0, 0.4 * sr, POLES)
    poles = np.exp(-2 * np.pi * corners / sr)
    f = np.geomspace(10.0, 0.45 * sr, 400)
    z = np.exp(-2j * np.pi * f / sr)
    sections = np.stack([*((1 - p) / (1 - p * z) for p in poles), np.ones_like(z)], axis=1)
    target = 1.0 / np.sqrt(1j * f)
    gains = np.ones(POLES + 1)
    for _ in range(20):  # only the magnitude matters, so the target takes the phase of the fit
        rows = sections / np.abs(target)[:, None]
        unit_target = target / np.abs(target)
        real = np.concatenate([rows.real, rows.imag]), np.concatenate([unit_target.real, unit_target.imag])
        gains = np.linalg.lstsq(*real)[0]
        fitted = sections @ gains
        target = np.abs(target) * fitted / np.abs(fitted)
    inputs = gains[:-1] * (1 - poles)
    power = gains[-1] ** 2 + 2 * gains[-1] * inputs.sum()
    power += (inputs[:, None] * inputs / (1 - poles[:, None] * poles)).sum()
    return np.concatenate([poles, inputs / np.sqrt(power), [gains[-1] / np.sqrt(power)]]).astype(np.float32)


class PinkNoise(Node):
    """Generates pink noise, with equal power per octave: -3 dB per octave above 10 Hz, RMS A / 4.

    White noise is filtered by a sum of one-pole filters 1.5 octaves apart, as in Voss & Clarke's model,
    ``y = Σ gₖ / (1 - pₖ z⁻¹) + g₀``; see J. O. Smith, Spectral Audio Signal Processing, "Pink noise".
    """

    words = (
        "noise, pink~, 1/f, 1/f noise, test noise, wind, rain, waterfall, rosa Rauschen, Rauschen, bruit rose, bruit, "
        "noise generator"
    )
    example = Example(plot="spectrum")

    amplitude = AMPLITUDE
    out = Out(doc="pink noise")
    filter = Table(pink_filter)
    y0, y1, y2, y3, y4, y5, y6, y7 = [State() for _ in range(POLES)]
    seed = State(1, seeded=True)

    def tick(amplitude, filter, y0, y1, y2, y3, y4, y5, y6, y7, seed):
        seed = next_random(seed)
        x = SQRT_3 * (2.0 * uniform(seed) - 1.0)
        y0 = y0 * read_double(filter, 0) + x * read_double(filter, 8)
        y1 = y1 * read_double(filter, 1) + x * read_double(filter, 9)
        y2 = y2 * read_double(filter, 2) + x * read_double(filter, 10)
        y3 = y3 * read_double(filter, 3) + x * read_double(filter, 11)
        y4 = y4 * read_double(filter, 4) + x * read_double(filter, 12)
        y5 = y5 * read_double(filter, 5) + x * read_double(filter, 13)
        y6 = y6 * read_double(filter, 6) + x * read_double(filter, 14)
        y7 = y7 * read_double(filter, 7) + x * read_double(filter, 15)
        noise = y0 + y1 + y2 + y3 + y4 + y5 + y6 + y7 + x * read_double(filter, 16)
        return 0.25 * amplitude * noise, y0, y1, y2, y3, y4, y5, y6, y7, seed


class BrownNoise(Node):
    """Generates brown noise, integrated white noise: -6 dB per octave above 20 Hz, RMS A / 4.

    ``y = p y + g w``, a leaky integrator, because an ideal one would drift without limit.
    """

    words = (
        "noise, red noise, Brownian noise, random walk, rumble, thunder, Brownian, ocean, low noise, wind, sea, "
        "waves, waterfall, braunes Rauschen, Rauschen, bruit brun, bruit"
    )
    example = Example(plot="spectrum")

    amplitude = AMPLITUDE
    out = Out(doc="brown noise")
    y = State()
    seed = State(1, seeded=True)

    def tick(amplitude, y, seed, dt):
        seed = next_random(seed)
        p = decay_factor(0.007957747154594767, dt)  # 1 / (2π 20 Hz)
        y = p * y + sqrt(1.0 - p * p) * SQRT_3 * (2.0 * uniform(seed) - 1.0)
        return 0.25 * amplitude * y, y, seed


class Dust(Node):
    """Generates short pulses at random times: a Poisson process with ``density`` pulses per second.

    A pulse begins at each sample with probability ``density / sr``; heights are random, at most A. Pulses last 1/44100
    s, one sample at 44.1 kHz, so that they excite filters, strings and rooms equally at all sample rates.
    """

    words = (
        "random impulses, Dust2, crackle, crackling, clicks, Geiger, Geiger counter, rain, Poisson, random clicks, "
        "vinyl, vinyl crackle, pops, random trigger, sparse, raindrops, fire, random pulses, Impulse random, random "
        "bursts, noise, click"
    )
    example = Example(plot="wave")

    density = In(20.0, unit="Hz", min=0.1, max=10000.0, taper="log", doc="average pulses per second")
    amplitude = AMPLITUDE
    polarity = Choice("unipolar", "bipolar", doc="heights from 0 to A, or from -A to A")
    out = Out(doc="random pulses")
    height, rest = State(), State()
    seed = State(1, seeded=True)

    def tick(density, amplitude, polarity, height, rest, seed, sr, dt):
        seed = next_random(seed)
        hit = uniform(seed) < density * dt
        seed = next_random(seed)
        drawn = uniform(seed) if polarity == 0 else 2.0 * uniform(seed) - 1.0
        height = drawn if hit else height
        rest = pulse_samples(sr) if hit else rest
        wave = amplitude * height * min(rest, 1.0) if rest > 0.0 else 0.0
        return wave, height, max(rest - 1.0, 0.0), seed


class NoiseBurst(Node):
    """Plays a short, decaying burst of noise at each trigger: the pick or the hammer of a string, a drum or a mode.

    ``y = L(A e √(sr / 44100) w)``, ``e = 1000^(-t / decay)``, white noise w and a one-pole low-pass L at ``cutoff``: at
    any sample rate it has the same level below the cutoff. ``amplitude`` is read at the trigger. The excitation of
    Karplus & Strong, Digital synthesis of plucked-string and drum timbres (Computer Music J., 1983).
    """

    words = (
        "burst, excitation, hit, pluck, click, pick, strike, hammer, snare, hi-hat, hat, clap, percussion, cymbal, "
        "noise hit, noise drum, snare drum, shaker, drum, kick click, excite, impact, thwack"
    )

    gate = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge starts a burst")
    amplitude = In(1.0, unit="ratio", min=0.0, max=1.0, doc="level of the burst that starts (A)")
    decay = In(0.05, unit="s", min=0.001, max=5.0, taper="log", doc="time in which it falls by 60 dB")
    cutoff = In(3000.0, unit="Hz", min=20.0, max=20000.0, taper="log", doc="corner of the low-pass")
    out = Out(doc="burst of noise")
    level, last_gate, low = State(), State(), State()
    seed = State(1, seeded=True)

    def tick(gate, amplitude, decay, cutoff, level, last_gate, low, seed, sr, dt):
        seed = next_random(seed)
        falling = level * decay_factor(decay / LN_1000, dt)
        level = amplitude if rising_edge(gate, last_gate) else (falling if falling > 1e-9 else 0.0)
        noise = sqrt(sr * (1.0 / REFERENCE_RATE)) * level * (2.0 * uniform(seed) - 1.0)
        g = prewarp(cutoff, dt)
        v = (noise - low) * (g / (1.0 + g))
        return v + low, level, gate, v + low + v, seed
