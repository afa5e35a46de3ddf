"""Real-time iterative spectrogram inversion with look-ahead, as native functions on frames.

A buffer holds the ``k + 1`` youngest frames. When one comes in, all of them are iterated ``p`` times: overlap-add
what is there, transform each frame again, keep the phase, put the target magnitude back. Then the oldest frame
is final. Zhu, Beauregard & Wyse, Real-time signal estimation from modified short-time Fourier transform
magnitude spectra (IEEE Trans. ASLP, 2007). What has been learned since is optional: overlap normalised by the
windows that are really there (Gnann & Spiertz 2009), momentum on the frames' spectra (as in fast Griffin–Lim,
Perraudin et al. 2013), and a first phase by the phase gradient (``pghi``).

Arrays are float32 pointers: ``targets``, ``estimates``, ``before_re``, ``before_im`` hold k + 1 frames one after the
other, oldest first; ``settled`` and ``signal`` span ``size + k hop`` samples from the start of the oldest frame.
"""

from __future__ import annotations

import numpy as np

from .transform import irfft, rfft
from .windows import overlap, window

_TINY = np.float32(1e-30)


def shift_frames(frames, length, count):  # type: ignore[no-untyped-def]
    """Move all frames one place towards the oldest."""
    for n in range(length * (count - 1)):
        frames[n] = frames[n + length]


def assemble(estimates, settled, weights, level, signal, size, hop, count):  # type: ignore[no-untyped-def]
    """``signal = (settled + Σ_j estimate_j[n - j hop] w[n - j hop]) · level``."""
    for n in range(size + (count - 1) * hop):
        signal[n] = settled[n]
    for j in range(count):
        at, frame = j * hop, j * size
        for n in range(size):
            signal[at + n] = signal[at + n] + estimates[frame + n] * weights[n]
    for n in range(size + (count - 1) * hop):
        signal[n] = signal[n] * level[n]


def impose(re, im, targets, at, bins):  # type: ignore[no-untyped-def]
    """Give a spectrum the target magnitudes; a bin without phase gets phase 0."""
    for k in range(bins):
        power = re[k] * re[k] + im[k] * im[k]
        gain = targets[at + k] / np.sqrt(max(power, _TINY))
        bare = power < _TINY
        re[k] = targets[at + k] if bare else re[k] * gain
        im[k] = np.float32(0.0) if bare else im[k] * gain


def extrapolate(re, im, before_re, before_im, at, bins, momentum):  # type: ignore[no-untyped-def]
    """``C + momentum (C - C_before)``, and remember C."""
    for k in range(bins):
        now_re, now_im = re[k], im[k]
        re[k] = now_re + momentum * (now_re - before_re[at + k])
        im[k] = now_im + momentum * (now_im - before_im[at + k])
        before_re[at + k], before_im[at + k] = now_re, now_im


def remember(re, im, before_re, before_im, at, bins):  # type: ignore[no-untyped-def]
    for k in range(bins):
        before_re[at + k], before_im[at + k] = re[k], im[k]


def weigh(signal, at, weights, framed, size):  # type: ignore[no-untyped-def]
    for n in range(size):
        framed[n] = signal[at + n] * weights[n]


def settle(estimates, settled, weights, level, out, size, hop, count):  # type: ignore[no-untyped-def]
    """Make the oldest frame final: ``out`` gets its ``hop`` finished samples, everything moves on by a hop."""
    span = size + (count - 1) * hop
    for n in range(size):
        settled[n] = settled[n] + estimates[n] * weights[n]
    for n in range(min(hop, span)):
        out[n] = settled[n] * level[n]
    for n in range(span, hop):
        out[n] = 0.0
    for n in range(span - hop):
        settled[n] = settled[n + hop]
    for n in range(max(span - hop, 0), span):
        settled[n] = 0.0


# -- tables: functions of settings (size, hop, window, look_ahead) -------------------------------------------


def span_length(settings, sr):  # type: ignore[no-untyped-def]
    """Samples from the start of the oldest to the end of the youngest frame."""
    return settings["size"] + settings["look_ahead"] * settings["hop"]


def frames_of(what):  # type: ignore[no-untyped-def]
    """Length rule: k + 1 frames of ``size`` samples or ``bins`` bins."""
    return lambda settings, sr: (settings["look_ahead"] + 1) * settings[what]


def full_level(settings, sr):  # type: ignore[no-untyped-def]
    """``1 / Σ_m w²[n - m hop]`` over all frames there will ever be."""
    size, hop = settings["size"], settings["hop"]
    weights = window(settings["window"], size)
    sums = overlap(weights**2, hop)
    return _inverse(sums[np.arange(span_length(settings, sr)) % hop], weights)


def present_level(settings, sr):  # type: ignore[no-untyped-def]
    """``1 / Σ_m w²[n - m hop]`` over the frames that have come in: the youngest ends the sum."""
    size, hop, ahead = settings["size"], settings["hop"], settings["look_ahead"]
    weights = window(settings["window"], size)
    sums = np.zeros(span_length(settings, sr))
    for m in range(ahead, -(-(-size // hop)) - 1, -1):
        start = m * hop
        first, last = max(start, 0), start + size
        if last > 0:
            sums[first:last] += (weights**2)[first - start :]
    return _inverse(sums, weights)


def newest_window(settings, first):  # type: ignore[no-untyped-def]
    """The asymmetric window of Zhu et al. for the youngest frame: the overlap's shape, turned round in time."""
    size, hop = settings["size"], settings["hop"]
    weights = window(settings["window"], size)
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
    """1 / sums, held where hardly any window reaches."""
    return 1.0 / np.maximum(sums, 1e-2 * (weights**2).max())


def iterate(  # type: ignore[no-untyped-def]
    fft, targets, estimates, settled, signal, framed, re, im, weights, level, first_newest, later_newest, size, hop,
    bins, count, iterations,
):
    """The faithful iteration: joint updates, newest frame first, asymmetric window for the newest."""
    for i in range(iterations):
        assemble(estimates, settled, weights, level, signal, size, hop, count)
        for j in range(count - 1, -1, -1):
            if j == count - 1 and i == 0:
                weigh(signal, j * hop, first_newest, framed, size)
            elif j == count - 1:
                weigh(signal, j * hop, later_newest, framed, size)
            else:
                weigh(signal, j * hop, weights, framed, size)
            rfft(fft, framed, re, im)
            impose(re, im, targets, j * bins, bins)
            store_estimate(fft, re, im, framed, estimates, j * size, size)


SEQ = 1


def ORDER(r, count):
    return r


def iterate_with_momentum(  # type: ignore[no-untyped-def]
    fft, targets, estimates, settled, signal, framed, re, im, before_re, before_im, weights, level, size, hop, bins,
    count, iterations, momentum,
):
    """The improved iteration: momentum on each frame's spectrum, overlap normalised by what is there."""
    for i in range(iterations):
        for r in range(count):
            j = ORDER(r, count)
            if r == 0 or SEQ:
                assemble(estimates, settled, weights, level, signal, size, hop, count)
            weigh(signal, j * hop, weights, framed, size)
            rfft(fft, framed, re, im)
            if j == count - 1 and i == 0:
                remember(re, im, before_re, before_im, j * bins, bins)
            else:
                extrapolate(re, im, before_re, before_im, j * bins, bins, momentum)
            impose(re, im, targets, j * bins, bins)
            store_estimate(fft, re, im, framed, estimates, j * size, size)


def store_estimate(fft, re, im, framed, estimates, at, size):  # type: ignore[no-untyped-def]
    irfft(fft, re, im, framed)
    for n in range(size):
        estimates[at + n] = framed[n]
