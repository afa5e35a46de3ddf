"""The true envelope of a spectrum: a smooth curve through its peaks, by repeated cepstral smoothing.

Röbel & Rodet, Efficient spectral envelope estimation and its application to pitch shifting and envelope preservation
(DAFx, 2005). The functions compile; their arrays are work memory.
"""

from nodegraph.maths import LN_2, exp, log2, read_double

from .transform import irfft, rfft

ENVELOPE_SIZE = 512  # transform whose bins sample the envelope, from 0 to half the sample rate
ENVELOPE_BINS = ENVELOPE_SIZE // 2 + 1
MAX_ITERATIONS = 16
TOLERANCE = 0.115  # 1 dB as a natural logarithm of amplitude
FLOOR = 1e-10  # -100 dB of the loudest bin


def true_envelope(fft, power, bins, order, target, envelope, imaginary, cepstrum):  # type: ignore[no-untyped-def]
    """Write the natural logarithm of the envelope of a power spectrum at ENVELOPE_BINS frequencies to ``envelope``.

    ``fft`` has ENVELOPE_SIZE samples, and ``bins - 1`` is a multiple of ENVELOPE_BINS - 1. ``order`` is the quefrency
    in samples up to which the cepstrum is kept, at most ``sr / (2 f)`` for partials ``f`` Hz apart. Each iteration
    smooths the larger of the spectrum and the last envelope.
    """
    write_levels(power, bins, target)
    smooth_cepstrally(fft, target, envelope, imaginary, cepstrum, order)
    for _ in range(MAX_ITERATIONS):
        deepest = 0.0
        for j in range(ENVELOPE_BINS):
            deepest = max(deepest, target[j] - envelope[j])
            target[j] = max(target[j], envelope[j])
        if deepest < TOLERANCE:
            break
        smooth_cepstrally(fft, target, envelope, imaginary, cepstrum, order)


def write_levels(power, bins, target):  # type: ignore[no-untyped-def]
    """Write the logarithm of the loudest amplitude around each frequency of the envelope."""
    step = (bins - 1) // (ENVELOPE_BINS - 1)
    loudest = 1e-30
    for k in range(bins):
        loudest = max(loudest, read_double(power, k))
    for j in range(ENVELOPE_BINS):
        top = loudest * FLOOR
        for k in range(max(j * step - step // 2, 0), min(j * step + step // 2 + 1, bins)):
            top = max(top, read_double(power, k))
        target[j] = 0.5 * LN_2 * log2(top)


def smooth_cepstrally(fft, target, envelope, imaginary, cepstrum, order):  # type: ignore[no-untyped-def]
    """Write ``target`` without the quefrencies above ``order`` to ``envelope``."""
    for j in range(ENVELOPE_BINS):
        imaginary[j] = 0.0
    irfft(fft, target, imaginary, cepstrum)
    for q in range(order + 1, ENVELOPE_SIZE - order):
        cepstrum[q] = 0.0
    rfft(fft, cepstrum, envelope, imaginary)


def envelope_at(envelope, place):  # type: ignore[no-untyped-def]
    """Return the logarithm of the envelope at a place from 0 to 1, half the sample rate, linear in between."""
    x = min(max(place, 0.0), 1.0) * (ENVELOPE_BINS - 1)
    j = int(min(x, ENVELOPE_BINS - 2.0))
    low = read_double(envelope, j)
    return low + (read_double(envelope, j + 1) - low) * (x - j)


def envelope_gain(envelope, place, ratio, limit):  # type: ignore[no-untyped-def]
    """Return the gain that gives the place ``ratio`` times as high its level before the transposition."""
    difference = envelope_at(envelope, place * ratio) - envelope_at(envelope, place)
    return exp(min(max(difference, -limit), limit))
