"""Real-time iterative spectrogram inversion with look-ahead, as native functions on frames.

A buffer holds the ``k + 1`` newest frames. For each new frame all of them are iterated ``p`` times: overlap-add
the estimates, transform each frame, keep the phase, restore the target magnitude. Then the oldest frame is
final. Zhu, Beauregard & Wyse, Real-time signal estimation from modified short-time Fourier transform magnitude
spectra (IEEE Trans. ASLP, 2007).

Arrays are float32 pointers: ``targets``, ``estimates``, ``before_re``, ``before_im`` hold k + 1 consecutive
frames, oldest first; ``final_sum`` and ``sums`` span ``size + k hop`` samples from the start of the oldest frame.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from .transform import irfft, rfft
from .windows import overlap, window

_TINY = np.float32(1e-30)
_HUGE = np.float32(1e12)  # the squares of larger magnitudes overflow single precision
# Minimum of the overlapped squared windows, relative to the peak of one.
_EPSILON = 0.02


def copy_magnitudes(magnitude, target, at, bins):  # type: ignore[no-untyped-def]
    """Copy magnitudes, clamped to 0…1e12."""
    for k in range(bins):
        target[at + k] = min(max(magnitude[k], np.float32(0.0)), _HUGE)


def shift_frames(frames, length, count):  # type: ignore[no-untyped-def]
    """Move all frames by one position towards the oldest."""
    for n in range(length * (count - 1)):
        frames[n] = frames[n + length]


def sum_overlap(estimates, final_sum, weights, trust, sums, size, hop, count):  # type: ignore[no-untyped-def]
    """Compute ``sums = final_sum + Σ_j trust_j estimate_j[n - j hop] w[n - j hop]``."""
    for n in range(size + (count - 1) * hop):
        sums[n] = final_sum[n]
    for j in range(count):
        at, frame, share = j * hop, j * size, trust[j]
        for n in range(size):
            sums[at + n] = sums[at + n] + share * estimates[frame + n] * weights[n]


def extract_frame(sums, level, at, weights, windowed_frame, size):  # type: ignore[no-untyped-def]
    """Extract a windowed frame of the signal from the sums."""
    for n in range(size):
        windowed_frame[n] = sums[at + n] * level[at + n] * weights[n]


def subtract_contribution(estimates, at, share, windowed_frame, size):  # type: ignore[no-untyped-def]
    """Subtract the contribution of a frame to the overlap from it."""
    for n in range(size):
        windowed_frame[n] = windowed_frame[n] - share * estimates[at + n]


def impose_magnitudes(re, im, targets, at, bins):  # type: ignore[no-untyped-def]
    """Set the magnitudes of a spectrum to the targets; a silent bin gets phase 0."""
    for k in range(bins):
        power = re[k] * re[k] + im[k] * im[k]
        gain = targets[at + k] / np.sqrt(max(power, _TINY))
        silent = power < _TINY
        re[k] = targets[at + k] if silent else re[k] * gain
        im[k] = np.float32(0.0) if silent else im[k] * gain


def extrapolate(re, im, before_re, before_im, at, bins, momentum):  # type: ignore[no-untyped-def]
    """Compute ``C + momentum (C - C_before)`` and store C as the next ``C_before``."""
    carried = np.float32(momentum)
    for k in range(bins):
        now_re, now_im = re[k], im[k]
        re[k] = now_re + carried * (now_re - before_re[at + k])
        im[k] = now_im + carried * (now_im - before_im[at + k])
        before_re[at + k], before_im[at + k] = now_re, now_im


def store(windowed_frame, estimates, at, size):  # type: ignore[no-untyped-def]
    for n in range(size):
        estimates[at + n] = windowed_frame[n]


def replace(windowed_frame, estimates, frame, sums, at, weights, share, size):  # type: ignore[no-untyped-def]
    """Replace the estimate of a frame and update the sums."""
    for n in range(size):
        sums[at + n] = sums[at + n] + share * (windowed_frame[n] - estimates[frame + n]) * weights[n]
        estimates[frame + n] = windowed_frame[n]


def iterate_jointly(  # type: ignore[no-untyped-def]
    fft,
    targets,
    estimates,
    final_sum,
    sums,
    windowed_frame,
    re,
    im,
    weights,
    trust,
    level,
    first_newest,
    later_newest,
    size,
    hop,
    bins,
    count,
    iterations,
):
    """Iterate as Zhu, Beauregard & Wyse: all frames from the same overlap, the newest with an asymmetric window."""
    for i in range(iterations):
        sum_overlap(estimates, final_sum, weights, trust, sums, size, hop, count)
        for j in range(count):
            if j < count - 1:
                extract_frame(sums, level, j * hop, weights, windowed_frame, size)
            elif i == 0:
                extract_frame(sums, level, j * hop, first_newest, windowed_frame, size)
            else:
                extract_frame(sums, level, j * hop, later_newest, windowed_frame, size)
            rfft(fft, windowed_frame, re, im)
            impose_magnitudes(re, im, targets, j * bins, bins)
            irfft(fft, re, im, windowed_frame)
            store(windowed_frame, estimates, j * size, size)


def iterate_sequentially(  # type: ignore[no-untyped-def]
    fft,
    targets,
    estimates,
    final_sum,
    sums,
    windowed_frame,
    re,
    im,
    weights,
    trust,
    level,
    first_newest,
    later_newest,
    size,
    hop,
    bins,
    count,
    iterations,
):
    """Iterate newest first, each frame from the latest overlap of the others, without its own contribution.

    Le Roux, Kameoka, Ono & Sagayama, Phase initialization schemes for faster spectrogram-consistency-based signal
    reconstruction (Proc. ASJ, 2010).
    """
    sum_overlap(estimates, final_sum, weights, trust, sums, size, hop, count)
    for i in range(iterations):
        for j in range(count - 1, -1, -1):
            if j < count - 1:
                extract_frame(sums, level, j * hop, weights, windowed_frame, size)
            elif i == 0:
                extract_frame(sums, level, j * hop, first_newest, windowed_frame, size)
            else:
                extract_frame(sums, level, j * hop, later_newest, windowed_frame, size)
            subtract_contribution(estimates, j * size, np.float32(hop / size), windowed_frame, size)
            rfft(fft, windowed_frame, re, im)
            impose_magnitudes(re, im, targets, j * bins, bins)
            irfft(fft, re, im, windowed_frame)
            replace(windowed_frame, estimates, j * size, sums, j * hop, weights, trust[j], size)


def iterate_with_momentum(  # type: ignore[no-untyped-def]
    fft,
    targets,
    estimates,
    before_re,
    before_im,
    final_sum,
    sums,
    windowed_frame,
    re,
    im,
    weights,
    trust,
    level,
    size,
    hop,
    bins,
    count,
    iterations,
    momentum,
):
    """Iterate newest first, each spectrum extrapolated by its last change.

    A new frame changes the problem for the old ones: in the first iteration their momentum belongs to the previous
    problem and is scaled down with their age. Sequentially updated frames amplify each other's momentum: the
    friction (1 - momentum) grows with the square root of their number; ``momentum`` is the value for 4 frames.
    """
    friction = (1.0 - min(max(momentum, 0.0), 1.0)) * np.sqrt(count) / 2.0
    kept = max(1.0 - friction, 0.0)
    sum_overlap(estimates, final_sum, weights, trust, sums, size, hop, count)
    for i in range(iterations):
        for j in range(count - 1, -1, -1):
            carried = kept * j / (count - 1) if i == 0 and count > 1 else kept
            extract_frame(sums, level, j * hop, weights, windowed_frame, size)
            rfft(fft, windowed_frame, re, im)
            extrapolate(re, im, before_re, before_im, j * bins, bins, carried)
            impose_magnitudes(re, im, targets, j * bins, bins)
            irfft(fft, re, im, windowed_frame)
            replace(windowed_frame, estimates, j * size, sums, j * hop, weights, trust[j], size)


def finalise_oldest_frame(estimates, final_sum, weights, level, out, size, hop, count):  # type: ignore[no-untyped-def]
    """Finalise the oldest frame: write its ``hop`` samples to ``out`` and shift the sum by one hop."""
    span = size + (count - 1) * hop
    for n in range(size):
        final_sum[n] = final_sum[n] + estimates[n] * weights[n]
    for n in range(min(hop, span)):
        out[n] = final_sum[n] * level[n]
    for n in range(span, hop):
        out[n] = 0.0
    for n in range(span - hop):
        final_sum[n] = final_sum[n + hop]
    for n in range(max(span - hop, 0), span):
        final_sum[n] = 0.0


# -- tables: functions of settings (size, hop, window, look_ahead) -------------------------------------------


def span_length(settings, sr):  # type: ignore[no-untyped-def]
    """Return the number of samples from the start of the oldest frame to the end of the newest."""
    return settings["size"] + settings["look_ahead"] * settings["hop"]


def frame_buffer_length(what):  # type: ignore[no-untyped-def]
    """Return a length rule: k + 1 frames of ``size`` samples or ``bins`` bins."""
    return lambda settings, sr: (settings["look_ahead"] + 1) * settings[what]


def full_overlap_gain(settings, sr):  # type: ignore[no-untyped-def]
    """Return the table of :func:`full_gain` for a named window."""
    return full_gain(window(settings["window"], settings["size"]), settings["hop"], settings["look_ahead"])


def full_gain(weights: np.ndarray, hop: int, look_ahead: int) -> np.ndarray:
    """Return ``1 / Σ_m w²[n - m hop]`` over all past and future frames: (size + look_ahead hop,)."""
    sums = overlap(weights**2, hop)
    return _inverse(sums[np.arange(len(weights) + look_ahead * hop) % hop], weights)


def equal_trust(settings, sr):  # type: ignore[no-untyped-def]
    return np.ones(settings["look_ahead"] + 1)


def falling_trust(settings, sr):  # type: ignore[no-untyped-def]
    """Return the table of :func:`trust_of`."""
    return trust_of(settings["look_ahead"])


def trust_of(look_ahead: int) -> np.ndarray:
    """Return the weight of each frame in the overlap: half a Hann window, 1 for the oldest, lowest for the newest."""
    count = look_ahead + 1
    return np.cos(0.5 * np.pi * np.arange(count) / count) ** 2


def trusted_overlap_gain(settings, sr):  # type: ignore[no-untyped-def]
    """Return the table of :func:`trusted_gain` for a named window."""
    return trusted_gain(window(settings["window"], settings["size"]), settings["hop"], settings["look_ahead"])


def trusted_gain(weights: np.ndarray, hop: int, look_ahead: int) -> np.ndarray:
    """Return ``1 / Σ_m trust_m w²[n - m hop]`` over all frames up to the newest: (size + look_ahead hop,)."""
    size, trust = len(weights), trust_of(look_ahead)
    sums = np.zeros(size + look_ahead * hop)
    for m in range(1 - ceil(size / hop), look_ahead + 1):
        start = m * hop
        first, last = max(start, 0), start + size
        sums[first:last] += (trust[m] if m >= 0 else 1.0) * (weights**2)[first - start :]
    return _inverse(sums, weights)


def newest_window(settings, first):  # type: ignore[no-untyped-def]
    """Return the table of :func:`newest_weights` for a named window."""
    return newest_weights(window(settings["window"], settings["size"]), settings["hop"], first)


def newest_weights(weights: np.ndarray, hop: int, first: bool) -> np.ndarray:
    """Return the asymmetric window of Zhu et al. for the newest frame: the shape of the overlap, reversed in time."""
    size = len(weights)
    power = weights**2 / overlap(weights**2, hop).mean()
    shape = np.zeros(size)
    for start in range(hop if first else 0, size, hop):
        shape[: size - start] += power[start:]
    return shape[::-1]


def first_newest_window(settings, sr):  # type: ignore[no-untyped-def]
    return newest_window(settings, True)


def later_newest_window(settings, sr):  # type: ignore[no-untyped-def]
    return newest_window(settings, False)


def _inverse(sums, weights):  # type: ignore[no-untyped-def]
    """Return 1 / sums, with the sums clamped from below."""
    return 1.0 / np.maximum(sums, _EPSILON * (weights**2).max())
