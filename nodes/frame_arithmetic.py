"""Arithmetic on frames: sums, products, mixes and formulas over bins."""

from __future__ import annotations

from dataclasses import replace

from nodegraph.blocks.expression import ExpressionError, compile_expression
from nodegraph.frame_types import EITHER
from nodegraph.maths import clip, lerp, read_double
from nodegraph.node import Example, FrameIn, FrameOut, In, Node, Option, State

A, B = FrameIn(EITHER, doc="first frames"), FrameIn(EITHER, doc="second frames")
AMOUNT = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")
GAIN = In(1.0, unit="gain", min=-16.0, max=16.0, doc="factor, read at the end of each frame")
NAMES = ("a", "b", "k", "t", "f")


class AddFrames(Node):
    """Adds two magnitudes or codes, bin by bin: ``a + b``."""

    words = "plus frames, sum magnitudes, frame add, sum codes, latent add"

    a, b = A, B
    out = FrameOut(EITHER, doc="sum of the two")

    def frame(a, b, bins, out):
        for k in range(bins):
            out[k] = a[k] + b[k]


class MultiplyFrames(Node):
    """Multiplies two magnitudes or codes, bin by bin: ``a b``. One may be a mask from 0 to 1."""

    words = "mask, spectral mask, frame product, magnitude multiply, PV_MagMul"
    example = Example(gain=0.3)

    a, b = A, B
    out = FrameOut(EITHER, doc="product of the two")

    def frame(a, b, bins, out):
        for k in range(bins):
            out[k] = a[k] * b[k]


class MixFrames(Node):
    """Mixes two magnitudes or codes, a crossfade from ``a`` to ``b``: ``(1-t) a + t b``."""

    words = "interpolate frames, latent mix, interpolate codes, frame crossfade, latent interpolation, morph codes"

    a, b = A, B
    amount = AMOUNT
    out = FrameOut(EITHER, doc="mix of the two")

    def frame(a, b, amount, bins, out):
        t = clip(amount, 0.0, 1.0)
        for k in range(bins):
            out[k] = lerp(read_double(a, k), read_double(b, k), t)


class ScaleFrames(Node):
    """Multiplies magnitudes or a code by a signal: ``gain · a``."""

    words = "frame volume, magnitude gain, code gain, latent gain, multiply frames by signal"

    a = FrameIn(EITHER, doc="frames to scale")
    gain = GAIN
    out = FrameOut(EITHER, doc="scaled frames")

    def frame(a, gain, bins, out):
        for k in range(bins):
            out[k] = gain * read_double(a, k)


class FrameExpression(Node):
    """Computes a formula for each bin, such as ``a * (f < 2000)`` or ``a * (1 + sin_turn(8 * k - t))``.

    Names: a and b, the bins of the two frames (b is 0 if not wired); f, the frequency of the bin in Hz, if there is a
    bin for each frequency; k, the bin from 0 (lowest) to 1 (highest, half the sample rate); t, seconds since the start;
    pi, tau, e. Operators and functions are those of ``expression``.
    """

    words = (
        "spectral formula, frame formula, bin expression, spectral maths, PV_BinScramble, pvcalc, jsyn expr, spectral "
        "code"
    )

    a = FrameIn(EITHER, doc="frames a of the formula")
    b = FrameIn(EITHER, optional=True, doc="frames b of the formula")
    text = Option("a", kind="text", doc="formula")
    out = FrameOut(EITHER, doc="values of the formula; 0 where it is not finite")
    count = State(0)

    def frame(a, b, b_bins, bins, count, hop, sr, dt, out):
        """Placeholder for the function that ``formula`` returns."""

    def formula(settings):
        value = compile_expression(settings["text"], NAMES)

        def frame(a, b, b_bins, bins, count, hop, sr, dt, out):
            t = count[0] * hop * dt
            step = 1.0 / max(bins - 1, 1)
            highest = 0.5 * sr
            if b_bins > 0:
                for k in range(bins):
                    out[k] = value(read_double(a, k), read_double(b, k), k * step, t, k * step * highest)
            else:
                for k in range(bins):
                    out[k] = value(read_double(a, k), 0.0, k * step, t, k * step * highest)
            count[0] = count[0] + 1

        return frame

    def check(settings):
        try:
            compile_expression(settings["text"], NAMES)
        except ExpressionError as error:
            return str(error)
        return ""


