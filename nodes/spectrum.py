"""Blocks on spectra: polar form, equaliser, gating, noise reduction, freezing, shifting, cross-synthesis.

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
from nodegraph.node import Choice, Example, FrameIn, FrameOut, In, Line, Node, Option, Scratch, State, Table
from nodegraph.spectral.bands import curve_table, octaves_table, points_problem
from nodegraph.spectral.bins import denoised, expansion, smooth_over_bins

SPECTRUM = FrameIn("spectrum", doc="spectra to process")
AMOUNT = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")


def bin_line():
    """Return a line with one number per bin."""
    return Line(lambda settings, sr: settings["bins"])


class Polar(Node):
    """Converts a spectrum to magnitude and phase: ``|X| = √(re² + im²)``, ``φ = arg X / 2π``."""

    words = "cartesian to polar, cartopol~, car2pol, magnitude and phase, phase, spectrum phase, framedelta~"

    spectrum = FrameIn("spectrum", doc="spectra to convert")
    magnitude = FrameOut("magnitude", doc="|X|, unscaled: size / 4 for a full-scale sine with a Hann window")
    phase = FrameOut("phase", doc="phase in turns, from -1/2 to 1/2")

    def frame(spectrum_re, spectrum_im, bins, magnitude, phase):
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            magnitude[k] = sqrt(re * re + im * im)
            phase[k] = arctan2_turn(im, re)


class FromPolar(Node):
    """Converts magnitude and phase to a spectrum: ``X = m e^(2πi φ)``. Without a phase wire a voice sounds robotic."""

    words = "polar to cartesian, poltocar~, pol2car, magnitude and phase to spectrum"

    magnitude = FrameIn("magnitude", doc="magnitudes |X|")
    phase = FrameIn("phase", optional=True, doc="phase in turns; 0 if not wired")
    spectrum = FrameOut("spectrum", doc="spectrum of both")

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
    """Applies an equaliser (EQ) curve to spectra: ``Y[k] = g · curve(f) · 2^(tilt/6.02 log2(f / 1 kHz)) X[k]``.

    ``points`` are pairs of Hz and dB, joined by straight lines over logarithmic frequency.
    """

    words = (
        "spectral EQ, EQ, equaliser, spectral filter, FFT filter, FFT EQ, PV_BrickWall, spectral tilt, filter "
        "spectrum, linear phase EQ, brick wall filter"
    )

    spectrum = SPECTRUM
    gain = In(1.0, unit="gain", min=0.0, max=16.0, doc="gain of all bins")
    tilt = In(0.0, unit="dB/oct", min=-24.0, max=24.0, doc="slope around 1 kHz")
    points = Option(((1000.0, 0.0),), doc="breakpoints of the curve: [[Hz, dB], …]; a single point is flat")
    out = FrameOut("spectrum", doc="equalised spectra")
    curve, octaves = Table(curve_table), Table(octaves_table)

    def frame(spectrum_re, spectrum_im, gain, tilt, curve, octaves, bins, out_re, out_im):
        slope = tilt * 0.16609640474436813
        if slope == 0.0:
            for k in range(bins):
                g = gain * read_double(curve, k)
                out_re[k] = g * read_double(spectrum_re, k)
                out_im[k] = g * read_double(spectrum_im, k)
            return
        for k in range(bins):
            g = gain * read_double(curve, k) * exp2(clip(slope * read_double(octaves, k), -50.0, 50.0))
            out_re[k] = g * read_double(spectrum_re, k)
            out_im[k] = g * read_double(spectrum_im, k)

    def check(settings):
        return points_problem(settings["points"])


class SpectralGate(Node):
    """Attenuates quiet bins, a gate per bin: below the threshold ``Y = X max((|X| / T)^(ratio - 1), floor)``.

    It keeps partials and removes the noise between them; with keep set to below it keeps the noise. 0 dB is a
    full-scale sine with a Hann window (|X| = size / 4).
    """

    words = (
        "spectral noise gate, gate per bin, PV_MagAbove, threshold bins, spectral threshold, clean, expander spectral"
    )

    spectrum = SPECTRUM
    threshold = In(-50.0, unit="dB", min=-140.0, max=20.0, doc="level below which bins are attenuated")
    ratio = In(4.0, unit="ratio", min=1.0, max=100.0, taper="log", doc="steepness; 1 is off, 100 is a switch")
    floor = In(-80.0, unit="dB", min=-140.0, max=0.0, doc="lowest gain of a bin")
    keep = Choice("above", "below", doc="side of the threshold that is kept")
    out = FrameOut("spectrum", doc="gated spectra")

    def frame(spectrum_re, spectrum_im, threshold, ratio, floor, keep, bins, size, out_re, out_im):
        level, least = 0.25 * size * db_to_gain(threshold), db_to_gain(floor)
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            g = expansion(sqrt(re * re + im * im), level, ratio, least, keep == 1)
            out_re[k] = g * re
            out_im[k] = g * im


class Denoise(Node):
    """Reduces stationary noise, measured while ``learn`` is high.

    The noise ``N[k]`` is the mean power of the learned frames. The gain of each bin is that of power subtraction
    ``√(1 - amount N / |X|²)``, of Wiener's rule or of a gate, and at least the floor (Berouti, Schwartz & Makhoul,
    Enhancement of speech corrupted by acoustic noise, ICASSP 1979). ``smoothing`` of the gains reduces musical noise.
    """

    words = (
        "noise reduction, noise removal, dehiss, hiss removal, remove noise, clean, clean up, restoration, declick, "
        "dehum, hum removal, noise cancel, noise cancelling, RX, Entrauschen, Rauschunterdrückung, débruiter, reduce "
        "noise, spectral subtraction"
    )

    spectrum = SPECTRUM
    learn = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="measures the noise while above 0.5")
    amount = In(2.0, unit="ratio", min=0.0, max=20.0, doc="over-subtraction; 1 subtracts the mean noise")
    floor = In(-24.0, unit="dB", min=-120.0, max=0.0, doc="lowest gain of a bin")
    smoothing = In(0.03, unit="s", min=0.0, max=2.0, doc="time constant of the smoothed gains")
    method = Choice("subtract", "wiener", "gate", doc="rule for the gains")
    out = FrameOut("spectrum", doc="spectra with less noise")
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
    """Freezes a sound while the gate is high.

    The magnitudes are those of the frame at the rising edge. Phases advance by their last step,
    ``φ[m] = φ[m-1] + (φ₀ - φ₋₁)``, so that partials keep their pitch (phase vocoder: Flanagan & Golden, 1966), or are
    random in each frame, which blurs the sound.
    """

    words = (
        "spectral freeze, sustain, infinite, infinite sustain, PV_MagFreeze, PV_Freeze, drone, sostenuto, sound "
        "retainer, pvsfreeze, pad, einfrieren, geler, stop time, ambient, superego, freeze pedal, hold"
    )
    example = Example(inputs={"spectrum": "plucks", "freeze": "gate"})

    spectrum = SPECTRUM
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="freezes the sound while above 0.5")
    phases = Choice("advance", "random", doc="advance at the pitch of each bin, or random")
    out = FrameOut("spectrum", doc="input spectra, or the frozen sound")
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
    """Shifts all frequencies by a number of Hz, a single-sideband frequency shifter for inharmonic, bell-like sounds.

    Bins move by ``d = shift · size / sr`` (linear between bins, relative to the middle of the window), and their
    phases advance by ``d · hop / size`` per frame, so that sines stay continuous.
    """

    words = "spectral frequency shift, PV_BinShift, PV_Shift, shift frequency, spectral shift, gizmo~"

    spectrum = SPECTRUM
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="frequency shift; negative is down")
    out = FrameOut("spectrum", doc="shifted spectra")
    turned = State()

    def frame(spectrum_re, spectrum_im, shift, turned, bins, size, hop, dt, out_re, out_im):
        distance = clip(shift * dt, -1.0, 1.0) * size
        turned[0] = wrap(turned[0] + distance * hop / size)
        cos, sin = cos_turn(turned[0]), sin_turn(turned[0])
        start = floor(-distance)
        part = -distance - start
        offset = int(start)
        sign = 1.0 - 2.0 * (offset & 1)  # relative to the middle of the window, neighbouring bins alternate in sign
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
    """Morphs between two sounds by interpolating magnitudes and phases.

    ``|Y| = (1-t)|A| + t|B|``, or ``|A|^(1-t) |B|^t`` (log: keeps what is loud in both); the phase is that of
    ``(1-t) A/|A| + t B/|B|``.
    """

    words = (
        "spectral morph, morphing, sound morph, PV_Morph, pvsmorph, interpolate spectra, blend spectra, hybrid, vocal "
        "morph"
    )

    a, b = FrameIn("spectrum", doc="spectra of the first sound"), FrameIn("spectrum", doc="spectra of the second sound")
    amount = AMOUNT
    law = Choice("linear", "log", doc="interpolation of magnitudes")
    out = FrameOut("spectrum", doc="interpolated spectra")

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
    """Applies the timbre of one sound to the pitch of another, as a vocoder with one band per bin.

    ``Y = C · E(M) / (E(|C|)^f (N/4)^(1-f))``, f = flatten; E smooths over ``smoothing`` Hz and puts the
    envelope of the modulator M on the carrier C. With smoothing 0 and flatten 1, C keeps its phases and takes the
    magnitudes of M.
    Dolson, The phase vocoder: a tutorial (Computer Music Journal, 1986).
    """

    words = (
        "vocoder, vocode, talkbox, talking synth, robot voice, cross synth, vocoder effect, PV_CopyPhase, pvsvoc, "
        "spectral cross, robot, daft punk, voice to synth, timbre transfer, carrier modulator, vocodeur, sidechain "
        "timbre"
    )

    modulator = FrameIn("magnitude", doc="sound that gives the timbre, such as a voice")
    carrier = FrameIn("spectrum", doc="sound that gives the pitch, such as a synthesizer")
    smoothing = In(150.0, unit="Hz", min=0.0, max=5000.0, doc="width of the spectral envelopes")
    flatten = In(1.0, unit="ratio", min=0.0, max=1.0, doc="removal of the timbre of the carrier; 1 is complete")
    out = FrameOut("spectrum", doc="carrier with the timbre of the modulator")
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
        least = 1e-6 * size  # 108 dB below a full-scale sine, so that silence is not amplified to noise
        for k in range(bins):
            g = read_double(envelope, k) * exp2(-share * log2(max(read_double(own, k), least)) - rest)
            out_re[k] = g * read_double(carrier_re, k)
            out_im[k] = g * read_double(carrier_im, k)
