"""Blocks on magnitudes, some of them on codes too: gain by frequency, gating, smoothing, holding, moving, mixing.

Their phases are found afterwards (from the sound they came from, or by a block that reconstructs phase).
"""

from __future__ import annotations

from nodegraph.frame_types import EITHER
from nodegraph.maths import clip, db_to_gain, decay_factor, exp2, lerp, log2, nearest, read_double
from nodegraph.node import Choice, FrameIn, FrameOut, In, Line, Node, Option, State, Table
from nodegraph.spectral.bands import curve_table, octaves_table, points_problem
from nodegraph.spectral.bins import denoised, expansion, interpolated, smooth_over_bins

MAGNITUDE = FrameIn("magnitude", doc="magnitudes to change")
VALUES = FrameIn(EITHER, doc="magnitudes, or units of a code")


def bin_line():
    """One number for each bin."""
    return Line(lambda settings, sr: settings["bins"])


class FrameGain(Node):
    """An equaliser in frequency: ``y[k] = g · curve(f) · 2^(tilt/6.02 log2(f / 1 kHz)) x[k]``.

    ``points`` are pairs of Hz and dB, joined by straight lines over the logarithm of frequency.
    """

    magnitude = MAGNITUDE
    gain = In(1.0, unit="gain", min=0.0, max=16.0, doc="for all bins")
    tilt = In(0.0, unit="dB/oct", min=-24.0, max=24.0, doc="slope around 1 kHz")
    points = Option(((1000.0, 0.0),), doc="breakpoints of the curve: [[Hz, dB], …]; one is flat")
    out = FrameOut("magnitude", doc="the magnitudes, weighted")
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
    """The type of magnitudes of whole spectra: a curve in Hz fits no mel bands."""
    if found.bins != found.size // 2 + 1:
        raise ValueError(f"needs one bin for each of the spectrum's; put {name} before mel or log_frequency.")
    return found


class ThresholdFrames(Node):
    """Turns quiet bins down: under the threshold ``y = x max((x / T)^(ratio - 1), floor)``.

    Turned round it keeps what is quiet. 0 dB is a full-scale sine under a Hann window (x = size / 4).
    """

    magnitude = MAGNITUDE
    threshold = In(-50.0, unit="dB", min=-140.0, max=20.0, doc="bins below it are turned down")
    ratio = In(4.0, unit="ratio", min=1.0, max=100.0, taper="log", doc="1 does nothing, 100 is a switch")
    floor = In(-80.0, unit="dB", min=-140.0, max=0.0, doc="the most that a bin is turned down")
    keep = Choice("above", "below", doc="which side of the threshold stays")
    out = FrameOut("magnitude", doc="the magnitudes, gated")

    def frame(magnitude, threshold, ratio, floor, keep, bins, size, out):
        level, least = 0.25 * size * db_to_gain(threshold), db_to_gain(floor)
        for k in range(bins):
            x = read_double(magnitude, k)
            out[k] = x * expansion(x, level, ratio, least, keep == 1)


class DenoiseFrames(Node):
    """Takes away a steady noise that it has heard by itself while ``learn`` was high.

    The noise ``N[k]`` is the mean power of the frames learned; each bin is weighted by power subtraction
    ``√(1 - amount N / x²)``, by Wiener's rule or by a gate, no less than the floor (Berouti, Schwartz &
    Makhoul, Enhancement of speech corrupted by acoustic noise, ICASSP 1979).
    """

    magnitude = MAGNITUDE
    learn = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="learns the noise anew while above 0.5")
    amount = In(2.0, unit="ratio", min=0.0, max=20.0, doc="over-subtraction: 1 takes the mean away")
    floor = In(-24.0, unit="dB", min=-120.0, max=0.0, doc="the most that a bin is turned down")
    method = Choice("subtract", "wiener", "gate", doc="rule of the gains")
    out = FrameOut("magnitude", doc="the magnitudes without the noise")
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
    """Smooths each bin over time: ``y += (x - y)(1 - e^(-hop / time))``, at its own pace up and down."""

    magnitude = VALUES
    attack = In(0.01, unit="s", min=0.0, max=60.0, doc="time constant of a rise")
    release = In(0.3, unit="s", min=0.0, max=60.0, doc="time constant of a fall")
    out = FrameOut(EITHER, doc="the same, smoothed over time")
    held = bin_line()

    def frame(magnitude, attack, release, held, bins, hop, dt, out):
        up, down = 1.0 - decay_factor(attack, hop * dt), 1.0 - decay_factor(release, hop * dt)
        for k in range(bins):
            x, y = clip(read_double(magnitude, k), -1e30, 1e30), read_double(held, k)
            y += (x - y) * (up if x > y else down)
            held[k] = y
            out[k] = y