def common_window(inputs):
    """Return the type of the sum of two spectra; raise ValueError if they have different windows.

    ``inverse_stft`` divides by one window, and would scale the other sound by up to 8 dB.
    """
    a, b = inputs["a"], inputs["b"]
    if a.bins != b.bins:
        found = f"{a} at 'a' and {b} at 'b'"
        raise ValueError(f"frames must be equal, got {found}. Set the same size and hop in the stft blocks before it.")
    if a.window and b.window and a.window != b.window:
        raise ValueError(f"the windows of a and b must be equal, got {a.window} and {b.window}. Set both to the same.")
    return a if a.window else replace(a, window=b.window)


SPECTRUM_A, SPECTRUM_B = FrameIn("spectrum", doc="first spectra"), FrameIn("spectrum", doc="second spectra")


class AddSpectra(Node):
    """Adds two spectra, bin by bin: ``A + B``, equal to the sum of their signals."""

    words = "sum spectra, plus spectra, spectral mix, PV_Add, pvs add, spectrum sum"

    a, b = SPECTRUM_A, SPECTRUM_B
    out = FrameOut("spectrum", doc="sum of the two")

    def frame(a_re, a_im, b_re, b_im, bins, out_re, out_im):
        for k in range(bins):
            out_re[k] = a_re[k] + b_re[k]
            out_im[k] = a_im[k] + b_im[k]

    def frames(inputs, settings):
        return {"out": common_window(inputs)}


class MultiplySpectra(Node):
    """Multiplies a spectrum by magnitudes, bin by bin, as a mask or filter: ``m X``."""

    words = (
        "spectral filter, mask, spectral mask, PV_MagMul, filter spectrum, fft filter, spectral multiply, vocode by "
        "mask"
    )
    example = Example(gain=0.3)

    spectrum = FrameIn("spectrum", doc="spectra to multiply")
    magnitude = FrameIn("magnitude", doc="factor of each bin")
    out = FrameOut("spectrum", doc="product of the two")

    def frame(spectrum_re, spectrum_im, magnitude, bins, out_re, out_im):
        for k in range(bins):
            out_re[k] = spectrum_re[k] * magnitude[k]
            out_im[k] = spectrum_im[k] * magnitude[k]


class ConvolveSpectra(Node):
    """Multiplies two spectra, a circular convolution of their windowed signals: ``4 A B / size``.

    Only frequencies that are in both inputs remain. Two full-scale sines (Hann window) make a full-scale sine.
    """

    words = "spectral convolution, PV_MagMul, cross filter, spectral product"
    example = Example(gain=100.0)

    a, b = SPECTRUM_A, SPECTRUM_B
    out = FrameOut("spectrum", doc="product of the two")

    def frame(a_re, a_im, b_re, b_im, bins, size, out_re, out_im):
        scale = 4.0 / size
        for k in range(bins):
            p, q, r, s = read_double(a_re, k), read_double(a_im, k), read_double(b_re, k), read_double(b_im, k)
            out_re[k] = (p * r - q * s) * scale
            out_im[k] = (p * s + q * r) * scale


class MixSpectra(Node):
    """Mixes two spectra, a crossfade from ``a`` to ``b``: ``(1-t) A + t B``."""

    words = "spectral crossfade, interpolate spectra, pvsmix, PV_Max, spectral blend"

    a, b = SPECTRUM_A, SPECTRUM_B
    amount = AMOUNT
    out = FrameOut("spectrum", doc="mix of the two")

    def frame(a_re, a_im, b_re, b_im, amount, bins, out_re, out_im):
        t = clip(amount, 0.0, 1.0)
        for k in range(bins):
            out_re[k] = lerp(read_double(a_re, k), read_double(b_re, k), t)
            out_im[k] = lerp(read_double(a_im, k), read_double(b_im, k), t)

    def frames(inputs, settings):
        return {"out": common_window(inputs)}


class ScaleSpectra(Node):
    """Multiplies spectra by a signal: ``gain · A``."""

    words = "spectral gain, spectrum volume, spectral amp, spectral volume"

    a = FrameIn("spectrum", doc="spectra to scale")
    gain = GAIN
    out = FrameOut("spectrum", doc="scaled spectra")

    def frame(a_re, a_im, gain, bins, out_re, out_im):
        for k in range(bins):
            out_re[k] = gain * read_double(a_re, k)
            out_im[k] = gain * read_double(a_im, k)
