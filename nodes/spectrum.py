"""Blocks on spectra: to magnitude and phase and back, gains, noise, freezing, shifting, crossing.

Phases are in turns: 1 turn = 2π rad.
"""

from __future__ import annotations

from nodegraph.maths import (
    arctan2_turn,
    clip,
    cos_turn,
    db_to_gain,
    decay_factor,
    exp2,
    floor,
    lerp,
    log2,
    read_double,
    scramble,
    sin_turn,
    sqrt,
    wrap,
)
from nodegraph.node import Choice, FrameIn, FrameOut, In, Line, Node, Option, Scratch, State, Table
from nodegraph.spectral.bands import curve_table, octaves_table, points_problem
from nodegraph.spectral.bins import denoised, expansion, smooth_over_bins

SPECTRUM = FrameIn("spectrum", doc="spectra to change")
AMOUNT = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")


def bin_line():
    """One number for each bin."""
    return Line(lambda settings, sr: settings["bins"])


class Polar(Node):
    """Magnitude and phase of a spectrum: ``|X| = √(re² + im²)``, ``φ = arg X / 2π``."""

    spectrum = FrameIn("spectrum", doc="spectra to take apart")
    magnitude = FrameOut("magnitude", doc="|X|, unscaled: a full-scale sine has size / 4 under a Hann window")
    phase = FrameOut("phase", doc="turns, from -1/2 to 1/2")

    def frame(spectrum_re, spectrum_im, bins, magnitude, phase):
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            magnitude[k] = sqrt(re * re + im * im)
            phase[k] = arctan2_turn(im, re)


class FromPolar(Node):
    """A spectrum of magnitude and phase: ``X = m e^(2πi φ)``. Phases are 0 where none is wired: a robot."""

    magnitude = FrameIn("magnitude", doc="|X|")
    phase = FrameIn("phase", optional=True, doc="turns; 0 where nothing is wired")
    spectrum = FrameOut("spectrum", doc="the spectrum")

    def frame(magnitude, phase, phase_bins, bins, spectrum_re, spectrum_im):
        if phase_bins > 0:
            for k in range(bins):
                m, turns = read_double(magnitude, k), read_double(phase, k)
                turns = turns if abs(turns) < 1e6 else 0.0
                spectrum_re[k] = m * cos_turn(turns)
                spectrum_im[k] = m * sin_turn(turns)
        else:
            for k in range(bins):
                spectrum_re[k] = magnitude[k]
                spectrum_im[k] = 0.0


class SpectrumGain(Node):
    """An equaliser in frequency: ``Y[k] = g · curve(f) · 2^(tilt/6.02 log2(f / 1 kHz)) X[k]``.

    ``points`` are pairs of Hz and dB, joined by straight lines over the logarithm of frequency.
    """

    spectrum = SPECTRUM
    gain = In(1.0, unit="gain", min=0.0, max=16.0, doc="for all bins")
    tilt = In(0.0, unit="dB/oct", min=-24.0, max=24.0, doc="slope around 1 kHz")
    points = Option(((1000.0, 0.0),), doc="breakpoints of the curve: [[Hz, dB], …]; one is flat")
    out = FrameOut("spectrum", doc="the spectra, weighted")
    curve, octaves = Table(curve_table), Table(octaves_table)

    def frame(spectrum_re, spectrum_im, gain, tilt, curve, octaves, bins, out_re, out_im):
        slope = tilt * 0.16609640474436813
        for k in range(bins):
            g = gain * read_double(curve, k) * exp2(clip(slope * read_double(octaves, k), -50.0, 50.0))
            out_re[k] = g * read_double(spectrum_re, k)
            out_im[k] = g * read_double(spectrum_im, k)

    def check(settings):
        return points_problem(settings["points"])


class SpectralGate(Node):
    """Turns quiet bins down: under the threshold ``Y = X max((|X| / T)^(ratio - 1), floor)``.

    It keeps partials and drops what lies between them; turned round it keeps the noise. 0 dB is a full-scale
    sine under a Hann window (|X| = size / 4).
    """

    spectrum = SPECTRUM
    threshold = In(-50.0, unit="dB", min=-140.0, max=20.0, doc="bins below it are turned down")
    ratio = In(4.0, unit="ratio", min=1.0, max=100.0, taper="log", doc="1 does nothing, 100 is a switch")
    floor = In(-80.0, unit="dB", min=-140.0, max=0.0, doc="the most that a bin is turned down")
    keep = Choice("above", "below", doc="which side of the threshold stays")
    out = FrameOut("spectrum", doc="the spectra, gated")

    def frame(spectrum_re, spectrum_im, threshold, ratio, floor, keep, bins, size, out_re, out_im):
        level, least = 0.25 * size * db_to_gain(threshold), db_to_gain(floor)
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            g = expansion(sqrt(re * re + im * im), level, ratio, least, keep == 1)
            out_re[k] = g * re
            out_im[k] = g * im


