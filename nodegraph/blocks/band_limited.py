"""Band-limited interpolation of recorded sound: the value between two samples at any speed, without aliasing.

A sinc with a Kaiser window, stretched so that its stopband begins at the Nyquist frequency of the output; see Smith,
Digital audio resampling home page (CCRMA, 2002). Read at up to 0.937 of its rate, a sound keeps its whole band and its
samples; faster, it is low-passed first. Aliases and images lie below -80 dB. The functions without types compile.
"""

from __future__ import annotations

import numpy as np

from nodegraph.maths import clip, read_double

CROSSINGS = 40  # zero crossings of the sinc on each side
RESOLUTION = 256  # table entries from one zero crossing to the next
KAISER_BETA = 8.5  # stopband at -85 dB
FULL_BAND = 0.937  # samples of the sound per output sample up to which no low-pass is needed
MAX_TAPS = 4096
MIN_CUTOFF = CROSSINGS / (MAX_TAPS // 2 - 2)


def sinc_table(settings: object = None, sr: float = 0.0) -> np.ndarray:
    """Return one side of the windowed sinc of this module."""
    return windowed_sinc(CROSSINGS, KAISER_BETA)


def windowed_sinc(crossings: int, beta: float) -> np.ndarray:
    """Return one side of a sinc in a Kaiser window: ``crossings * RESOLUTION + 2`` numbers, exactly 0 at its zeros."""
    x = np.arange(crossings * RESOLUTION + 2) / RESOLUTION
    inside = np.clip(1.0 - (x / crossings) ** 2, 0.0, 1.0)
    values = np.sinc(x) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    values[RESOLUTION::RESOLUTION] = 0.0
    values[crossings * RESOLUTION :] = 0.0
    return values.astype(np.float32)


def cutoff_for(step):
    """Return the bandwidth to keep, 1 for all of it, when each output sample advances by ``step`` samples."""
    return clip(FULL_BAND / max(abs(step), 1e-9), MIN_CUTOFF, 1.0)


def write_weights(weights, table, fraction, cutoff):
    """Write the weights at ``fraction`` (0–1) after a sample; return how many lie on each side.

    With ``n`` on each side, ``weights[j]`` belongs to the sample ``j - n + 1`` after that sample. ``weights`` has
    MAX_TAPS numbers.
    """
    n = (int(CROSSINGS / cutoff) + 2) // 2 * 2  # even: weighted_sum adds four products at a time
    scale = cutoff * RESOLUTION
    last = CROSSINGS * RESOLUTION
    for j in range(2 * n):
        u = min(abs(j - (n - 1) - fraction) * scale, last)
        i = int(u)
        low = read_double(table, i)
        weights[j] = cutoff * (low + (u - i) * (read_double(table, i + 1) - low))
    return n


def weighted_sum(samples, start, stride, weights, taps):
    """Return the sum of ``taps`` samples from index ``start`` on, ``stride`` apart, each times its weight.

    ``taps`` is a multiple of four.
    """
    a = b = c = d = 0.0
    for k in range(taps // 4):
        j, at = 4 * k, start + 4 * k * stride
        a += weights[j] * read_double(samples, at)
        b += weights[j + 1] * read_double(samples, at + stride)
        c += weights[j + 2] * read_double(samples, at + 2 * stride)
        d += weights[j + 3] * read_double(samples, at + 3 * stride)
    return (a + b) + (c + d)
