"""Phase gradient heap integration: phase from the gradient of the log-magnitude, frame by frame.

If the window is close to a Gaussian, the gradient of the phase follows from that of the logarithm s of the
magnitude: per hop ``φ_t = (aM / 2γ)(s[m+1] - s[m-1]) + 2π a m / M``, per bin
``φ_ω = -(γ / aM)(s_now - s_before) - π`` (a hop, M size, γ the spread of the window in samples², bin phases
relative to the start of the window). The phase is integrated from the loudest bins outwards, from the previous
frame or from a neighbour in the same frame.

Průša & Søndergaard, Real-time spectrogram inversion using phase gradient heap integration (Proc. DAFx, 2016).
Native functions; arrays are float32, phases unit vectors (cos, sin).
"""

from __future__ import annotations

import numpy as np

from nodegraph.maths import cos_turn, log, sin_turn

QUIET = 1e-6  # relative to the loudest bin: below it phases advance at the frequency of the bin
SPREAD = {"hann": 0.25645, "hamming": 0.29794, "sqrt_hann": 0.42, "blackman": 0.17954, "rectangular": 0.85}
SILENT = np.float32(-1e30)
_TURN = 0.15915494309189535  # 1 / 2π


def log_magnitude(magnitude, logs, bins):  # type: ignore[no-untyped-def]
    """Compute ``logs = ln max(magnitude, loudest · QUIET)`` and return the threshold of loud bins."""
    loudest = np.float32(1e-20)
    for k in range(bins):
        loudest = max(loudest, magnitude[k])
    least = loudest * QUIET
    for k in range(bins):
        logs[k] = log(max(np.float64(magnitude[k]), least))
    return log(least) + 1e-3


def time_gradient(logs, gradient, bins, hop, size, spread):  # type: ignore[no-untyped-def]
    """Compute the phase advance per hop of each bin, in turns."""
    scale = hop * size / (2.0 * spread) * _TURN
    for k in range(1, bins - 1):
        gradient[k] = scale * (np.float64(logs[k + 1]) - np.float64(logs[k - 1])) + hop * k / size
    gradient[0] = 0.0
    gradient[bins - 1] = hop * (bins - 1) / size


def frequency_gradient(after, before, frames, gradient, bins, hop, size, spread):  # type: ignore[no-untyped-def]
    """Compute the phase advance per bin, in turns, from the logs of two frames ``frames`` hops apart."""
    scale = -spread / (frames * hop * size) * _TURN
    for k in range(bins):
        gradient[k] = scale * (np.float64(after[k]) - np.float64(before[k])) - 0.5


def integrate(  # type: ignore[no-untyped-def]
    logs,
    logs_before,
    least,
    per_hop,
    per_hop_before,
    per_bin,
    cos_before,
    sin_before,
    cos,
    sin,
    below,
    above,
    bins,
):
    """Compute the phases of a frame (unit vectors) from the previous frame, for each bin along the loudest path.

    A path starts at a bin of the previous frame and continues through neighbours in this frame; its loudness is
    that of its quietest step. In one dimension no heap is needed: one sweep up and one down find the loudness of
    the best path from ``below`` and from ``above``, and two neighbours never depend on each other.
    """
    loudest = SILENT
    for k in range(bins):
        below[k] = loudest
        loudest = min(max(loudest, logs_before[k]), logs[k]) if logs[k] > least else SILENT
    loudest = SILENT
    for k in range(bins - 1, -1, -1):
        above[k] = loudest
        loudest = min(max(loudest, logs_before[k]), logs[k]) if logs[k] > least else SILENT
    for k in range(bins):
        if logs[k] <= least or logs_before[k] >= max(below[k], above[k]):
            below[k] = above[k] = SILENT
            rotate_phasor(cos_before, sin_before, k, 0.5 * (per_hop_before[k] + per_hop[k]), cos, sin, k)
    for k in range(1, bins):
        if below[k] >= above[k] and below[k] > SILENT:
            rotate_phasor(cos, sin, k - 1, 0.5 * (per_bin[k - 1] + per_bin[k]), cos, sin, k)
    for k in range(bins - 2, -1, -1):
        if above[k] > below[k]:
            rotate_phasor(cos, sin, k + 1, -0.5 * (per_bin[k + 1] + per_bin[k]), cos, sin, k)


def rotate_phasor(cos_from, sin_from, source, turns, cos, sin, target):  # type: ignore[no-untyped-def]
    """Rotate a unit vector by a number of turns."""
    c, s = cos_turn(np.float64(turns)), sin_turn(np.float64(turns))
    re, im = np.float64(cos_from[source]), np.float64(sin_from[source])
    cos[target] = re * c - im * s
    sin[target] = re * s + im * c