class Denoise(Node):
    """Takes away a steady noise that it has heard by itself while ``learn`` was high.

    The noise ``N[k]`` is the mean power of the frames learned; each bin is weighted by power subtraction
    ``√(1 - amount N / |X|²)``, by Wiener's rule or by a gate, no less than the floor (Berouti, Schwartz &
    Makhoul, Enhancement of speech corrupted by acoustic noise, ICASSP 1979). Gains glide over ``smoothing``,
    which stills musical noise.
    """

    spectrum = SPECTRUM
    learn = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="learns the noise anew while above 0.5")
    amount = In(2.0, unit="ratio", min=0.0, max=20.0, doc="over-subtraction: 1 takes the mean away")
    floor = In(-24.0, unit="dB", min=-120.0, max=0.0, doc="the most that a bin is turned down")
    smoothing = In(0.03, unit="s", min=0.0, max=2.0, doc="time constant of the gains")
    method = Choice("subtract", "wiener", "gate", doc="rule of the gains")
    out = FrameOut("spectrum", doc="the spectra without the noise")
    noise, gains = bin_line(), bin_line()
    learned, before = State(0), State(0.0)

    def frame(
        spectrum_re, spectrum_im, learn, amount, floor, smoothing, method, noise, gains, learned, before,
        bins, hop, dt, out_re, out_im,
    ):  # fmt: skip
        share = 0.0
        if learn > 0.5:
            learned[0] = 1 if before[0] <= 0.5 else learned[0] + 1
            share = 1.0 / learned[0]
        before[0] = learn
        least, keep = db_to_gain(floor), decay_factor(smoothing, hop * dt)
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            power = min(re * re + im * im, 1e30)
            mean = read_double(noise, k) + (power - read_double(noise, k)) * share
            g = denoised(power, mean, amount, least, method)
            g += (read_double(gains, k) - g) * keep
            noise[k] = mean
            gains[k] = g
            out_re[k] = g * re
            out_im[k] = g * im


class Freeze(Node):
    """Holds a sound for as long as the gate is high.

    The magnitudes stay those of the frame at the rising edge. Phases go on by the step that they made into
    it, ``φ[m] = φ[m-1] + (φ₀ - φ₋₁)``, so that partials keep their pitch (phase vocoder: Flanagan & Golden,
    1966), or are drawn anew for each frame: a cloud.
    """

    spectrum = SPECTRUM
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="holds while above 0.5")
    phases = Choice("advance", "random", doc="go on at each bin's pitch, or scatter")
    out = FrameOut("spectrum", doc="the spectra, or the one held")
    last_re, last_im, held, phase, step = (bin_line() for _ in range(5))
    frozen, seed = State(0), State(seeded=True)

    def frame(
        spectrum_re, spectrum_im, freeze, phases, last_re, last_im, held, phase, step, frozen, seed,
        bins, out_re, out_im,
    ):  # fmt: skip
        if freeze <= 0.5:
            frozen[0] = 0
            for k in range(bins):
                last_re[k] = spectrum_re[k]
                last_im[k] = spectrum_im[k]
                out_re[k] = spectrum_re[k]
                out_im[k] = spectrum_im[k]
            return
        if frozen[0] == 0:
            frozen[0] = 1
            for k in range(bins):
                re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
                held[k] = min(sqrt(re * re + im * im), 1e30)
                turns = arctan2_turn(im, re)
                step[k] = turns - arctan2_turn(read_double(last_im, k), read_double(last_re, k))
                phase[k] = turns
        elif phases == 0:
            for k in range(bins):
                phase[k] = wrap(read_double(phase, k) + read_double(step, k))
        else:
            seed[0] = (seed[0] + 2654435761) & 0xFFFFFFFF
            for k in range(bins):
                phase[k] = scramble((seed[0] + k * 747796405) & 0xFFFFFFFF) * 2.3283064365386963e-10
        for k in range(bins):
            out_re[k] = read_double(held, k) * cos_turn(read_double(phase, k))
            out_im[k] = read_double(held, k) * sin_turn(read_double(phase, k))


