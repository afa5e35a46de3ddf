"""Blocks on magnitudes, and some on codes: equaliser, gating, smoothing, freezing, shifting, morphing.

Phases are added afterwards: those of the original sound, or by a block that reconstructs phase.
"""

from __future__ import annotations

from nodegraph.frame_types import EITHER
from nodegraph.maths import clip, db_to_gain, decay_factor, exp2, lerp, log2, nearest, read_double
from nodegraph.node import Choice, Example, FrameIn, FrameOut, In, Line, Node, Option, State, Table
from nodegraph.spectral.bands import curve_table, octaves_table, points_problem
from nodegraph.spectral.bins import denoised, expansion, interpolated, smooth_over_bins

MAGNITUDE = FrameIn("magnitude", doc="magnitudes to change")
VALUES = FrameIn(EITHER, doc="magnitudes, or units of a code")


def bin_line():
    """Return a line with one number per bin."""
    return Line(lambda settings, sr: settings["bins"])


class FrameGain(Node):
    """Applies an equaliser (EQ) curve to magnitudes: ``y[k] = g · curve(f) · 2^(tilt/6.02 log2(f / 1 kHz)) x[k]``.

    ``points`` are pairs of Hz and dB, joined by straight lines over logarithmic frequency.
    """

    words = "spectral EQ, magnitude EQ, spectral tilt, frame EQ, filter magnitudes"

    magnitude = MAGNITUDE
    gain = In(1.0, unit="gain", min=0.0, max=16.0, doc="gain of all bins")
    tilt = In(0.0, unit="dB/oct", min=-24.0, max=24.0, doc="slope around 1 kHz")
    points = Option(((1000.0, 0.0),), doc="breakpoints of the curve: [[Hz, dB], …]; a single point is flat")
    out = FrameOut("magnitude", doc="equalised magnitudes")
    curve, octaves = Table(curve_table), Table(octaves_table)

    def frame(magnitude, gain, tilt, curve, octaves, bins, out):
        slope = tilt * 0.16609640474436813
        for k in range(bins):
            g = gain * read_double(curve, k) * exp2(clip(slope * read_double(octaves, k), -50.0, 50.0))
            out[k] = g * read_double(magnitude, k)

    def check(settings):
        return points_problem(settings["points"])

    def frames(inputs, settings):
        return {"out": whole_spectrum(inputs["magnitude"], "frame_gain")}


def whole_spectrum(found, name):
    """Return the frame type if it has all bins of a spectrum; raise ValueError if it has bands."""
    if found.bins != found.size // 2 + 1:
        raise ValueError(f"needs all bins of a spectrum. Put {name} before mel or log_frequency.")
    return found


class ThresholdFrames(Node):
    """Attenuates quiet bins, a gate per bin: below the threshold ``y = x max((x / T)^(ratio - 1), floor)``.

    With keep set to below it attenuates loud bins instead. 0 dB is a full-scale sine with a Hann window
    (x = size / 4).
    """

    words = "gate per bin, PV_MagAbove, PV_MagBelow, threshold, spectral threshold"

    magnitude = MAGNITUDE
    threshold = In(-50.0, unit="dB", min=-140.0, max=20.0, doc="level below which bins are attenuated")
    ratio = In(4.0, unit="ratio", min=1.0, max=100.0, taper="log", doc="steepness; 1 is off, 100 is a switch")
    floor = In(-80.0, unit="dB", min=-140.0, max=0.0, doc="lowest gain of a bin")
    keep = Choice("above", "below", doc="side of the threshold that is kept")
    out = FrameOut("magnitude", doc="gated magnitudes")

    def frame(magnitude, threshold, ratio, floor, keep, bins, size, out):
        level, least = 0.25 * size * db_to_gain(threshold), db_to_gain(floor)
        for k in range(bins):
            x = read_double(magnitude, k)
            out[k] = x * expansion(x, level, ratio, least, keep == 1)


