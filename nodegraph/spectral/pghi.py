"""Phase from the gradient of the log-magnitude, frame by frame.

Where the window is near a Gaussian, the phase's gradient follows from that of the logarithm s of the magnitude:
per hop ``φ_t = (aM / 2γ)(s[m+1] - s[m-1]) + 2π a m / M``, per bin ``φ_ω = -(γ / aM)(s_now - s_before) - π``
(a hop, M size, γ the window's spread in samples², bin phases counted from the window's start). The phase is then
integrated from the loudest bins outwards, from the frame before or from a neighbour in this one.

Průša & Søndergaard, Real-time spectrogram inversion using phase gradient heap integration (Proc. DAFx, 2016).
Native functions; arrays are float32, phases unit vectors (cos, sin).
"""

from __future__ import annotations

import numpy as np

from ..maths import cos_turn, log, sin_turn

QUIET = 1e-6  # relative to the loudest bin: below it phases just go on at the bin's frequency
SPREAD = {"hann": 0.25645, "hamming": 0.29794, "sqrt_hann": 0.42, "blackman": 0.17954, "rectangular": 0.85}
_TURN = 0.15915494309189535  # 1 / 2π


def log_magnitude(magnitude, logs, bins):  # type: ignore[no-untyped-def]
    """``logs = ln max(magnitude, loudest · QUIET)``; returns the smallest value that counts as loud."""
    loudest = np.float32(1e-20)
    for k in range(bins):
        loudest = max(loudest, magnitude[k])
    least = loudest * QUIET
    for k in range(bins):
        logs[k] = log(max(np.float64(magnitude[k]), least))
    return log(least) + 1e-3


def time_gradient(logs, gradient, bins, hop, size, spread):  # type: ignore[no-untyped-def]
    """Phase advance per hop of each bin, in turns."""
    scale = hop * size / (2.0 * spread) * _TURN
    for k in range(1, bins - 1):
        gradient[k] = scale * (np.float64(logs[k + 1]) - np.float64(logs[k - 1])) + hop * k / size
    gradient[0] = 0.0
    gradient[bins - 1] = hop * (bins - 1) / size


def bin_gradient(after, before, frames, gradient, bins, hop, size, spread):  # type: ignore[no-untyped-def]
    """Phase advance per bin, in turns, from the logs of two frames that are ``frames`` hops apart."""
    scale = -spread / (frames * hop * size) * _TURN
    for k in range(bins):
        gradient[k] = scale * (np.float64(after[k]) - np.float64(before[k])) - 0.5


def integrate(  # type: ignore[no-untyped-def]
    logs, logs_before, least, per_hop, per_hop_before, per_bin, cos_before, sin_before, cos, sin, heap, done, bins
):
    """Phases of a frame (unit vectors) from those of the frame before, along the loudest path.

    ``heap`` has room for 3 · bins numbers, ``done`` for bins. Entries below ``bins`` are bins of this frame,
    those from ``bins`` on bins of the frame before.
    """
    count = 0
    for k in range(bins):
        done[k] = 0.0
        if logs[k] <= least:
            turn(cos_before, sin_before, k, per_hop[k], cos, sin, k)
            done[k] = 1.0
        else:
            count = push(heap, count, bins + k, logs, logs_before, bins)
    while count > 0:
        top = int(heap[0])
        count = pop(heap, count, logs, logs_before, bins)
        if top >= bins:
            k = top - bins
            if done[k] == 0.0:
                advance = 0.5 * (np.float64(per_hop_before[k]) + np.float64(per_hop[k]))
                turn(cos_before, sin_before, k, advance, cos, sin, k)
                done[k] = 1.0
                count = push(heap, count, k, logs, logs_before, bins)
        else:
            if top + 1 < bins and done[top + 1] == 0.0:
                step = 0.5 * (np.float64(per_bin[top]) + np.float64(per_bin[top + 1]))
                turn(cos, sin, top, step, cos, sin, top + 1)
                done[top + 1] = 1.0
                count = push(heap, count, top + 1, logs, logs_before, bins)
            if top > 0 and done[top - 1] == 0.0:
                step = -0.5 * (np.float64(per_bin[top]) + np.float64(per_bin[top - 1]))
                turn(cos, sin, top, step, cos, sin, top - 1)
                done[top - 1] = 1.0
                count = push(heap, count, top - 1, logs, logs_before, bins)


def turn(cos_from, sin_from, source, turns, cos, sin, target):  # type: ignore[no-untyped-def]
    """A unit vector turned by so many turns."""
    c, s = cos_turn(np.float64(turns)), sin_turn(np.float64(turns))
    re, im = np.float64(cos_from[source]), np.float64(sin_from[source])
    cos[target] = re * c - im * s
    sin[target] = re * s + im * c


def loudness(entry, logs, logs_before, bins):  # type: ignore[no-untyped-def]
    return logs_before[entry - bins] if entry >= bins else logs[entry]


def push(heap, count, entry, logs, logs_before, bins):  # type: ignore[no-untyped-def]
    """Put an entry into the heap, loudest first; returns the new count."""
    key = loudness(entry, logs, logs_before, bins)
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if loudness(int(heap[above]), logs, logs_before, bins) >= key:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = entry
    return count + 1


def pop(heap, count, logs, logs_before, bins):  # type: ignore[no-untyped-def]
    """Take the loudest entry off the heap; returns the new count."""
    last = int(heap[count - 1])
    count -= 1
    key = loudness(last, logs, logs_before, bins)
    at = 0
    while 2 * at + 1 < count:
        below = 2 * at + 1
        if below + 1 < count and loudness(int(heap[below + 1]), logs, logs_before, bins) > loudness(
            int(heap[below]), logs, logs_before, bins
        ):
            below += 1
        if loudness(int(heap[below]), logs, logs_before, bins) <= key:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = last
    return count