class ShiftSpectrum(Node):
    """Moves all frequencies by so many Hz, as a single-sideband frequency shifter does: bells from strings.

    Bins move by ``d = shift · size / sr`` (linear between bins, taken about the middle of the window) and
    turn on by ``d · hop / size`` from frame to frame, so that each sine goes on without a break.
    """

    spectrum = SPECTRUM
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="up, or down where negative")
    out = FrameOut("spectrum", doc="the spectra, moved")
    turned = State()

    def frame(spectrum_re, spectrum_im, shift, turned, bins, size, hop, dt, out_re, out_im):
        distance = clip(shift * dt, -1.0, 1.0) * size
        turned[0] = wrap(turned[0] + distance * hop / size)
        cos, sin = cos_turn(turned[0]), sin_turn(turned[0])
        start = floor(-distance)
        part = -distance - start
        offset = int(start)
        sign = 1.0 - 2.0 * (offset & 1)  # a window whose middle is time 0 has neighbours of equal sign
        near, far = sign * (1.0 - part), -sign * part
        last = bins - 1
        for k in range(bins):
            below, above = k + offset, k + offset + 1
            a = near if (below >= 0) & (below <= last) else 0.0
            b = far if (above >= 0) & (above <= last) else 0.0
            below, above = min(max(below, 0), last), min(max(above, 0), last)
            re = a * read_double(spectrum_re, below) + b * read_double(spectrum_re, above)
            im = a * read_double(spectrum_im, below) + b * read_double(spectrum_im, above)
            out_re[k] = re * cos - im * sin
            out_im[k] = re * sin + im * cos


class MorphSpectra(Node):
    """One sound on the way to another: magnitudes and phases are interpolated.

    ``|Y| = (1-t)|A| + t|B|``, or ``|A|^(1-t) |B|^t`` (log: what is loud in both stays); the phase is that of
    ``(1-t) A/|A| + t B/|B|``.
    """

    a, b = FrameIn("spectrum", doc="first sound"), FrameIn("spectrum", doc="second sound")
    amount = AMOUNT
    law = Choice("linear", "log", doc="how magnitudes are interpolated")
    out = FrameOut("spectrum", doc="the spectra between")

    def frame(a_re, a_im, b_re, b_im, amount, law, bins, out_re, out_im):
        t = clip(amount, 0.0, 1.0)
        for k in range(bins):
            p, q, r, s = read_double(a_re, k), read_double(a_im, k), read_double(b_re, k), read_double(b_im, k)
            first, second = sqrt(p * p + q * q), sqrt(r * r + s * s)
            if law == 0:
                level = lerp(first, second, t)
            else:
                level = exp2(lerp(log2(max(first, 1e-15)), log2(max(second, 1e-15)), t))
                level = level if level > 2e-15 else 0.0
            u, v = (1.0 - t) / max(first, 1e-30), t / max(second, 1e-30)
            re, im = p * u + r * v, q * u + s * v
            g = level / max(sqrt(re * re + im * im), 1e-9)
            out_re[k] = re * g
            out_im[k] = im * g


class CrossSynthesis(Node):
    """The colour of one sound on the pitch of another: a vocoder with as many bands as bins.

    ``Y = C · E(M) / (E(|C|)^f (N/4)^(1-f))``, f = flatten; E smooths over ``smoothing`` Hz: the envelope of
    the modulator M on the carrier C. Smoothing 0 and flatten 1 put M's very magnitudes on C's phases.
    Dolson, The phase vocoder: a tutorial (Computer Music Journal, 1986).
    """

    modulator = FrameIn("magnitude", doc="sound whose colour is heard: a voice")
    carrier = FrameIn("spectrum", doc="sound whose pitch is heard: a synthesizer")
    smoothing = In(150.0, unit="Hz", min=0.0, max=5000.0, doc="width of the envelopes")
    flatten = In(1.0, unit="ratio", min=0.0, max=1.0, doc="how far the carrier loses its own colour")
    out = FrameOut("spectrum", doc="the carrier in the modulator's colour")
    envelope, level, own = (Scratch(lambda settings, sr: settings["bins"]) for _ in range(3))

    def frame(
        modulator,
        carrier_re,
        carrier_im,
        smoothing,
        flatten,
        envelope,
        level,
        own,
        bins,
        size,
        hop,
        dt,
        out_re,
        out_im,
    ):
        width = clip(smoothing, 0.0, 1e6) * size * dt
        for k in range(bins):
            re, im = read_double(carrier_re, k), read_double(carrier_im, k)
            level[k] = sqrt(re * re + im * im)
        smooth_over_bins(modulator, envelope, bins, width)
        smooth_over_bins(level, own, bins, width)
        share = clip(flatten, 0.0, 1.0)
        rest = (1.0 - share) * log2(0.25 * size)
        least = 1e-6 * size  # 108 dB under a full-scale sine: silence is not raised to a hiss
        for k in range(bins):
            g = read_double(envelope, k) * exp2(-share * log2(max(read_double(own, k), least)) - rest)
            out_re[k] = g * read_double(carrier_re, k)
            out_im[k] = g * read_double(carrier_im, k)