class DenoiseFrames(Node):
    """Reduces stationary noise, measured while ``learn`` is high.

    The noise ``N[k]`` is the mean power of the learned frames. The gain of each bin is that of power subtraction
    ``√(1 - amount N / x²)``, of Wiener's rule or of a gate, and at least the floor (Berouti, Schwartz & Makhoul,
    Enhancement of speech corrupted by acoustic noise, ICASSP 1979).
    """

    words = "noise reduction, noise removal, spectral subtraction, clean, dehiss"

    magnitude = MAGNITUDE
    learn = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="measures the noise while above 0.5")
    amount = In(2.0, unit="ratio", min=0.0, max=20.0, doc="over-subtraction; 1 subtracts the mean noise")
    floor = In(-24.0, unit="dB", min=-120.0, max=0.0, doc="lowest gain of a bin")
    method = Choice("subtract", "wiener", "gate", doc="rule for the gains")
    out = FrameOut("magnitude", doc="magnitudes with less noise")
    noise = bin_line()
    learned, before = State(0), State(0.0)

    def frame(magnitude, learn, amount, floor, method, noise, learned, before, bins, out):
        share = 0.0
        if learn > 0.5:
            learned[0] = 1 if before[0] <= 0.5 else learned[0] + 1
            share = 1.0 / learned[0]
        before[0] = learn
        least = db_to_gain(floor)
        for k in range(bins):
            x = read_double(magnitude, k)
            power = min(x * x, 1e30)
            mean = read_double(noise, k) + (power - read_double(noise, k)) * share
            noise[k] = mean
            out[k] = x * denoised(power, mean, amount, least, method)


class SmoothFrames(Node):
    """Smooths each bin over time, with an attack and a release: ``y += (x - y)(1 - e^(-hop / time))``."""

    words = "spectral lag, temporal smoothing, slide frames, frame lag, vectral~, frame slew, smooth over time"
    example = Example(inputs={"magnitude": "plucks"})

    magnitude = VALUES
    attack = In(0.01, unit="s", min=0.0, max=60.0, doc="time constant of a rise")
    release = In(0.3, unit="s", min=0.0, max=60.0, doc="time constant of a fall")
    out = FrameOut(EITHER, doc="frames smoothed over time")
    held = bin_line()

    def frame(magnitude, attack, release, held, bins, hop, dt, out):
        up, down = 1.0 - decay_factor(attack, hop * dt), 1.0 - decay_factor(release, hop * dt)
        for k in range(bins):
            x, y = clip(read_double(magnitude, k), -1e30, 1e30), read_double(held, k)
            y += (x - y) * (up if x > y else down)
            held[k] = y
            out[k] = y


class SmoothBins(Node):
    """Smooths each frame over frequency to a spectral envelope, without moving its peaks.

    One pole runs upwards and one downwards, with the impulse response ``e^(-|f| / width)``.
    """

    words = (
        "spectral envelope, envelope, smooth spectrum, cepstral smoothing, formant envelope, liftering, spectral "
        "smoothing"
    )

    magnitude = MAGNITUDE
    width = In(100.0, unit="Hz", min=0.0, max=20000.0, doc="width of the smoothing")
    out = FrameOut("magnitude", doc="magnitudes smoothed over frequency")

    def frame(magnitude, width, bins, size, dt, out):
        smooth_over_bins(magnitude, out, bins, clip(width, 0.0, 1e6) * size * dt)


def blur_frames(settings, sr):
    """Return the number of frames in the ring of a blur."""
    most = (1 << 24) // settings["bins"]
    return max(1, min(int(settings["longest"] * sr / settings["hop"]) + 1, most))


class Blur(Node):
    """Blurs a sound over time: each bin is its mean over the last ``time`` seconds, ``y[m] = Σ x[m-i] / M``.

    The sum is recomputed for each frame, so that rounding errors do not accumulate.
    """

    words = "spectral blur, smear, PV_MagSmear, spectral smear, pvsblur, wash, average frames, ambient smear, haze"
    example = Example(inputs={"magnitude": "plucks"})

    magnitude = MAGNITUDE
    time = In(0.3, unit="s", min=0.0, max=20.0, doc="duration of the mean, limited to longest")
    longest = Option(2.0, unit="s", min=0.01, max=20.0, doc="longest time; sets the memory")
    out = FrameOut("magnitude", doc="mean of the latest frames")
    ring = Line(lambda settings, sr: settings["bins"] * blur_frames(settings, sr))
    written = State(0)

    def frame(magnitude, time, ring, ring_size, written, bins, hop, sr, out):
        frames = ring_size // bins
        count = min(int(clip(time * sr / hop, 0.0, 1e6)) + 1, frames)
        count = min(count, written[0] + 1)
        at = written[0] % frames
        for k in range(bins):
            ring[at * bins + k] = clip(read_double(magnitude, k), -1e30, 1e30)
            out[k] = 0.0
        share = 1.0 / count
        for i in range(count):
            row = (at - i if at >= i else at - i + frames) * bins
            for k in range(bins):
                out[k] = read_double(out, k) + read_double(ring, row + k) * share
        written[0] = written[0] + 1