class SmoothBins(Node):
    """Smooths each frame over frequency, without moving its peaks: an envelope of the spectrum.

    One pole upwards, one downwards: the impulse response falls as ``e^(-|f| / width)``.
    """

    magnitude = MAGNITUDE
    width = In(100.0, unit="Hz", min=0.0, max=20000.0, doc="reach of a bin over its neighbours")
    out = FrameOut("magnitude", doc="the magnitudes, smoothed over frequency")

    def frame(magnitude, width, bins, size, dt, out):
        smooth_over_bins(magnitude, out, bins, clip(width, 0.0, 1e6) * size * dt)


def blur_frames(settings, sr):
    """Frames in the ring of a blur."""
    most = (1 << 24) // settings["bins"]
    return max(1, min(int(settings["longest"] * sr / settings["hop"]) + 1, most))


class Blur(Node):
    """Smears a sound: each bin becomes its mean over the latest ``time`` seconds, ``y[m] = Σ x[m-i] / M``.

    The sum is made anew for each frame, so that rounding cannot pile up.
    """

    magnitude = MAGNITUDE
    time = In(0.3, unit="s", min=0.0, max=20.0, doc="how far back the mean reaches, at most longest")
    longest = Option(2.0, unit="s", min=0.01, max=20.0, doc="memory: the greatest time")
    out = FrameOut("magnitude", doc="the mean of the latest frames")
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
    """Holds the magnitudes or the code of the frame in which the gate rises, for as long as it is high."""

    magnitude = VALUES
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="holds while above 0.5")
    out = FrameOut(EITHER, doc="the same, or those held")
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
    """Moves all bins up or down by so many Hz: ``y[k] = x[k - shift · size / sr]``, linear between bins."""

    magnitude = MAGNITUDE
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="up, or down where negative")
    out = FrameOut("magnitude", doc="the magnitudes, moved")

    def frame(magnitude, shift, bins, size, dt, out):
        distance = clip(shift * dt, -1.0, 1.0) * size
        for k in range(bins):
            out[k] = interpolated(magnitude, k - distance, bins)


class RollBins(Node):
    """Turns the spectrum round: what leaves at one end comes in at the other, ``y[k] = x[(k - d) mod bins]``.

    The distance d is the whole number of bins nearest to ``shift · size / sr``.
    """

    magnitude = MAGNITUDE
    shift = In(0.0, unit="Hz", min=-20000.0, max=20000.0, doc="up, or down where negative")
    out = FrameOut("magnitude", doc="the magnitudes, turned round")

    def frame(magnitude, shift, bins, size, dt, out):
        distance = int(nearest(clip(shift * dt, -1.0, 1.0) * size)) % bins
        for k in range(bins):
            out[k] = magnitude[k - distance if k >= distance else k - distance + bins]


class StretchBins(Node):
    """Stretches the spectrum about a pivot: ``y[f] = x[p + (f - p) / ratio]``, linear between bins, 0 beyond.

    With pivot 0 it transposes: partials stay harmonic. Peaks become wider as they are stretched.
    """

    magnitude = MAGNITUDE
    ratio = In(1.0, unit="ratio", min=0.05, max=20.0, taper="log", doc="above 1 spreads the bins")
    pivot = In(0.0, unit="Hz", min=0.0, max=20000.0, doc="the frequency that stays")
    out = FrameOut("magnitude", doc="the magnitudes, stretched")

    def frame(magnitude, ratio, pivot, bins, size, dt, out):
        still = clip(pivot * dt, 0.0, 1.0) * size
        step = 1.0 / clip(ratio, 0.01, 100.0)
        for k in range(bins):
            out[k] = interpolated(magnitude, still + (k - still) * step, bins)


class Morph(Node):
    """Magnitudes or codes on the way from one sound to another: ``(1-t) a + t b``, or ``a^(1-t) b^t`` (log)."""

    a, b = FrameIn(EITHER, doc="first sound"), FrameIn(EITHER, doc="second sound")
    amount = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")
    law = Choice("linear", "log", doc="mixed, or halfway in dB")
    out = FrameOut(EITHER, doc="the frames between")

    def frame(a, b, amount, law, bins, out):
        t = clip(amount, 0.0, 1.0)
        if law == 0:
            for k in range(bins):
                out[k] = lerp(read_double(a, k), read_double(b, k), t)
        else:
            for k in range(bins):
                level = exp2(lerp(log2(max(read_double(a, k), 1e-15)), log2(max(read_double(b, k), 1e-15)), t))
                out[k] = level if level > 2e-15 else 0.0