class FreezeFrames(Node):
    """Freezes magnitudes or a code: holds the frame of the rising edge while the gate is high."""

    words = "spectral freeze, PV_MagFreeze, sustain, infinite, pvsfreeze, drone, hold"
    example = Example(inputs={"magnitude": "plucks", "freeze": "gate"})

    magnitude = VALUES
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="holds while above 0.5")
    out = FrameOut(EITHER, doc="input frames, or the held frame")
    held = bin_line()
    frozen = State(0)

    def frame(magnitude, freeze, held, frozen, bins, out):
        if freeze <= 0.5 or frozen[0] == 0:
            for k in range(bins):
                held[k] = magnitude[k]
        frozen[0] = 1 if freeze > 0.5 else 0
        for k in range(bins):
            out[k] = held[k]


class ShiftBins(Node):
    """Shifts all bins up or down by a frequency in Hz: ``y[k] = x[k - shift · size / sr]``, linear between bins."""

    words = (
        "pitch shift, spectral shift, PV_BinShift, frequency shift, gizmo~, bin shift, pvshift, inharmonic, transpose"
    )

    magnitude = MAGNITUDE
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="frequency shift; negative is down")
    out = FrameOut("magnitude", doc="shifted magnitudes")

    def frame(magnitude, shift, bins, size, dt, out):
        distance = clip(shift * dt, -1.0, 1.0) * size
        for k in range(bins):
            out[k] = interpolated(magnitude, k - distance, bins)


class RollBins(Node):
    """Rotates the spectrum: bins shifted out at one end enter at the other, ``y[k] = x[(k - d) mod bins]``.

    The distance d is the number of bins nearest to ``shift · size / sr``.
    """

    words = "PV_BinShift, rotate bins, spectral rotate, spectral roll, alias spectrum"

    magnitude = MAGNITUDE
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="frequency shift; negative is down")
    out = FrameOut("magnitude", doc="rotated magnitudes")

    def frame(magnitude, shift, bins, size, dt, out):
        distance = int(nearest(clip(shift * dt, -1.0, 1.0) * size)) % bins
        for k in range(bins):
            out[k] = magnitude[k - distance if k >= distance else k - distance + bins]


class StretchBins(Node):
    """Stretches the spectrum around a pivot: ``y[f] = x[p + (f - p) / ratio]``, linear between bins, 0 beyond.

    With pivot 0 it is a pitch shift: partials stay harmonic. Stretched peaks become wider.
    """

    words = (
        "spectral stretch, pitch shift, stretch spectrum, PV_MagStretch, PV_BinShift, transpose, formant shift, "
        "pvscale, gizmo~"
    )

    magnitude = MAGNITUDE
    ratio = In(1.0, unit="ratio", min=0.05, max=20.0, taper="log", doc="factor; above 1 spreads the bins")
    pivot = In(0.0, unit="Hz", min=0.0, max=20000.0, doc="frequency that does not move")
    out = FrameOut("magnitude", doc="stretched magnitudes")

    def frame(magnitude, ratio, pivot, bins, size, dt, out):
        still = clip(pivot * dt, 0.0, 1.0) * size
        step = 1.0 / clip(ratio, 0.01, 100.0)
        for k in range(bins):
            out[k] = interpolated(magnitude, still + (k - still) * step, bins)


class Morph(Node):
    """Morphs between the magnitudes or codes of two sounds: ``(1-t) a + t b``, or ``a^(1-t) b^t`` (log)."""

    words = (
        "spectral morph, morphing, interpolate, hybrid, blend, PV_Morph, pvsmorph, vocode, transform, timbre morph, "
        "crossfade timbre, sound morph"
    )

    a, b = FrameIn(EITHER, doc="frames of the first sound"), FrameIn(EITHER, doc="frames of the second sound")
    amount = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")
    law = Choice("linear", "log", doc="linear in magnitude, or in dB")
    out = FrameOut(EITHER, doc="interpolated frames")

    def frame(a, b, amount, law, bins, out):
        t = clip(amount, 0.0, 1.0)
        if law == 0:
            for k in range(bins):
                out[k] = lerp(read_double(a, k), read_double(b, k), t)
        else:
            for k in range(bins):
                level = exp2(lerp(log2(max(read_double(a, k), 1e-15)), log2(max(read_double(b, k), 1e-15)), t))
                out[k] = level if level > 2e-15 else 0.0
